// config.rs: the keys of the configuration. Each key reads its own value; the larger ones do so in a file of their
// own name (deny.rs, basic.rs). Twin: config.go.

use crate::basic::{Basic, read_basic};
use crate::callout::{Callout, read_callout};
use crate::deny::{Deny, read_deny};
use crate::document::read_document;
use crate::fault::{Fault, NO_ITEM, ONLY_STATUS_401, UNKNOWN_KEY, fault_at, index};
use crate::headers::Pair;
use crate::ratelimit::{RateLimit, read_rate_limit};
use crate::response::config_text;
use crate::token::{Token, read_token};
use crate::value::{
    Value, read_array, read_boolean, read_header_name, read_header_pairs, read_header_value, read_name_to_set,
    read_object,
};

pub struct Config {
    pub header: String,       // lower case
    pub values: Vec<String>,  // at least one, but in Config::closed
    pub basic: Option<Basic>, // in place of header and values
    pub deny: Deny,
    pub request_headers: Vec<Pair>,
    pub response_headers: Vec<Pair>,
    pub config_header: String,
    pub config_text: String, // of config_header
    pub rate_limit: Option<RateLimit>,
    pub token: Option<Token>,
    pub callout: Option<Callout>,
    pub log_headers: bool,
    pub metrics: bool,
}

impl Default for Config {
    fn default() -> Self {
        let mut deny = Deny::default();
        deny.encode();
        Config {
            header: "allow".to_owned(),
            values: vec!["true".to_owned()],
            basic: None,
            deny,
            request_headers: Vec::new(),
            response_headers: Vec::new(),
            config_header: String::new(),
            config_text: String::new(),
            rate_limit: None,
            token: None,
            callout: None,
            log_headers: false,
            metrics: false,
        }
    }
}

/// Reads a configuration; an empty document means {}. The error says where and what the first fault is.
pub fn parse_config(document: &[u8]) -> Result<Config, Fault> {
    let mut c = Config::default();
    if document.is_empty() {
        return Ok(c);
    }
    let v = read_document(document)?;
    c.deny.status = 0; // not given
    let mut given = Vec::new();
    read_object("", v, |path, key, v| {
        given.push(key.to_owned());
        c.read_member(path, key, v)
    })?;
    c.judge(&given)?;
    c.deny.encode();
    if !c.config_header.is_empty() {
        c.config_text = config_text(document);
    }
    Ok(c)
}

impl Config {
    /// Allows nothing. It rules until a configuration was accepted, should a host send requests before.
    pub fn closed() -> Self {
        Config { values: Vec::new(), ..Config::default() }
    }

    fn read_member(&mut self, path: &str, key: &str, v: Value) -> Result<(), Fault> {
        match key {
            "header" => self.header = read_header_name(path, v)?,
            "values" => self.values = read_values(path, v)?,
            "basic" => self.basic = Some(read_basic(path, v)?),
            "deny" => read_deny(path, v, &mut self.deny)?,
            "request_headers" => self.request_headers = read_header_pairs(path, v)?,
            "response_headers" => self.response_headers = read_header_pairs(path, v)?,
            "config_header" => self.config_header = read_name_to_set(path, v)?,
            "rate_limit" => self.rate_limit = Some(read_rate_limit(path, v)?),
            "token" => self.token = Some(read_token(path, v)?),
            "callout" => self.callout = Some(read_callout(path, v)?),
            "log_headers" => self.log_headers = read_boolean(path, v)?,
            "metrics" => self.metrics = read_boolean(path, v)?,
            _ => return Err(fault_at(path, UNKNOWN_KEY)),
        }
        Ok(())
    }

    /// Looks at the keys together, and gives defaults that depend on others.
    fn judge(&mut self, given: &[String]) -> Result<(), Fault> {
        let Some(basic) = &self.basic else {
            if self.deny.status == 0 {
                self.deny.status = 403;
            }
            return Ok(());
        };
        for key in ["header", "values"] {
            if given.iter().any(|k| k == key) {
                return Err(fault_at("basic", &("not together with ".to_owned() + key)));
            }
        }
        if !self.config_header.is_empty() {
            return Err(fault_at("config_header", "not together with basic")); // it would show the passwords
        }
        if self.deny.status != 0 && self.deny.status != 401 {
            return Err(fault_at("deny.status", ONLY_STATUS_401));
        }
        self.deny.status = 401;
        self.deny.pairs.push(basic.challenge());
        Ok(())
    }
}

fn read_values(path: &str, v: Value) -> Result<Vec<String>, Fault> {
    let items = read_array(path, v)?;
    if items.is_empty() {
        return Err(fault_at(path, NO_ITEM));
    }
    items.into_iter().enumerate().map(|(i, item)| read_header_value(&index(path, i), item)).collect()
}
