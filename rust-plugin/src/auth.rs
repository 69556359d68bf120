// auth.rs: the decision. Twin: auth.go.

use crate::basic::CREDENTIALS_HEADER;
use crate::config::Config;
use crate::headers::{read_pairs, same_name};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    Allowed,
    Missing,
    Repeated,
    Mismatch,
    Malformed,
    RateLimited,
    CalloutRefused,
    Unanswered,
}

impl Verdict {
    /// What a refusal logs: the verdict, and nothing of what the client sent.
    pub fn line(self) -> &'static str {
        match self {
            Verdict::Allowed => "",
            Verdict::Missing => "refused: missing",
            Verdict::Repeated => "refused: repeated",
            Verdict::Mismatch => "refused: mismatch",
            Verdict::Malformed => "refused: malformed",
            Verdict::RateLimited => "refused: rate limited",
            Verdict::CalloutRefused => "refused: callout",
            Verdict::Unanswered => "refused: callout unanswered",
        }
    }
}

/// Allows a request whose header occurs exactly once, with one of the values byte for byte.
pub fn decide(c: &Config, buffer: &[u8]) -> Verdict {
    if let Some(basic) = &c.basic {
        return match find_one(buffer, CREDENTIALS_HEADER) {
            Ok(authorization) => basic.check(authorization),
            Err(verdict) => verdict,
        };
    }
    match find_one(buffer, &c.header) {
        Ok(value) if c.values.iter().any(|accepted| value == accepted.as_bytes()) => Verdict::Allowed,
        Ok(_) => Verdict::Mismatch,
        Err(verdict) => verdict,
    }
}

/// Gives the value of a header that occurs exactly once. Every pair is looked at before anything is said: the second
/// of two is what a server behind the proxy may act upon.
pub fn find_one<'a>(buffer: &'a [u8], name: &str) -> Result<&'a [u8], Verdict> {
    let (mut count, mut value) = (0, &[][..]);
    for pair in read_pairs(buffer) {
        let Ok((n, v)) = pair else {
            return Err(Verdict::Malformed);
        };
        if same_name(n, name) {
            count += 1;
            value = v;
        }
    }
    match count {
        0 => Err(Verdict::Missing),
        1 => Ok(value),
        _ => Err(Verdict::Repeated),
    }
}
