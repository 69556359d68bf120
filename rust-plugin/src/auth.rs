//! auth.rs: the decision. Twin: auth.go.

use crate::basic::CREDENTIALS_HEADER;
use crate::config::Config;
use crate::pairs::find_one;
use crate::verdict::{Refusal, Verdict};

/// Allows a request whose header occurs exactly once, with one of the values byte for byte.
pub fn decide(c: &Config, buffer: &[u8]) -> Verdict {
    if let Some(basic) = &c.basic {
        return basic.check(find_one(buffer, CREDENTIALS_HEADER)?);
    }
    let value = find_one(buffer, &c.header)?;
    if c.values.iter().any(|accepted| value == accepted.as_bytes()) { Ok(()) } else { Err(Refusal::Mismatch) }
}
