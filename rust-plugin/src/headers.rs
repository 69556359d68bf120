//! headers.rs: what a header name and a header value are. Twin: headers.go.

/// Whether a name equals one in lower case. Only ASCII letters fold: Unicode would make the Kelvin sign a k.
pub fn same_name(name: &[u8], lower: &str) -> bool {
    name.eq_ignore_ascii_case(lower.as_bytes())
}

/// A token, RFC 9110 section 5.6.2.
pub fn is_name(s: &str) -> bool {
    !s.is_empty() && s.bytes().all(is_token_byte)
}

fn is_token_byte(c: u8) -> bool {
    c.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&c)
}

/// Names that frame a message or belong to one hop. Envoy sends what a plugin sets under such a name, and its peer then
/// sees another end of the message than Envoy does, or another connection. With grpc-status a refusal could read as OK.
const RESERVED_NAMES: [&str; 11] = [
    "connection",
    "content-length",
    "expect",
    "grpc-status",
    "host",
    "keep-alive",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

/// Takes a name in lower case.
pub fn is_reserved(name: &str) -> bool {
    RESERVED_NAMES.contains(&name)
}

/// A field-value, RFC 9110 section 5.5, which may be empty.
pub fn is_value(s: &[u8]) -> bool {
    s.iter().all(|&c| c == b'\t' || !c.is_ascii_control()) && ![s.first(), s.last()].into_iter().flatten().any(is_blank)
}

pub fn has_control(s: &str) -> bool {
    s.bytes().any(|c| c.is_ascii_control())
}

fn is_blank(c: &u8) -> bool {
    *c == b' ' || *c == b'\t'
}
