//! response.rs: what is put on a request that goes on, and on every response, the plugin's own refusals included.
//! Twin: response.go.

use crate::abi;
use crate::config::Config;
use crate::verdict::{Refusal, Verdict};

/// A request goes on only with all that is to be put on it.
pub fn change_request(c: &Config) -> Verdict {
    for p in &c.request_headers {
        if !abi::replace_header(abi::MAP_REQUEST_HEADERS, &p.name, p.value.as_bytes()) {
            return Err(Refusal::Malformed);
        }
    }
    Ok(())
}

/// Leaves out what the host does not take: the response goes on all the same.
pub fn change_response(c: &Config) {
    for p in &c.response_headers {
        abi::add_header(abi::MAP_RESPONSE_HEADERS, &p.name, p.value.as_bytes());
    }
    if let Some(p) = &c.config_header {
        abi::replace_header(abi::MAP_RESPONSE_HEADERS, &p.name, p.value.as_bytes());
    }
    if let Some(token) = &c.token
        && let Some(value) = &*token.value.borrow()
    {
        abi::replace_header(abi::MAP_RESPONSE_HEADERS, &token.set, value);
    }
}
