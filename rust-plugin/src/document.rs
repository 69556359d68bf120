// document.rs: from bytes to one JSON object. What could make two JSON libraries differ (encoding, depth, lone
// surrogates) is settled here, before the library looks at the grammar. Twin: document.go.

use std::str;

use serde_json::value::RawValue;

use crate::fault::{BYTE_ORDER_MARK, EXPECTED_OBJECT, Fault, NOT_JSON, NOT_UTF8, TOO_DEEP, TOO_LONG, fault};
use crate::value::Value;

pub const DOCUMENT_BYTES_MAX: usize = 65536;
const DOCUMENT_LEVELS_MAX: usize = 8;

/// Checks a document as a whole and gives its one value, an object.
pub fn read_document(document: &[u8]) -> Result<Value<'_>, Fault> {
    if document.len() > DOCUMENT_BYTES_MAX {
        return Err(fault(TOO_LONG));
    }
    let (levels, lone_surrogate) = scan(document);
    let text = match str::from_utf8(document) {
        Ok(text) if !lone_surrogate => text,
        _ => return Err(fault(NOT_UTF8)),
    };
    if text.starts_with('\u{feff}') {
        return Err(fault(BYTE_ORDER_MARK));
    }
    if levels > DOCUMENT_LEVELS_MAX {
        return Err(fault(TOO_DEEP));
    }
    let v: &RawValue = serde_json::from_str(text).map_err(|_| fault(NOT_JSON))?;
    if !v.get().starts_with('{') {
        return Err(fault(EXPECTED_OBJECT));
    }
    Ok(v)
}

/// Gives the most brackets open at once outside strings, and whether a string escapes half a surrogate pair.
/// The document may be anything: what is no JSON is found later.
fn scan(document: &[u8]) -> (usize, bool) {
    let (mut levels, mut lone_surrogate) = (0, false);
    let (mut depth, mut quoted) = (0usize, false);
    let mut rest = document;
    while let Some(c) = rest.first() {
        let mut step = 1;
        match c {
            b'"' => quoted = !quoted,
            b'\\' if quoted => {
                let lone;
                (step, lone) = escape(rest);
                lone_surrogate |= lone;
            }
            _ if quoted => {}
            b'{' | b'[' => {
                depth += 1;
                levels = levels.max(depth);
            }
            b'}' | b']' => depth = depth.saturating_sub(1),
            _ => {}
        }
        rest = rest.get(step..).unwrap_or_default();
    }
    (levels, lone_surrogate)
}

/// Gives the size of the escape that text starts with, a surrogate pair being one, and whether it is half of one.
fn escape(text: &[u8]) -> (usize, bool) {
    match escaped_unit(text) {
        None => (2, false),
        Some(0xdc00..=0xdfff) => (6, true),
        Some(0xd800..=0xdbff) => match text.get(6..).and_then(escaped_unit) {
            Some(0xdc00..=0xdfff) => (12, false),
            _ => (6, true),
        },
        Some(_) => (6, false),
    }
}

/// Reads the UTF-16 code unit of a \uXXXX that text starts with.
fn escaped_unit(text: &[u8]) -> Option<u32> {
    let (digits, _) = text.strip_prefix(b"\\u")?.split_first_chunk::<4>()?;
    digits.iter().try_fold(0, |unit, &c| Some(unit << 4 | char::from(c).to_digit(16)?))
}
