//! abi.rs: the host functions the plugin calls itself, because the SDKs trap on a status or on bytes they do not
//! expect. A call that fails returns that, and never traps. Twin: abi.go.
//!
//! Where the numbers come from: https://github.com/proxy-wasm/spec/tree/main/abi-versions/v0.2.1

use std::num::NonZeroU32;
use std::time::Duration;
use std::{ptr, str};

use proxy_wasm::hostcalls;

#[cfg_attr(target_arch = "wasm32", path = "abi_wasm.rs")]
#[cfg_attr(not(target_arch = "wasm32"), path = "abi_native.rs")]
pub mod host;

const STATUS_OK: u32 = 0;
const STATUS_NOT_FOUND: u32 = 1;

pub const MAP_REQUEST_HEADERS: i32 = 0;
pub const MAP_RESPONSE_HEADERS: i32 = 2;
const MAP_REPLY_HEADERS: i32 = 6;
const MAP_REPLY_TRAILERS: i32 = 7;
const BUFFER_PLUGIN_CONFIGURATION: i32 = 7;

const STREAM_REQUEST: i32 = 0;
const METRIC_COUNTER: i32 = 0;

const REFUSAL_DETAILS: &str = "header_auth_refused";

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
        // SAFETY: by this function's own condition it is one allocation of this size, which belongs to the plugin now.
        Some(unsafe { Vec::from_raw_parts(self.data, self.size, self.size) })
    }
}

pub enum Level {
    Debug = 1,
    Info = 2,
    Warn = 3,
    Error = 4,
}

/// Ignores the status: a plugin that cannot log still has to decide. The log crate would format each line anew, and the
/// SDK's logger traps on a status it does not expect.
pub fn log_line(level: Level, line: impl AsRef<[u8]>) {
    let line = line.as_ref();
    // SAFETY: the pointer and the size are those of one slice, which the host only reads.
    unsafe { host::proxy_log(level as i32, line.as_ptr(), line.len()) };
}

/// Gives the serialized header map of the request.
pub fn request_headers() -> Option<Vec<u8>> {
    header_map(MAP_REQUEST_HEADERS)
}

pub fn response_headers() -> Option<Vec<u8>> {
    header_map(MAP_RESPONSE_HEADERS)
}

/// Gives those of the answer to a call, while it is handed over.
pub fn reply_headers() -> Option<Vec<u8>> {
    header_map(MAP_REPLY_HEADERS)
}

pub fn reply_trailers() -> Option<Vec<u8>> {
    header_map(MAP_REPLY_TRAILERS)
}

fn header_map(map_type: i32) -> Option<Vec<u8>> {
    let mut a = Answer::new();
    // SAFETY: the host writes an address and a size to the two parts of a, which outlives the call.
    let status = unsafe { host::proxy_get_header_map_pairs(map_type, &mut a.data, &mut a.size) };
    if status != STATUS_OK {
        return None;
    }
    // SAFETY: the call succeeded, so what it wrote is memory that the host gives away.
    unsafe { a.bytes() }
}

/// Gives the first bytes of the configuration. None is empty.
pub fn plugin_configuration(max_size: usize) -> Option<Vec<u8>> {
    let mut a = Answer::new();
    // SAFETY: as in header_map.
    let status =
        unsafe { host::proxy_get_buffer_bytes(BUFFER_PLUGIN_CONFIGURATION, 0, max_size, &mut a.data, &mut a.size) };
    match status {
        // SAFETY: as in header_map.
        STATUS_OK => unsafe { a.bytes() },
        STATUS_NOT_FOUND => Some(Vec::new()),
        _ => None,
    }
}

/// Ignores the status: the caller holds the request anyway. The headers are a serialized map.
pub fn send_local_response(status: u32, body: &str, headers: &[u8], grpc_status: i32) {
    let details = REFUSAL_DETAILS;
    // SAFETY: each pointer goes with the size of the slice it is taken from, which the host only reads.
    unsafe {
        host::proxy_send_local_response(
            status,
            details.as_ptr(),
            details.len(),
            body.as_ptr(),
            body.len(),
            headers.as_ptr(),
            headers.len(),
            grpc_status,
        )
    };
}

/// Ignores the status: a response goes on without what could not be added.
pub fn add_header(map_type: i32, name: &str, value: &[u8]) {
    let (n, v) = (name.as_bytes(), value);
    // SAFETY: as in send_local_response.
    unsafe { host::proxy_add_header_map_value(map_type, n.as_ptr(), n.len(), v.as_ptr(), v.len()) };
}

pub fn replace_header(map_type: i32, name: &str, value: &[u8]) -> bool {
    let (n, v) = (name.as_bytes(), value);
    // SAFETY: as in send_local_response.
    let status = unsafe { host::proxy_replace_header_map_value(map_type, n.as_ptr(), n.len(), v.as_ptr(), v.len()) };
    status == STATUS_OK
}

/// Gives nanoseconds.
pub fn current_time() -> Option<u64> {
    let mut now = 0;
    // SAFETY: the host writes eight bytes to now, which outlives the call.
    let status = unsafe { host::proxy_get_current_time_nanoseconds(&mut now) };
    (status == STATUS_OK).then_some(now)
}

pub fn set_tick_period(milliseconds: u32) -> bool {
    host::proxy_set_tick_period_milliseconds(milliseconds) == STATUS_OK
}

/// Releases a request that was held in an earlier callback.
pub fn continue_request() -> bool {
    host::proxy_continue_stream(STREAM_REQUEST) == STATUS_OK
}

/// Goes through the SDK, which knows which context a reply is for. It answers the statuses that a host gives for
/// arguments like these with an error: BadArgument and InternalFailure. On any other it traps, and so it does when
/// proxy_set_effective_context fails on a reply, or when a token comes twice.
pub fn http_call(cluster: &str, headers: Vec<(&str, &[u8])>, timeout: u32) -> bool {
    // SAFETY: a value of a request need not be UTF-8, as a str must. The SDK copies the bytes of its strings into the
    // serialized map and looks at nothing else (proxy-wasm 0.2.5, which Cargo.toml pins).
    let headers = headers.into_iter().map(|(name, value)| (name, unsafe { str::from_utf8_unchecked(value) })).collect();
    hostcalls::dispatch_http_call(cluster, headers, None, vec![], Duration::from_millis(timeout.into())).is_ok()
}

/// Gives the number of the counter. When the call fails the host has written none, and 0 is no number of a metric.
pub fn define_counter(name: &str) -> Option<NonZeroU32> {
    let mut id = 0;
    // SAFETY: the name is read within its size; the host writes four bytes to id, which outlives the call.
    unsafe { host::proxy_define_metric(METRIC_COUNTER, name.as_ptr(), name.len(), &mut id) };
    NonZeroU32::new(id)
}

/// Ignores the status: what is not counted is decided all the same.
pub fn increment_counter(id: NonZeroU32) {
    host::proxy_increment_metric(id.get(), 1);
}
