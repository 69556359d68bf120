// value.rs: typed readers of JSON values. Each takes the path of its value and fails with a fault at that path; they
// are called in the order of the document, so the fault reported is its first. Twin: value.go.

use std::collections::BTreeSet;

use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use crate::fault::{
    EXPECTED_ARRAY, EXPECTED_BOOLEAN, EXPECTED_INTEGER, EXPECTED_OBJECT, EXPECTED_PAIR, EXPECTED_STRING, Fault,
    NOT_HEADER_NAME, NOT_HEADER_VALUE, NOT_TO_BE_SET, REPEATED_KEY, TOO_MANY_ITEMS, fault_at, index, member,
    out_of_range,
};
use crate::headers::{Pair, is_name, is_reserved, is_value};

const HEADERS_MAX: usize = 64;

/// The text of one JSON value. Its grammar is known to be right, so a type is all that can be wrong below.
pub type Value<'a> = &'a RawValue;

/// Gives the members to read in their order, and refuses a repeated key where it is repeated.
pub fn read_object<'a>(
    path: &str,
    v: Value<'a>,
    mut read: impl FnMut(&str, &str, Value<'a>) -> Result<(), Fault>,
) -> Result<(), Fault> {
    let mut text = serde_json::Deserializer::from_str(v.get());
    let members = text.deserialize_map(Members).map_err(|_| fault_at(path, EXPECTED_OBJECT))?;
    let mut given = BTreeSet::new();
    for (key, item) in &members {
        let path = member(path, key);
        if !given.insert(key) {
            return Err(fault_at(&path, REPEATED_KEY));
        }
        read(&path, key, item)?;
    }
    Ok(())
}

/// Takes an object apart into its members, repeated ones too, in their order.
struct Members;

impl<'a> Visitor<'a> for Members {
    type Value = Vec<(String, Value<'a>)>;

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

pub fn read_array<'a>(path: &str, v: Value<'a>) -> Result<Vec<Value<'a>>, Fault> {
    serde_json::from_str(v.get()).map_err(|_| fault_at(path, EXPECTED_ARRAY))
}

pub fn read_string(path: &str, v: Value) -> Result<String, Fault> {
    serde_json::from_str(v.get()).map_err(|_| fault_at(path, EXPECTED_STRING))
}

/// Reads a string for which there is a rule, and a fault of its own.
pub fn read_legal(path: &str, v: Value, is_legal: fn(&str) -> bool, what: &str) -> Result<String, Fault> {
    let text = read_string(path, v)?;
    if !is_legal(&text) {
        return Err(fault_at(path, what));
    }
    Ok(text)
}

pub fn read_boolean(path: &str, v: Value) -> Result<bool, Fault> {
    serde_json::from_str(v.get()).map_err(|_| fault_at(path, EXPECTED_BOOLEAN))
}

/// Takes an optional minus and digits: 403.0 and 4e2 are no integers. However many digits, it is a number out of
/// range and no overflow.
pub fn read_integer(path: &str, v: Value, low: i64, high: i64) -> Result<i64, Fault> {
    let (digits, sign) = match v.get().strip_prefix('-') {
        Some(digits) => (digits, -1),
        None => (v.get(), 1),
    };
    let mut n = 0;
    for c in digits.chars() {
        let digit = c.to_digit(10).ok_or_else(|| fault_at(path, EXPECTED_INTEGER))?;
        if n <= high {
            n = n * 10 + i64::from(digit);
        }
    }
    n *= sign;
    if !(low..=high).contains(&n) {
        return Err(fault_at(path, &out_of_range(low, high)));
    }
    Ok(n)
}

/// Gives the name in lower case, as all names are compared and sent.
pub fn read_header_name(path: &str, v: Value) -> Result<String, Fault> {
    Ok(read_legal(path, v, is_name, NOT_HEADER_NAME)?.to_ascii_lowercase())
}

/// Gives the name of a header that the plugin puts on a message.
pub fn read_name_to_set(path: &str, v: Value) -> Result<String, Fault> {
    let name = read_header_name(path, v)?;
    if is_reserved(&name) {
        return Err(fault_at(path, NOT_TO_BE_SET));
    }
    Ok(name)
}

pub fn read_header_value(path: &str, v: Value) -> Result<String, Fault> {
    read_legal(path, v, |s| is_value(s.as_bytes()), NOT_HEADER_VALUE)
}

/// Reads a list that is handed to the host: Envoy takes one that is too long for none at all.
pub fn read_headers<'a>(path: &str, v: Value<'a>) -> Result<Vec<Value<'a>>, Fault> {
    let items = read_array(path, v)?;
    if items.len() > HEADERS_MAX {
        return Err(fault_at(path, TOO_MANY_ITEMS));
    }
    Ok(items)
}

/// Reads a list of [name, value].
pub fn read_header_pairs(path: &str, v: Value) -> Result<Vec<Pair>, Fault> {
    let items = read_headers(path, v)?;
    items.into_iter().enumerate().map(|(i, item)| read_header_pair(&index(path, i), item)).collect()
}

fn read_header_pair(path: &str, v: Value) -> Result<Pair, Fault> {
    let Ok([name, value]) = serde_json::from_str::<[Value; 2]>(v.get()) else {
        return Err(fault_at(path, EXPECTED_PAIR));
    };
    Ok(Pair { name: read_name_to_set(&index(path, 0), name)?, value: read_header_value(&index(path, 1), value)? })
}
