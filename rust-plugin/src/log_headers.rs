// log_headers.rs: the key `log_headers`, a line for each header, with credentials masked. Twin: log_headers.go.

use crate::config::Config;
use crate::headers::{is_well_formed, read_pairs, same_name};

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

/// Logs a header map, or nothing of one that is malformed.
pub fn log_headers(c: &Config, side: &str, buffer: &[u8]) {
    if !is_well_formed(buffer) {
        return;
    }
    for (name, value) in read_pairs(buffer).flatten() {
        let value = if is_credential(c, name) {
            "***".to_owned()
        } else {
            printable(value.get(..LOGGED_VALUE_BYTES_MAX).unwrap_or(value))
        };
        log::info!("{side} header {}: {value}", printable(name));
    }
}

fn is_credential(c: &Config, name: &[u8]) -> bool {
    same_name(name, &c.header)
        || CREDENTIAL_HEADERS.iter().any(|credential| same_name(name, credential))
        || c.token.as_ref().is_some_and(|token| same_name(name, &token.take) || same_name(name, &token.set))
}

fn printable(s: &[u8]) -> String {
    s.iter().map(|&c| if (b' '..=b'~').contains(&c) { char::from(c) } else { '?' }).collect()
}
