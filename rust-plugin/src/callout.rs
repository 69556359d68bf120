//! callout.rs: the key `callout`, a service that is asked before a request goes on. Twin: callout.go.

use crate::fault::{Fault, NOT_ON_ERROR, NOT_TO_BE_SET, fault_at};
use crate::headers::same_name;
use crate::pairs::read_pairs;
use crate::place::Place;
use crate::service::{Reply, Service, ServiceKeys};
use crate::value::{JsonValue, read_headers, read_legal, read_name_to_set, read_object};
use crate::verdict::{Refusal, Verdict};

/// Envoy drops all pairs of a call when there are more than 1024, or 1 MiB of them; the call then fails, and on_error
/// may allow the request. The bytes are twice what Envoy lets pass by default; half a megabyte takes the slowest build
/// more than two milliseconds.
const FORWARDED_PAIRS_MAX: usize = 1000;
const FORWARDED_BYTES_MAX: usize = 131072; // of names and values

pub struct Callout {
    pub service: Service,
    forward: Vec<String>, // lower case
    pub allow_on_error: bool,
}

pub fn read_callout(at: &Place, v: JsonValue) -> Result<Callout, Fault> {
    let mut keys = ServiceKeys::default();
    let (mut forward, mut allow_on_error) = (Vec::new(), false);
    read_object(at, v, |at, key, v| {
        match key {
            "forward" => forward = read_forward(at, v)?,
            "on_error" => allow_on_error = read_legal(at, v, is_on_error, NOT_ON_ERROR)? == "allow",
            _ => keys.read_member(at, key, v)?,
        }
        Ok(())
    })?;
    Ok(Callout { service: keys.complete(at)?, forward, allow_on_error })
}

/// Reads the names of headers whose values a client chooses. With content-type it could make Envoy take the call for
/// gRPC; with the headers of Envoy itself it could choose how long Envoy waits for the answer, and how often it asks.
fn read_forward(at: &Place, v: JsonValue) -> Result<Vec<String>, Fault> {
    let mut names = Vec::new();
    for (i, item) in read_headers(at, v)?.into_iter().enumerate() {
        let name = read_name_to_set(&at.item(i), item)?;
        if name == "content-type" || name.starts_with("x-envoy-") {
            return Err(fault_at(&at.item(i), NOT_TO_BE_SET));
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
    pub fn forwarded<'a>(&'a self, buffer: &'a [u8]) -> Result<Vec<(&'a str, &'a [u8])>, Refusal> {
        let mut headers = Vec::new();
        let mut size = 0;
        for name in &self.forward {
            for (_, value) in read_pairs(buffer).flatten().filter(|(n, _)| same_name(n, name)) {
                size += name.len() + value.len();
                if headers.len() == FORWARDED_PAIRS_MAX || size > FORWARDED_BYTES_MAX {
                    return Err(Refusal::Malformed);
                }
                headers.push((name.as_str(), value));
            }
        }
        Ok(headers)
    }
}

/// Says what an answer means for the request that waits for it.
pub fn judge(reply: &Reply) -> Verdict {
    match reply {
        Reply::NoAnswer => Err(Refusal::Unanswered),
        Reply::Answer { status, .. } if status == "200" => Ok(()),
        _ => Err(Refusal::Callout),
    }
}
