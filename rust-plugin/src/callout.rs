// callout.rs: the key `callout`, a service that is asked before a request goes on. Twin: callout.go.

use crate::auth::Verdict;
use crate::fault::{Fault, NOT_ON_ERROR, NOT_TO_BE_SET, fault_at, index};
use crate::headers::{read_pairs, same_name};
use crate::service::{Reply, Service};
use crate::value::{Value, read_headers, read_legal, read_name_to_set, read_object};

/// Envoy drops a call's pairs when there are more than 1024 of them, or 1 MiB: the call then fails, which on_error may
/// allow. Half a megabyte takes the slowest build more than two milliseconds; twice what Envoy lets pass by default does
/// not.
const FORWARDED_PAIRS_MAX: usize = 1000;
const FORWARDED_BYTES_MAX: usize = 131072; // of names and values

pub struct Callout {
    pub service: Service,
    forward: Vec<String>, // lower case
    pub allow_on_error: bool,
}

pub fn read_callout(path: &str, v: Value) -> Result<Callout, Fault> {
    let mut c = Callout { service: Service::new(), forward: Vec::new(), allow_on_error: false };
    read_object(path, v, |path, key, v| {
        match key {
            "forward" => c.forward = read_forward(path, v)?,
            "on_error" => c.allow_on_error = read_legal(path, v, is_on_error, NOT_ON_ERROR)? == "allow",
            _ => c.service.read_member(path, key, v)?,
        }
        Ok(())
    })?;
    c.service.complete(path)?;
    Ok(c)
}

/// Reads the names of headers whose values a client chooses. By content-type it would choose that Envoy takes the call
/// for gRPC, by those of Envoy itself how long Envoy waits for the answer, and how often it asks.
fn read_forward(path: &str, v: Value) -> Result<Vec<String>, Fault> {
    let mut names = Vec::new();
    for (i, item) in read_headers(path, v)?.into_iter().enumerate() {
        let name = read_name_to_set(&index(path, i), item)?;
        if name == "content-type" || name.starts_with("x-envoy-") {
            return Err(fault_at(&index(path, i), NOT_TO_BE_SET));
        }
        names.push(name);
    }
    Ok(names)
}

fn is_on_error(s: &str) -> bool {
    s == "deny" || s == "allow"
}

impl Callout {
    /// Gives, name by name, all the request's headers that the service is to see, unless they are too many.
    pub fn forwarded<'a>(&'a self, buffer: &'a [u8]) -> Option<Vec<(&'a str, &'a [u8])>> {
        let mut headers = Vec::new();
        let mut size = 0;
        for name in &self.forward {
            for (_, value) in read_pairs(buffer).flatten().filter(|(n, _)| same_name(n, name)) {
                size += name.len() + value.len();
                if headers.len() == FORWARDED_PAIRS_MAX || size > FORWARDED_BYTES_MAX {
                    return None;
                }
                headers.push((name.as_str(), value));
            }
        }
        Some(headers)
    }
}

/// Says what an answer means for the request that waits for it.
pub fn judge(reply: &Reply) -> Verdict {
    match reply {
        Reply::None => Verdict::Unanswered,
        Reply::Answer { status, .. } if status == "200" => Verdict::Allowed,
        _ => Verdict::CalloutRefused,
    }
}
