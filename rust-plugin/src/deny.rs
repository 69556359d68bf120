//! deny.rs: the key `deny`, the reply to a refused request. Twin: deny.go.

use crate::abi;
use crate::fault::{Fault, NOT_WITH_BODY, UNKNOWN_KEY, fault_at};
use crate::pairs::{Pair, encode_pairs};
use crate::place::Place;
use crate::value::{JsonValue, read_header_pairs, read_integer, read_object, read_string};

pub struct Deny {
    pub status: Option<u32>, // 403 when it is not given
    pub body: String,
    pub pairs: Vec<Pair>,
    pub headers: Vec<u8>, // the pairs, serialized
}

// The two gRPC statuses of a refusal, by the gRPC status codes: https://grpc.io/docs/guides/status-codes/
const GRPC_PERMISSION_DENIED: i32 = 7;
const GRPC_UNAUTHENTICATED: i32 = 16;

impl Deny {
    pub fn new(body: &str, name: &str, value: &str) -> Self {
        let pairs = vec![Pair { name: name.to_owned(), value: value.to_owned() }];
        Deny { status: None, body: body.to_owned(), pairs, headers: Vec::new() }
    }
}

impl Default for Deny {
    fn default() -> Self {
        Deny::new("Forbidden by ASM Wasm Plugin", "content-type", "text/plain")
    }
}

/// Reads what is given over the defaults in d.
pub fn read_deny(at: &Place, v: JsonValue, d: &mut Deny) -> Result<(), Fault> {
    read_object(at, v, |at, key, v| {
        match key {
            "status" => d.status = Some(read_status(at, v)?),
            "body" => d.body = read_string(at, v)?,
            "headers" => d.pairs = read_header_pairs(at, v)?,
            _ => return Err(fault_at(at, UNKNOWN_KEY)),
        }
        Ok(())
    })
}

/// Reads a status that is no success and may have a body.
fn read_status(at: &Place, v: JsonValue) -> Result<u32, Fault> {
    let status = read_integer(at, v, 300..=599)?;
    if status == 304 {
        return Err(fault_at(at, NOT_WITH_BODY));
    }
    Ok(status)
}

impl Deny {
    /// Makes ready what is sent, once all is read.
    pub fn encode(&mut self) {
        self.headers = encode_pairs(&self.pairs);
    }

    /// The HTTP status and the gRPC status.
    pub fn statuses(&self) -> (u32, i32) {
        match self.status {
            Some(401) => (401, GRPC_UNAUTHENTICATED),
            status => (status.unwrap_or(403), GRPC_PERMISSION_DENIED),
        }
    }

    /// Sends the reply.
    pub fn send(&self) {
        let (status, grpc_status) = self.statuses();
        abi::send_local_response(status, &self.body, &self.headers, grpc_status);
    }
}
