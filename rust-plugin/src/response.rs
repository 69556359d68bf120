// response.rs: what is put on a request that goes on, and on every response, the plugin's own refusals included.
// Twin: response.go.

use crate::abi;
use crate::config::Config;

const CONFIG_HEADER_BYTES_MAX: usize = 4096;

/// Says whether all of it could be done.
pub fn change_request(c: &Config) -> bool {
    c.request_headers.iter().all(|p| abi::replace_header(abi::MAP_REQUEST_HEADERS, &p.name, p.value.as_bytes()))
}

/// Leaves out what the host does not take: the response goes on all the same.
pub fn change_response(c: &Config) {
    for p in &c.response_headers {
        abi::add_header(abi::MAP_RESPONSE_HEADERS, &p.name, p.value.as_bytes());
    }
    if !c.config_text.is_empty() {
        abi::replace_header(abi::MAP_RESPONSE_HEADERS, &c.config_header, c.config_text.as_bytes());
    }
    if let Some(token) = &c.token {
        let value = token.value.borrow();
        if !value.is_empty() {
            abi::replace_header(abi::MAP_RESPONSE_HEADERS, &token.set, &value);
        }
    }
}

/// A configuration made safe for a header.
pub fn config_text(document: &[u8]) -> String {
    let safe = |&c: &u8| match c {
        0..b' ' => ' ',
        0x7f.. => '?',
        _ => char::from(c),
    };
    let text: String = document.iter().take(CONFIG_HEADER_BYTES_MAX).map(safe).collect();
    text.trim_matches(' ').to_owned()
}
