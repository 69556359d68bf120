//! document.rs: from bytes to one JSON object. What could make two JSON libraries differ (encoding, depth, lone
//! surrogates) is settled here, before the library looks at the grammar. Twin: document.go.

use std::str;

use crate::fault::{BYTE_ORDER_MARK, EXPECTED_OBJECT, Fault, NOT_JSON, NOT_UTF8, PROTOBUF, TOO_DEEP, TOO_LONG, fault};
use crate::value::JsonValue;

pub const DOCUMENT_BYTES_MAX: usize = 65536;
const DOCUMENT_LEVELS_MAX: usize = 8;

/// Checks a document as a whole and gives its one value, an object.
pub fn read_document(document: &[u8]) -> Result<JsonValue<'_>, Fault> {
    if document.len() > DOCUMENT_BYTES_MAX {
        return Err(fault(TOO_LONG));
    }
    if is_protobuf(document) {
        return Err(fault(PROTOBUF));
    }
    let (Ok(text), Some(levels)) = (str::from_utf8(document), scan(document)) else {
        return Err(fault(NOT_UTF8));
    };
    if text.starts_with('\u{feff}') {
        return Err(fault(BYTE_ORDER_MARK));
    }
    if levels > DOCUMENT_LEVELS_MAX {
        return Err(fault(TOO_DEEP));
    }
    let v: JsonValue = serde_json::from_str(text).map_err(|_| fault(NOT_JSON))?;
    if !v.get().starts_with('{') {
        return Err(fault(EXPECTED_OBJECT));
    }
    Ok(v)
}

/// Recognises what Envoy hands over for a Struct, or for any message that is not a StringValue: fields in protobuf's
/// wire format. A text does not have the control bytes that their tags and lengths are.
fn is_protobuf(document: &[u8]) -> bool {
    document.iter().any(is_control) && is_message(document)
}

fn is_control(c: &u8) -> bool {
    *c < b' ' && !matches!(c, b'\t' | b'\n' | b'\r')
}

/// Says whether a document has length-delimited fields with numbers from 1 to 15, and nothing else.
fn is_message(mut document: &[u8]) -> bool {
    while let Some((&tag, rest)) = document.split_first() {
        let after = read_size(rest).and_then(|(size, rest)| rest.get(size..));
        match after {
            Some(after) if tag & 0x87 == 2 && tag != 2 => document = after,
            _ => return false,
        }
    }
    true
}

/// Reads a length, a varint of at most three bytes, and gives what follows it.
fn read_size(text: &[u8]) -> Option<(usize, &[u8])> {
    let mut size = 0;
    for (i, &c) in text.iter().take(3).enumerate() {
        size |= usize::from(c & 0x7f) << (7 * i);
        if c < 0x80 {
            return Some((size, text.get(i + 1..)?));
        }
    }
    None
}

/// Gives the most brackets open at once outside strings, unless a string escapes half a surrogate pair.
/// The document may be anything: what is no JSON is found later.
fn scan(document: &[u8]) -> Option<usize> {
    let (mut levels, mut depth, mut quoted) = (0, 0usize, false);
    let mut rest = document;
    while let Some(c) = rest.first() {
        let mut step = 1;
        match c {
            b'"' => quoted = !quoted,
            b'\\' if quoted => step = escape(rest)?,
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
    Some(levels)
}

/// Gives the size of the escape that text starts with, a surrogate pair being one, unless it is half of one.
fn escape(text: &[u8]) -> Option<usize> {
    match escaped_unit(text) {
        None => Some(2),
        Some(0xdc00..=0xdfff) => None,
        Some(0xd800..=0xdbff) => match text.get(6..).and_then(escaped_unit) {
            Some(0xdc00..=0xdfff) => Some(12),
            _ => None,
        },
        Some(_) => Some(6),
    }
}

/// Reads the UTF-16 code unit of a \uXXXX that text starts with.
fn escaped_unit(text: &[u8]) -> Option<u32> {
    let (digits, _) = text.strip_prefix(b"\\u")?.split_first_chunk::<4>()?;
    digits.iter().try_fold(0, |unit, &c| Some(unit << 4 | char::from(c).to_digit(16)?))
}
