//! log_headers.rs: the key `log_headers`, a line for each header, with credentials masked. Twin: log_headers.go.

use crate::abi::{self, Level};
use crate::config::Config;
use crate::headers::same_name;
use crate::pairs::{is_well_formed, read_pairs};

const LOGGED_VALUE_BYTES_MAX: usize = 256;

/// Masked whatever the configuration.
const CREDENTIAL_HEADERS: [&str; 13] = [
    "authorization",
    "proxy-authorization",
    "cookie",
    "set-cookie",
    "x-auth",
    "x-auth-token",
    "x-access-token",
    "x-api-key",
    "api-key",
    "x-amz-security-token",
    "x-csrf-token",
    "x-xsrf-token",
    "x-goog-iap-jwt-assertion",
];

/// Logs a header map, or nothing of one that is malformed. All lines are made in one buffer.
pub fn log_headers(c: &Config, side: &str, buffer: &[u8]) {
    if !is_well_formed(buffer) {
        return;
    }
    let mut line = Vec::new();
    for (name, value) in read_pairs(buffer).flatten() {
        line.clear();
        line.extend_from_slice(side.as_bytes());
        line.extend_from_slice(b" header ");
        append_printable(&mut line, name);
        line.extend_from_slice(b": ");
        if is_credential(c, name) {
            line.extend_from_slice(b"***");
        } else {
            append_printable(&mut line, value.get(..LOGGED_VALUE_BYTES_MAX).unwrap_or(value));
        }
        abi::log_line(Level::Info, &line);
    }
}

fn is_credential(c: &Config, name: &[u8]) -> bool {
    same_name(name, &c.header)
        || CREDENTIAL_HEADERS.iter().any(|credential| same_name(name, credential))
        || c.token.as_ref().is_some_and(|token| same_name(name, &token.take) || same_name(name, &token.set))
}

fn append_printable(line: &mut Vec<u8>, s: &[u8]) {
    line.extend(s.iter().map(|&c| if (b' '..=b'~').contains(&c) { c } else { b'?' }));
}
