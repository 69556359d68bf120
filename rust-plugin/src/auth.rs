// auth.rs: the decision. Twin: auth.go.

use crate::config::Config;
use crate::headers::{read_pairs, same_name};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    Allowed,
    Missing,
    Repeated,
    Mismatch,
    Malformed,
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
        }
    }
}

/// Allows a request whose header occurs exactly once, with one of the values byte for byte. Every pair is looked at
/// before anything is said: the second of two is what a server behind the proxy may act upon.
pub fn decide(c: &Config, buffer: &[u8]) -> Verdict {
    let (mut count, mut value) = (0, &[][..]);
    for pair in read_pairs(buffer) {
        let Ok((name, v)) = pair else {
            return Verdict::Malformed;
        };
        if same_name(name, &c.header) {
            count += 1;
            value = v;
        }
    }
    match count {
        0 => Verdict::Missing,
        1 if c.values.iter().any(|accepted| value == accepted.as_bytes()) => Verdict::Allowed,
        1 => Verdict::Mismatch,
        _ => Verdict::Repeated,
    }
}
