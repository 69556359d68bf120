// callout.rs: the key `callout`, a service that is asked before a request goes on. Twin: callout.go.

use crate::auth::Verdict;
use crate::fault::{Fault, NOT_ON_ERROR};
use crate::headers::{read_pairs, same_name};
use crate::service::{Reply, Service};
use crate::value::{Value, read_legal, read_names_to_set, read_object};

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
            "forward" => c.forward = read_names_to_set(path, v)?,
            "on_error" => c.allow_on_error = read_legal(path, v, is_on_error, NOT_ON_ERROR)? == "allow",
            _ => c.service.read_member(path, key, v)?,
        }
        Ok(())
    })?;
    c.service.complete(path)?;
    Ok(c)
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
