//! fault.rs: what can be wrong with a configuration, and the words for it. Twin: fault.go.

use std::error::Error;
use std::fmt::{self, Display, Formatter};
use std::ops::RangeInclusive;

use crate::place::Place;

pub const TOO_LONG: &str = "longer than 65536 bytes";
pub const PROTOBUF: &str = "a protobuf message, not JSON: use google.protobuf.StringValue";
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
pub const NOT_USER: &str = "not a user name";
pub const NOT_PASSWORD: &str = "not a password";
pub const NOT_REALM: &str = "not a realm";
pub const NOT_CLUSTER: &str = "not a cluster";
pub const NOT_AUTHORITY: &str = "not an authority";
pub const NOT_PATH: &str = "not a path";
pub const NOT_ON_ERROR: &str = "expected deny or allow";
pub const ONLY_STATUS_401: &str = "only 401 with basic";

/// Why a configuration is refused. It reads as the log line does.
#[derive(Debug)]
pub struct Fault(String);

impl Display for Fault {
    fn fmt(&self, f: &mut Formatter) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Error for Fault {}

/// About the document as a whole.
pub fn fault(what: &str) -> Fault {
    Fault(what.to_owned())
}

/// About the value at a place.
pub fn fault_at(at: &Place, what: impl Display) -> Fault {
    Fault(format!("{at}: {what}"))
}

pub fn out_of_range(at: &Place, range: &RangeInclusive<u32>) -> Fault {
    fault_at(at, format_args!("out of range {} to {}", range.start(), range.end()))
}

/// About a key that an object does not have.
pub fn required(at: &Place, key: &str) -> Fault {
    fault_at(&at.member(key), "required")
}

/// About a key that another key excludes.
pub fn not_with(key: &str, other: &str) -> Fault {
    fault_at(&Place::Document.member(key), format_args!("not together with {other}"))
}
