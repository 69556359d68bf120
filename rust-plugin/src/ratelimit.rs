// ratelimit.rs: the key `rate_limit`, a bucket of tokens for each plugin context. Twin: ratelimit.go.

use std::cell::Cell;

use crate::deny::{Deny, read_deny};
use crate::fault::{Fault, REQUIRED, UNKNOWN_KEY, fault_at, member};
use crate::value::{Value, read_integer, read_object};

pub struct RateLimit {
    tokens: i64,
    refill_time: u64, // nanoseconds
    pub deny: Deny,

    left: Cell<i64>,
    filled: Cell<u64>, // when: nanoseconds of the host's clock
}

pub fn read_rate_limit(path: &str, v: Value) -> Result<RateLimit, Fault> {
    let mut r = RateLimit {
        tokens: 0,
        refill_time: 0,
        deny: Deny::new(403, "rate limited, wait and retry.", "powered-by", "header-auth"),
        left: Cell::default(),
        filled: Cell::default(),
    };
    read_object(path, v, |path, key, v| {
        match key {
            "tokens" => r.tokens = read_integer(path, v, 1, 1_000_000)?,
            "refill_ms" => r.refill_time = read_integer(path, v, 1, 86_400_000)? as u64 * 1_000_000,
            "deny" => read_deny(path, v, &mut r.deny)?,
            _ => return Err(fault_at(path, UNKNOWN_KEY)),
        }
        Ok(())
    })?;
    if r.tokens == 0 {
        return Err(fault_at(&member(path, "tokens"), REQUIRED));
    }
    if r.refill_time == 0 {
        return Err(fault_at(&member(path, "refill_ms"), REQUIRED));
    }
    r.deny.encode();
    Ok(r)
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
