//! ratelimit.rs: the key `rate_limit`, a bucket of tokens for each plugin context. Twin: ratelimit.go.

use std::cell::Cell;

use crate::deny::{Deny, read_deny};
use crate::fault::{Fault, UNKNOWN_KEY, fault_at, required};
use crate::place::Place;
use crate::value::{JsonValue, read_integer, read_object};

pub struct RateLimit {
    tokens: u32,
    refill_time: u64, // nanoseconds
    pub deny: Deny,

    left: Cell<u32>,
    filled: Cell<u64>, // when: nanoseconds of the host's clock
}

pub fn read_rate_limit(at: &Place, v: JsonValue) -> Result<RateLimit, Fault> {
    let (mut tokens, mut refill_ms) = (None, None);
    let mut deny = Deny::new("rate limited, wait and retry.", "powered-by", "header-auth");
    read_object(at, v, |at, key, v| {
        match key {
            "tokens" => tokens = Some(read_integer(at, v, 1..=1_000_000)?),
            "refill_ms" => refill_ms = Some(read_integer(at, v, 1..=86_400_000)?),
            "deny" => read_deny(at, v, &mut deny)?,
            _ => return Err(fault_at(at, UNKNOWN_KEY)),
        }
        Ok(())
    })?;
    let tokens = tokens.ok_or_else(|| required(at, "tokens"))?;
    let refill_ms = refill_ms.ok_or_else(|| required(at, "refill_ms"))?;
    deny.encode();
    let refill_time = u64::from(refill_ms) * 1_000_000;
    Ok(RateLimit { tokens, refill_time, deny, left: Cell::default(), filled: Cell::default() })
}

impl RateLimit {
    pub fn fill(&self, now: u64) {
        self.left.set(self.tokens);
        self.filled.set(now);
    }

    /// Takes a token, if there is one. A clock that goes backwards fills nothing.
    pub fn take(&self, now: u64) -> bool {
        if now.saturating_sub(self.filled.get()) > self.refill_time {
            self.fill(now);
        }
        if self.left.get() == 0 {
            return false;
        }
        self.left.set(self.left.get() - 1);
        true
    }
}
