// abi.rs: the host functions the plugin calls itself, because the SDKs trap on a status or on bytes they do not
// expect. A call that fails says so, and that is all it does. Twin: abi.go.
//
// Safety, for each call below: a pointer goes with the size of the slice it is taken from, and the host writes to
// an Answer that outlives the call.
//
// Where the numbers come from: https://github.com/proxy-wasm/spec/tree/main/abi-versions/v0.2.1

use std::ptr;

use crate::deny::Deny;
use crate::document::DOCUMENT_BYTES_MAX;

#[cfg_attr(target_arch = "wasm32", path = "abi_wasm.rs")]
#[cfg_attr(not(target_arch = "wasm32"), path = "abi_native.rs")]
pub mod host;

const STATUS_OK: u32 = 0;
const STATUS_NOT_FOUND: u32 = 1;

pub const LEVEL_DEBUG: i32 = 1;
pub const LEVEL_ERROR: i32 = 4;

const MAP_REQUEST_HEADERS: i32 = 0;
const BUFFER_PLUGIN_CONFIGURATION: i32 = 7;

pub const REFUSAL_DETAILS: &str = "header_auth_refused";

/// Where the host puts what it returns.
struct Answer {
    data: *mut u8,
    size: usize,
}

impl Answer {
    const fn new() -> Self {
        Answer { data: ptr::null_mut(), size: 0 }
    }

    /// The returned memory itself. Nothing is an empty answer; a size without an address is not an answer.
    ///
    /// # Safety
    /// Unless there is nothing, data and size are a block that the host has got from the plugin's allocator
    /// (`proxy_on_memory_allocate`) and given away.
    unsafe fn bytes(self) -> Option<Vec<u8>> {
        if self.size == 0 {
            return Some(Vec::new());
        }
        if self.data.is_null() || self.size > i32::MAX as usize {
            return None;
        }
        Some(unsafe { Vec::from_raw_parts(self.data, self.size, self.size) })
    }
}

/// Ignores the status: a plugin that cannot log still has to decide.
pub fn log(level: i32, line: &str) {
    unsafe { host::proxy_log(level, line.as_ptr(), line.len()) };
}

/// Gives the serialized header map of the request.
pub fn request_headers() -> Option<Vec<u8>> {
    let mut a = Answer::new();
    let status = unsafe { host::proxy_get_header_map_pairs(MAP_REQUEST_HEADERS, &mut a.data, &mut a.size) };
    if status != STATUS_OK {
        return None;
    }
    unsafe { a.bytes() }
}

/// Gives the configuration, or so much of it that it is seen to be too long. None is empty.
pub fn plugin_configuration() -> Option<Vec<u8>> {
    let mut a = Answer::new();
    let status = unsafe {
        host::proxy_get_buffer_bytes(BUFFER_PLUGIN_CONFIGURATION, 0, DOCUMENT_BYTES_MAX + 1, &mut a.data, &mut a.size)
    };
    match status {
        STATUS_OK => unsafe { a.bytes() },
        STATUS_NOT_FOUND => Some(Vec::new()),
        _ => None,
    }
}

/// Ignores the status: the caller holds the request anyway.
pub fn send_local_response(d: &Deny) {
    unsafe {
        host::proxy_send_local_response(
            d.status,
            REFUSAL_DETAILS.as_ptr(),
            REFUSAL_DETAILS.len(),
            d.body.as_ptr(),
            d.body.len(),
            d.headers.as_ptr(),
            d.headers.len(),
            d.grpc_status,
        )
    };
}
