//! config.rs: the keys of the configuration. Each key reads its own value; the larger ones do so in a file of their
//! own name (deny.rs, basic.rs). Twin: config.go.

use crate::basic::{Basic, read_basic};
use crate::callout::{Callout, read_callout};
use crate::config_header::read_config_header;
use crate::deny::{Deny, read_deny};
use crate::document::read_document;
use crate::fault::{Fault, NO_ITEM, ONLY_STATUS_401, UNKNOWN_KEY, fault_at, not_with};
use crate::pairs::Pair;
use crate::place::Place;
use crate::ratelimit::{RateLimit, read_rate_limit};
use crate::token::{Token, read_token};
use crate::value::{
    JsonValue, read_array, read_boolean, read_header_name, read_header_pairs, read_header_value, read_object,
};

pub struct Config {
    pub header: String,       // lower case
    pub values: Vec<String>,  // at least one, but in Config::closed
    pub basic: Option<Basic>, // in place of header and values
    pub deny: Deny,
    pub request_headers: Vec<Pair>,
    pub response_headers: Vec<Pair>,
    pub config_header: Option<Pair>,
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
            config_header: None,
            rate_limit: None,
            token: None,
            callout: None,
            log_headers: false,
            metrics: false,
        }
    }
}

impl Config {
    /// Allows nothing. It is in force until a configuration is accepted, in case a host sends requests before that.
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
    let mut given = Vec::new();
    read_object(&Place::Document, v, |at, key, v| {
        given.push(key.to_owned());
        c.read_member(at, key, v, document)
    })?;
    c.judge(&given)?;
    c.deny.encode();
    Ok(c)
}

impl Config {
    fn read_member(&mut self, at: &Place, key: &str, v: JsonValue, document: &[u8]) -> Result<(), Fault> {
        match key {
            "header" => self.header = read_header_name(at, v)?,
            "values" => self.values = read_values(at, v)?,
            "basic" => self.basic = Some(read_basic(at, v)?),
            "deny" => read_deny(at, v, &mut self.deny)?,
            "request_headers" => self.request_headers = read_header_pairs(at, v)?,
            "response_headers" => self.response_headers = read_header_pairs(at, v)?,
            "config_header" => self.config_header = read_config_header(at, v, document)?,
            "rate_limit" => self.rate_limit = Some(read_rate_limit(at, v)?),
            "token" => self.token = Some(read_token(at, v)?),
            "callout" => self.callout = Some(read_callout(at, v)?),
            "log_headers" => self.log_headers = read_boolean(at, v)?,
            "metrics" => self.metrics = read_boolean(at, v)?,
            _ => return Err(fault_at(at, UNKNOWN_KEY)),
        }
        Ok(())
    }

    /// Looks at the keys together: `basic` excludes others, and has an effect on `deny`.
    fn judge(&mut self, given: &[String]) -> Result<(), Fault> {
        let Some(basic) = &self.basic else {
            return Ok(());
        };
        let is_given = |key| given.iter().any(|k| k == key);
        if is_given("header") {
            return Err(not_with("basic", "header"));
        }
        if is_given("values") {
            return Err(not_with("basic", "values"));
        }
        if is_given("config_header") {
            return Err(not_with("config_header", "basic")); // it would show the passwords
        }
        if self.deny.status.is_some_and(|status| status != 401) {
            return Err(fault_at(&Place::Document.member("deny").member("status"), ONLY_STATUS_401));
        }
        self.deny.status = Some(401);
        self.deny.pairs.push(basic.challenge());
        Ok(())
    }
}

fn read_values(at: &Place, v: JsonValue) -> Result<Vec<String>, Fault> {
    let items = read_array(at, v)?;
    if items.is_empty() {
        return Err(fault_at(at, NO_ITEM));
    }
    items.into_iter().enumerate().map(|(i, item)| read_header_value(&at.item(i), item)).collect()
}
