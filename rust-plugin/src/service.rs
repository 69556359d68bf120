//! service.rs: another service that is asked, what the keys `token` and `callout` have in common. Twin: service.go.

use crate::abi;
use crate::fault::{Fault, NOT_AUTHORITY, NOT_CLUSTER, NOT_PATH, UNKNOWN_KEY, fault_at, required};
use crate::headers::{has_control, is_value, same_name};
use crate::pairs::{find_one, is_well_formed, read_pairs};
use crate::place::Place;
use crate::value::{JsonValue, read_integer, read_legal};
use crate::verdict::Refusal;

pub struct Service {
    cluster: String,
    authority: String,
    path: String,
    timeout: u32, // milliseconds
}

/// The common keys, as far as they are given.
#[derive(Default)]
pub struct ServiceKeys {
    cluster: Option<String>,
    authority: Option<String>,
    path: Option<String>,
    timeout: Option<u32>,
}

impl ServiceKeys {
    /// Reads one of them.
    pub fn read_member(&mut self, at: &Place, key: &str, v: JsonValue) -> Result<(), Fault> {
        match key {
            "cluster" => self.cluster = Some(read_legal(at, v, is_cluster, NOT_CLUSTER)?),
            "authority" => self.authority = Some(read_legal(at, v, is_authority, NOT_AUTHORITY)?),
            "path" => self.path = Some(read_legal(at, v, is_path, NOT_PATH)?),
            "timeout_ms" => self.timeout = Some(read_integer(at, v, 1..=3_600_000)?),
            _ => return Err(fault_at(at, UNKNOWN_KEY)),
        }
        Ok(())
    }

    /// Gives the service, unless a key is missing.
    pub fn complete(self, at: &Place) -> Result<Service, Fault> {
        Ok(Service {
            cluster: self.cluster.ok_or_else(|| required(at, "cluster"))?,
            authority: self.authority.ok_or_else(|| required(at, "authority"))?,
            path: self.path.ok_or_else(|| required(at, "path"))?,
            timeout: self.timeout.unwrap_or(5000),
        })
    }
}

fn is_cluster(s: &str) -> bool {
    !s.is_empty()
}

fn is_authority(s: &str) -> bool {
    !s.is_empty() && is_value(s.as_bytes())
}

fn is_path(s: &str) -> bool {
    s.starts_with('/') && !s.contains(' ') && !has_control(s)
}

impl Service {
    /// Sends a GET. The reply comes later, to the context that asked, or never when this fails.
    pub fn ask(&self, forward: &[(&str, &[u8])]) -> bool {
        let own: [(&str, &[u8]); 3] =
            [(":method", b"GET"), (":path", self.path.as_bytes()), (":authority", self.authority.as_bytes())];
        abi::http_call(&self.cluster, [&own, forward].concat(), self.timeout)
    }
}

/// What came back.
pub enum Reply {
    NoAnswer,
    Unreadable,
    Answer { status: String, pairs: Vec<u8> },
}

/// Takes some statuses for no answer, because Envoy makes them: 503 when it could not connect, 504 when it has waited
/// too long, 502 when the service did not speak HTTP. A service may answer 502 too, so that one is looked at more
/// closely. To a call that looks like gRPC, Envoy says all of these with status 200 and a gRPC status.
pub fn read_reply(headers: usize, trailers: usize) -> Reply {
    if headers == 0 {
        return Reply::NoAnswer;
    }
    let Some(pairs) = abi::reply_headers().filter(|pairs| is_well_formed(pairs)) else {
        return Reply::Unreadable;
    };
    if trailers > 0 {
        let Some(after) = abi::reply_trailers().filter(|after| is_well_formed(after)) else {
            return Reply::Unreadable;
        };
        if has_grpc_error(&after) {
            return Reply::NoAnswer;
        }
    }
    match find_one(&pairs, ":status") {
        Ok(b"503" | b"504") => Reply::NoAnswer,
        Ok(b"502") if is_made_by_envoy(&pairs) => Reply::NoAnswer,
        _ if has_grpc_error(&pairs) => Reply::NoAnswer,
        Ok(status) if is_status(status) => {
            let status = String::from_utf8_lossy(status).into_owned();
            Reply::Answer { status, pairs }
        }
        _ => Reply::Unreadable,
    }
}

/// Whether an answer is one that Envoy makes: a text, without the time that Envoy notes on every answer of a service.
fn is_made_by_envoy(buffer: &[u8]) -> bool {
    find_one(buffer, "content-type") == Ok(b"text/plain")
        && find_one(buffer, "x-envoy-upstream-service-time") == Err(Refusal::Missing)
}

/// Whether there is a gRPC status other than 0, which is OK.
fn has_grpc_error(buffer: &[u8]) -> bool {
    read_pairs(buffer).flatten().any(|(name, value)| same_name(name, "grpc-status") && value != b"0")
}

fn is_status(s: &[u8]) -> bool {
    s.len() == 3 && s.iter().all(u8::is_ascii_digit)
}
