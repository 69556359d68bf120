// deny.rs: the key `deny`, the reply to a refused request. Twin: deny.go.

use crate::fault::{Fault, NOT_WITH_BODY, UNKNOWN_KEY, fault_at};
use crate::headers::{Pair, encode_pairs};
use crate::value::{Value, read_header_pairs, read_integer, read_object, read_string};

pub struct Deny {
    pub status: u32,
    pub body: String,
    pub pairs: Vec<Pair>,
    pub headers: Vec<u8>, // the pairs, serialized
}

// The two gRPC statuses of a refusal, by the gRPC status codes: https://grpc.io/docs/guides/status-codes/
const GRPC_PERMISSION_DENIED: i32 = 7;
const GRPC_UNAUTHENTICATED: i32 = 16;

impl Default for Deny {
    fn default() -> Self {
        Deny::new(403, "Forbidden by ASM Wasm Plugin", "content-type", "text/plain")
    }
}

impl Deny {
    pub fn new(status: u32, body: &str, name: &str, value: &str) -> Self {
        let pairs = vec![Pair { name: name.to_owned(), value: value.to_owned() }];
        Deny { status, body: body.to_owned(), pairs, headers: Vec::new() }
    }

    /// Makes ready what is sent, once all is read.
    pub fn encode(&mut self) {
        self.headers = encode_pairs(&self.pairs);
    }

    pub fn grpc_status(&self) -> i32 {
        if self.status == 401 { GRPC_UNAUTHENTICATED } else { GRPC_PERMISSION_DENIED }
    }
}

/// Reads what is given over the defaults in d.
pub fn read_deny(path: &str, v: Value, d: &mut Deny) -> Result<(), Fault> {
    read_object(path, v, |path, key, v| {
        match key {
            "status" => d.status = read_status(path, v)?,
            "body" => d.body = read_string(path, v)?,
            "headers" => d.pairs = read_header_pairs(path, v)?,
            _ => return Err(fault_at(path, UNKNOWN_KEY)),
        }
        Ok(())
    })
}

/// Reads a status that is no success and may have a body.
fn read_status(path: &str, v: Value) -> Result<u32, Fault> {
    let status = read_integer(path, v, 300, 599)?;
    if status == 304 {
        return Err(fault_at(path, NOT_WITH_BODY));
    }
    Ok(status as u32)
}
