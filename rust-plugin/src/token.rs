//! token.rs: the key `token`, a header that is fetched on a tick and put on every response. Twin: token.go.

use std::cell::RefCell;

use crate::abi::{self, Level};
use crate::fault::Fault;
use crate::headers::is_value;
use crate::pairs::find_one;
use crate::place::Place;
use crate::service::{Reply, Service, ServiceKeys, read_reply};
use crate::value::{JsonValue, read_header_name, read_integer, read_name_to_set, read_object};

pub struct Token {
    service: Service,
    pub period: u32,  // milliseconds
    pub take: String, // lower case, as set
    pub set: String,

    pub value: RefCell<Option<Vec<u8>>>, // the last good one
}

pub fn read_token(at: &Place, v: JsonValue) -> Result<Token, Fault> {
    let mut keys = ServiceKeys::default();
    let (mut period, mut take, mut set) = (15000, "authorization".to_owned(), "x-auth".to_owned());
    read_object(at, v, |at, key, v| {
        match key {
            "period_ms" => period = read_integer(at, v, 1..=86_400_000)?,
            "take" => take = read_header_name(at, v)?,
            "set" => set = read_name_to_set(at, v)?,
            _ => keys.read_member(at, key, v)?,
        }
        Ok(())
    })?;
    Ok(Token { service: keys.complete(at)?, period, take, set, value: RefCell::default() })
}

impl Token {
    pub fn fetch(&self) {
        if !self.service.ask(&[]) {
            abi::log_line(Level::Warn, "token: not asked");
        }
    }

    /// Takes the token from an answer. Whatever else comes, the last good one is kept.
    pub fn learn(&self, headers: usize, trailers: usize) {
        match read_reply(headers, trailers) {
            Reply::NoAnswer => abi::log_line(Level::Warn, "token: no answer"),
            Reply::Unreadable => abi::log_line(Level::Warn, "token: status unreadable"),
            Reply::Answer { status, .. } if status != "200" => {
                abi::log_line(Level::Warn, format!("token: status {status}"));
            }
            Reply::Answer { pairs, .. } => match find_one(&pairs, &self.take) {
                Ok(value) if !value.is_empty() && is_value(value) => {
                    self.value.replace(Some(value.to_vec()));
                }
                _ => abi::log_line(Level::Warn, "token: no value"),
            },
        }
    }
}
