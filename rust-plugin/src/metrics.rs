//! metrics.rs: the key `metrics`, four counters. Twin: metrics.go.

use std::num::NonZeroU32;

use crate::abi;

/// The host's number of a counter. There is none when counters are off, or when the host did not define it.
#[derive(Clone, Copy, Default)]
pub struct Counter(Option<NonZeroU32>);

#[derive(Clone, Copy, Default)]
pub struct Metrics {
    pub allowed: Counter,
    pub denied: Counter,
    pub rate_limited: Counter,
    pub callout_errors: Counter,
}

impl Metrics {
    pub fn define() -> Self {
        Metrics {
            allowed: Counter(abi::define_counter("header_auth.allowed")),
            denied: Counter(abi::define_counter("header_auth.denied")),
            rate_limited: Counter(abi::define_counter("header_auth.rate_limited")),
            callout_errors: Counter(abi::define_counter("header_auth.callout_errors")),
        }
    }
}

impl Counter {
    /// Counts one, if there is a counter.
    pub fn count(self) {
        if let Some(id) = self.0 {
            abi::increment_counter(id);
        }
    }
}
