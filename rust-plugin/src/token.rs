// token.rs: the key `token`, a header that is fetched on a tick and put on every response. Twin: token.go.

use std::cell::RefCell;

use crate::auth::find_one;
use crate::fault::Fault;
use crate::headers::is_value;
use crate::service::{Reply, Service, read_reply};
use crate::value::{Value, read_header_name, read_integer, read_name_to_set, read_object};

pub struct Token {
    service: Service,
    pub period: u32,  // milliseconds
    pub take: String, // lower case, as set
    pub set: String,

    pub value: RefCell<Vec<u8>>, // the last good one, empty until there is one
}

pub fn read_token(path: &str, v: Value) -> Result<Token, Fault> {
    let mut t = Token {
        service: Service::new(),
        period: 15000,
        take: "authorization".to_owned(),
        set: "x-auth".to_owned(),
        value: RefCell::default(),
    };
    read_object(path, v, |path, key, v| {
        match key {
            "period_ms" => t.period = read_integer(path, v, 1, 86_400_000)? as u32,
            "take" => t.take = read_header_name(path, v)?,
            "set" => t.set = read_name_to_set(path, v)?,
            _ => t.service.read_member(path, key, v)?,
        }
        Ok(())
    })?;
    t.service.complete(path)?;
    Ok(t)
}

impl Token {
    pub fn fetch(&self) {
        if !self.service.ask(&[]) {
            log::warn!("token: not asked");
        }
    }

    /// Takes the token from an answer. Whatever else comes, the last good one is kept.
    pub fn learn(&self, headers: usize, trailers: usize) {
        match read_reply(headers, trailers) {
            Reply::None => log::warn!("token: no answer"),
            Reply::Unreadable => log::warn!("token: status unreadable"),
            Reply::Answer { status, .. } if status != "200" => log::warn!("token: status {status}"),
            Reply::Answer { pairs, .. } => match find_one(&pairs, &self.take) {
                Ok(value) if !value.is_empty() && is_value(value) => {
                    self.value.replace(value.to_vec());
                }
                _ => log::warn!("token: no value"),
            },
        }
    }
}
