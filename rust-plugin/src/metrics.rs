// metrics.rs: the key `metrics`, four counters. Twin: metrics.go.

use crate::abi;

/// The host's numbers of the counters: 0 for one that is not there, as all are when they are off.
#[derive(Clone, Copy, Default)]
pub struct Metrics {
    pub allowed: u32,
    pub denied: u32,
    pub rate_limited: u32,
    pub callout_errors: u32,
}

impl Metrics {
    pub fn define() -> Self {
        Metrics {
            allowed: abi::define_counter("header_auth.allowed"),
            denied: abi::define_counter("header_auth.denied"),
            rate_limited: abi::define_counter("header_auth.rate_limited"),
            callout_errors: abi::define_counter("header_auth.callout_errors"),
        }
    }
}

/// Does nothing for counters that are off, or that the host did not define.
pub fn count(counter: u32) {
    if counter != 0 {
        abi::increment_counter(counter);
    }
}
