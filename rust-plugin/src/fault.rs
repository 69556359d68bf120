// fault.rs: what can be wrong with a configuration, and the words for it. Twin: fault.go.

pub const TOO_LONG: &str = "longer than 65536 bytes";
pub const NOT_UTF8: &str = "not valid UTF-8";
pub const BYTE_ORDER_MARK: &str = "starts with a byte order mark";
pub const TOO_DEEP: &str = "nested deeper than 8 levels";
pub const NOT_JSON: &str = "not valid JSON";
pub const EXPECTED_STRING: &str = "expected a string";
pub const EXPECTED_ARRAY: &str = "expected an array";
pub const EXPECTED_OBJECT: &str = "expected an object";
pub const EXPECTED_INTEGER: &str = "expected an integer";
pub const EXPECTED_PAIR: &str = "expected a pair";
pub const EXPECTED_BOOLEAN: &str = "expected a boolean";
pub const UNKNOWN_KEY: &str = "unknown key";
pub const REPEATED_KEY: &str = "repeated key";
pub const NOT_HEADER_NAME: &str = "not a header name";
pub const NOT_HEADER_VALUE: &str = "not a header value";
pub const NOT_TO_BE_SET: &str = "not a header that may be set";
pub const NOT_WITH_BODY: &str = "not 304, which has no body";
pub const NO_ITEM: &str = "at least one item expected";
pub const TOO_MANY_ITEMS: &str = "more than 64 items";
pub const REQUIRED: &str = "required";
pub const NOT_USER: &str = "not a user name";
pub const NOT_PASSWORD: &str = "not a password";
pub const NOT_REALM: &str = "not a realm";
pub const NOT_CLUSTER: &str = "not a cluster";
pub const NOT_AUTHORITY: &str = "not an authority";
pub const NOT_PATH: &str = "not a path";
pub const NOT_ON_ERROR: &str = "expected deny or allow";
pub const ONLY_STATUS_401: &str = "only 401 with basic";

const SHOWN_KEY_BYTES_MAX: usize = 64;

/// The line that says why a configuration is refused.
#[derive(Debug)]
pub struct Fault(pub String);

/// About the document as a whole.
pub fn fault(what: &str) -> Fault {
    Fault(what.to_owned())
}

/// About the value at a path such as `deny.headers[1][0]`.
pub fn fault_at(path: &str, what: &str) -> Fault {
    Fault(path.to_owned() + ": " + what)
}

pub fn out_of_range(low: i64, high: i64) -> String {
    "out of range ".to_owned() + &low.to_string() + " to " + &high.to_string()
}

/// The path of a key. A key comes from outside: it reaches the log with its odd bytes replaced, and cut.
pub fn member(path: &str, key: &str) -> String {
    let shown = key.bytes().take(SHOWN_KEY_BYTES_MAX).map(|c| if is_shown(c) { c as char } else { '?' });
    let dot = if path.is_empty() { "" } else { "." };
    path.chars().chain(dot.chars()).chain(shown).collect()
}

fn is_shown(c: u8) -> bool {
    c.is_ascii_alphanumeric() || b"_.-".contains(&c)
}

/// The path of an item.
pub fn index(path: &str, i: usize) -> String {
    path.to_owned() + "[" + &i.to_string() + "]"
}
