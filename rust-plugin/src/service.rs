// service.rs: another service that is asked, what the keys `token` and `callout` have in common. Twin: service.go.

use crate::abi;
use crate::auth::{Verdict, find_one};
use crate::fault::{Fault, NOT_AUTHORITY, NOT_CLUSTER, NOT_PATH, REQUIRED, UNKNOWN_KEY, fault_at, member};
use crate::headers::{has_control, is_value, is_well_formed, read_pairs, same_name};
use crate::value::{Value, read_integer, read_legal};

pub struct Service {
    cluster: String,
    authority: String,
    path: String,
    timeout: u32, // milliseconds
}

impl Service {
    pub fn new() -> Self {
        Service { cluster: String::new(), authority: String::new(), path: String::new(), timeout: 5000 }
    }

    /// Reads one of the common keys.
    pub fn read_member(&mut self, path: &str, key: &str, v: Value) -> Result<(), Fault> {
        match key {
            "cluster" => self.cluster = read_legal(path, v, is_cluster, NOT_CLUSTER)?,
            "authority" => self.authority = read_legal(path, v, is_authority, NOT_AUTHORITY)?,
            "path" => self.path = read_legal(path, v, is_path, NOT_PATH)?,
            "timeout_ms" => self.timeout = read_integer(path, v, 1, 3_600_000)? as u32,
            _ => return Err(fault_at(path, UNKNOWN_KEY)),
        }
        Ok(())
    }

    /// Says which key is missing: none of them may be empty.
    pub fn complete(&self, path: &str) -> Result<(), Fault> {
        for (key, text) in [("cluster", &self.cluster), ("authority", &self.authority), ("path", &self.path)] {
            if text.is_empty() {
                return Err(fault_at(&member(path, key), REQUIRED));
            }
        }
        Ok(())
    }

    /// Sends a GET. The reply comes later, to the context that asked, or never when this fails.
    pub fn ask(&self, forward: &[(&str, &[u8])]) -> bool {
        let mut headers: Vec<(&str, &[u8])> =
            vec![(":method", b"GET"), (":path", self.path.as_bytes()), (":authority", self.authority.as_bytes())];
        headers.extend_from_slice(forward);
        abi::http_call(&self.cluster, &headers, self.timeout)
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

/// What came back.
pub enum Reply {
    None,
    Unreadable,
    Answer { status: String, pairs: Vec<u8> },
}

/// Holds a status 503 or 504 for no answer: so Envoy says that it could not connect, or has waited too long; and 502
/// when Envoy made it, for a service that did not speak HTTP. To a call that looks like gRPC, Envoy says all of these
/// with a status of 200 and a gRPC status.
pub fn read_reply(headers: usize, trailers: usize) -> Reply {
    if headers == 0 {
        return Reply::None;
    }
    let Some(pairs) = abi::reply_headers().filter(|pairs| is_well_formed(pairs)) else {
        return Reply::Unreadable;
    };
    if trailers > 0 {
        let Some(after) = abi::reply_trailers().filter(|after| is_well_formed(after)) else {
            return Reply::Unreadable;
        };
        if has_grpc_error(&after) {
            return Reply::None;
        }
    }
    match find_one(&pairs, ":status") {
        Ok(b"503" | b"504") => Reply::None,
        Ok(b"502") if is_made_by_envoy(&pairs) => Reply::None,
        _ if has_grpc_error(&pairs) => Reply::None,
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
        && find_one(buffer, "x-envoy-upstream-service-time") == Err(Verdict::Missing)
}

/// Whether there is a gRPC status other than 0, which is OK.
fn has_grpc_error(buffer: &[u8]) -> bool {
    read_pairs(buffer).flatten().any(|(name, value)| same_name(name, "grpc-status") && value != b"0")
}

fn is_status(s: &[u8]) -> bool {
    s.len() == 3 && s.iter().all(u8::is_ascii_digit)
}
