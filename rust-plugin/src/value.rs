//! value.rs: typed readers of JSON values. Each takes the place of its value and fails with a fault at that place; they
//! are called in the order of the document, so the fault reported is its first. Twin: value.go.

use std::collections::BTreeSet;
use std::ops::RangeInclusive;

use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use crate::fault::{
    EXPECTED_ARRAY, EXPECTED_BOOLEAN, EXPECTED_INTEGER, EXPECTED_OBJECT, EXPECTED_PAIR, EXPECTED_STRING, Fault,
    NOT_HEADER_NAME, NOT_HEADER_VALUE, NOT_TO_BE_SET, REPEATED_KEY, TOO_MANY_ITEMS, fault_at, out_of_range,
};
use crate::headers::{is_name, is_reserved, is_value};
use crate::pairs::Pair;
use crate::place::Place;

const HEADERS_MAX: usize = 64;

/// The text of one JSON value. Its grammar has been checked, so the type is all that can be wrong below.
pub type JsonValue<'a> = &'a RawValue;

/// Gives the members to read in their order, and refuses a repeated key where it is repeated.
pub fn read_object<'a>(
    at: &Place,
    v: JsonValue<'a>,
    mut read: impl FnMut(&Place, &str, JsonValue<'a>) -> Result<(), Fault>,
) -> Result<(), Fault> {
    let mut text = serde_json::Deserializer::from_str(v.get());
    let members = text.deserialize_map(Members).map_err(|_| fault_at(at, EXPECTED_OBJECT))?;
    let mut given = BTreeSet::new();
    for (key, item) in &members {
        let at = at.member(key);
        if !given.insert(key) {
            return Err(fault_at(&at, REPEATED_KEY));
        }
        read(&at, key, item)?;
    }
    Ok(())
}

/// Takes an object apart into its members, repeated ones too, in their order.
struct Members;

impl<'a> Visitor<'a> for Members {
    type Value = Vec<(String, JsonValue<'a>)>;

    fn expecting(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'a>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut members = Vec::new();
        while let Some(member) = map.next_entry()? {
            members.push(member);
        }
        Ok(members)
    }
}

pub fn read_array<'a>(at: &Place, v: JsonValue<'a>) -> Result<Vec<JsonValue<'a>>, Fault> {
    serde_json::from_str(v.get()).map_err(|_| fault_at(at, EXPECTED_ARRAY))
}

pub fn read_string(at: &Place, v: JsonValue) -> Result<String, Fault> {
    serde_json::from_str(v.get()).map_err(|_| fault_at(at, EXPECTED_STRING))
}

/// Reads a string for which there is a rule, and a fault of its own.
pub fn read_legal(at: &Place, v: JsonValue, is_legal: fn(&str) -> bool, what: &str) -> Result<String, Fault> {
    let text = read_string(at, v)?;
    if !is_legal(&text) {
        return Err(fault_at(at, what));
    }
    Ok(text)
}

pub fn read_boolean(at: &Place, v: JsonValue) -> Result<bool, Fault> {
    serde_json::from_str(v.get()).map_err(|_| fault_at(at, EXPECTED_BOOLEAN))
}

/// Reads an optional minus and digits: 403.0 and 4e2 are no integers. A number of too many digits is out of range, and
/// does not overflow. A negative number is out of every range.
pub fn read_integer(at: &Place, v: JsonValue, range: RangeInclusive<u32>) -> Result<u32, Fault> {
    let (digits, negative) = match v.get().strip_prefix('-') {
        Some(digits) => (digits, true),
        None => (v.get(), false),
    };
    let mut n = 0u32;
    for c in digits.chars() {
        let digit = c.to_digit(10).ok_or_else(|| fault_at(at, EXPECTED_INTEGER))?;
        n = n.saturating_mul(10).saturating_add(digit);
    }
    if negative || !range.contains(&n) {
        return Err(out_of_range(at, &range));
    }
    Ok(n)
}

/// Gives the name in lower case, as all names are compared and sent.
pub fn read_header_name(at: &Place, v: JsonValue) -> Result<String, Fault> {
    Ok(read_legal(at, v, is_name, NOT_HEADER_NAME)?.to_ascii_lowercase())
}

/// Gives the name of a header that the plugin puts on a message.
pub fn read_name_to_set(at: &Place, v: JsonValue) -> Result<String, Fault> {
    let name = read_header_name(at, v)?;
    if is_reserved(&name) {
        return Err(fault_at(at, NOT_TO_BE_SET));
    }
    Ok(name)
}

pub fn read_header_value(at: &Place, v: JsonValue) -> Result<String, Fault> {
    read_legal(at, v, |s| is_value(s.as_bytes()), NOT_HEADER_VALUE)
}

/// Reads a list that is handed to the host. Its length has a limit, because Envoy ignores a list that is too long.
pub fn read_headers<'a>(at: &Place, v: JsonValue<'a>) -> Result<Vec<JsonValue<'a>>, Fault> {
    let items = read_array(at, v)?;
    if items.len() > HEADERS_MAX {
        return Err(fault_at(at, TOO_MANY_ITEMS));
    }
    Ok(items)
}

/// Reads a list of [name, value].
pub fn read_header_pairs(at: &Place, v: JsonValue) -> Result<Vec<Pair>, Fault> {
    let items = read_headers(at, v)?;
    items.into_iter().enumerate().map(|(i, item)| read_header_pair(&at.item(i), item)).collect()
}

fn read_header_pair(at: &Place, v: JsonValue) -> Result<Pair, Fault> {
    let Ok([name, value]) = serde_json::from_str::<[JsonValue; 2]>(v.get()) else {
        return Err(fault_at(at, EXPECTED_PAIR));
    };
    Ok(Pair { name: read_name_to_set(&at.item(0), name)?, value: read_header_value(&at.item(1), value)? })
}
