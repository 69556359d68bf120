// config.rs: the keys of the configuration. Each key reads its own value; the larger ones do so in a file of their
// own name (deny.rs). Twin: config.go.

use crate::deny::{Deny, read_deny};
use crate::document::read_document;
use crate::fault::{Fault, NO_ITEM, UNKNOWN_KEY, fault_at, index};
use crate::value::{Value, read_array, read_header_name, read_header_value, read_object};

pub struct Config {
    pub header: String,      // lower case
    pub values: Vec<String>, // at least one, but in Config::closed
    pub deny: Deny,
}

impl Default for Config {
    fn default() -> Self {
        Config { header: "allow".to_owned(), values: vec!["true".to_owned()], deny: Deny::default() }
    }
}

impl Config {
    /// Allows nothing. It rules until a configuration was accepted, should a host send requests before.
    pub fn closed() -> Self {
        Config { values: Vec::new(), ..Config::default() }
    }
}

/// Reads a configuration; an empty document means {}. The error says where and what the first fault is.
pub fn parse_config(document: &[u8]) -> Result<Config, Fault> {
    let mut c = Config::default();
    if document.is_empty() {
        return Ok(c);
    }
    let v = read_document(document)?;
    read_object("", v, |path, key, v| {
        match key {
            "header" => c.header = read_header_name(path, v)?,
            "values" => c.values = read_values(path, v)?,
            "deny" => c.deny = read_deny(path, v)?,
            _ => return Err(fault_at(path, UNKNOWN_KEY)),
        }
        Ok(())
    })?;
    Ok(c)
}

fn read_values(path: &str, v: Value) -> Result<Vec<String>, Fault> {
    let items = read_array(path, v)?;
    if items.is_empty() {
        return Err(fault_at(path, NO_ITEM));
    }
    items.into_iter().enumerate().map(|(i, item)| read_header_value(&index(path, i), item)).collect()
}
