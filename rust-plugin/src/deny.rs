// deny.rs: the key `deny`, the reply to a refused request. Twin: deny.go.

use crate::fault::{Fault, UNKNOWN_KEY, fault_at};
use crate::headers::{Pair, encode_pairs};
use crate::value::{Value, read_header_pairs, read_integer, read_object, read_string};

pub struct Deny {
    pub status: u32,
    pub grpc_status: i32,
    pub body: String,
    pub headers: Vec<u8>, // serialized pairs
}

impl Default for Deny {
    fn default() -> Self {
        Deny {
            status: 403,
            grpc_status: GRPC_PERMISSION_DENIED,
            body: "Forbidden by ASM Wasm Plugin".to_owned(),
            headers: encode_pairs(&[Pair { name: "content-type".to_owned(), value: "text/plain".to_owned() }]),
        }
    }
}

// The two gRPC statuses of a refusal, by the gRPC status codes: https://grpc.io/docs/guides/status-codes/
const GRPC_PERMISSION_DENIED: i32 = 7;
const GRPC_UNAUTHENTICATED: i32 = 16;

pub fn read_deny(path: &str, v: Value) -> Result<Deny, Fault> {
    let mut d = Deny::default();
    read_object(path, v, |path, key, v| {
        match key {
            "status" => d.status = read_integer(path, v, 300, 599)? as u32,
            "body" => d.body = read_string(path, v)?,
            "headers" => d.headers = encode_pairs(&read_header_pairs(path, v)?),
            _ => return Err(fault_at(path, UNKNOWN_KEY)),
        }
        Ok(())
    })?;
    if d.status == 401 {
        d.grpc_status = GRPC_UNAUTHENTICATED;
    }
    Ok(d)
}
