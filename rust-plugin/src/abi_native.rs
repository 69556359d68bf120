//! abi_native.rs: a stand-in for the host, so that the plugin links and runs as a native program, which the unit
//! tests do. Twin: abi_native.go.
//!
//! Each function has the condition of the ABI: a pointer to data goes with the size of the data, and one to a result
//! points to a place for it. "By the ABI" below means this condition.

use std::cell::RefCell;
use std::{mem, process, slice};

use crate::pairs::read_pairs;

thread_local! {
    /// The host of the test that runs.
    pub static STAND_IN: RefCell<NativeHost> = RefCell::default();
}

/// Answers what the test says and keeps what the plugin did.
#[derive(Default)]
pub struct NativeHost {
    pub headers: Vec<u8>,
    pub configuration: Vec<u8>,
    pub headers_status: u32,
    pub configuration_status: u32,
    pub now: u64,
    pub failing: &'static str, // the function that answers failure
    pub failure: u32,
    pub other_status: u32, // of every other function
    pub metrics: u32,      // defined so far
    pub tokens: u32,       // given to calls so far
    pub calls: Vec<NativeCall>,
}

#[derive(Clone, Debug, PartialEq)]
pub enum NativeCall {
    Log {
        level: i32,
        text: Vec<u8>,
    },
    LocalResponse {
        code: u32,
        details: Vec<u8>,
        body: Vec<u8>,
        pairs: Vec<u8>,
        grpc_status: i32,
    },
    /// Another function and what it was given.
    Other {
        function: &'static str,
        number: i64,
        name: Vec<u8>,
        value: Vec<u8>,
    },
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn proxy_log(level: i32, line: *const u8, line_size: usize) -> u32 {
    // SAFETY: by the ABI.
    let text = unsafe { copied(line, line_size) };
    record(NativeCall::Log { level, text })
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn proxy_get_header_map_pairs(_: i32, return_data: *mut *mut u8, return_size: *mut usize) -> u32 {
    STAND_IN.with_borrow(|host| {
        // SAFETY: by the ABI.
        unsafe { hand(&host.headers, return_data, return_size) };
        host.headers_status
    })
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn proxy_get_buffer_bytes(
    _: i32,
    _: usize,
    max_size: usize,
    return_data: *mut *mut u8,
    return_size: *mut usize,
) -> u32 {
    STAND_IN.with_borrow(|host| {
        let given = host.configuration.get(..max_size).unwrap_or(&host.configuration);
        // SAFETY: by the ABI.
        unsafe { hand(given, return_data, return_size) };
        host.configuration_status
    })
}

#[allow(clippy::too_many_arguments)] // the ABI's own
#[unsafe(no_mangle)]
pub unsafe extern "C" fn proxy_send_local_response(
    code: u32,
    details: *const u8,
    details_size: usize,
    body: *const u8,
    body_size: usize,
    pairs: *const u8,
    pairs_size: usize,
    grpc_status: i32,
) -> u32 {
    // SAFETY: by the ABI.
    let details = unsafe { copied(details, details_size) };
    // SAFETY: by the ABI.
    let body = unsafe { copied(body, body_size) };
    // SAFETY: by the ABI.
    let pairs = unsafe { copied(pairs, pairs_size) };
    record(NativeCall::LocalResponse { code, details, body, pairs, grpc_status })
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn proxy_add_header_map_value(
    map_type: i32,
    name: *const u8,
    name_size: usize,
    value: *const u8,
    value_size: usize,
) -> u32 {
    // SAFETY: by the ABI.
    other("add", map_type.into(), unsafe { copied(name, name_size) }, unsafe { copied(value, value_size) })
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn proxy_replace_header_map_value(
    map_type: i32,
    name: *const u8,
    name_size: usize,
    value: *const u8,
    value_size: usize,
) -> u32 {
    // SAFETY: by the ABI.
    other("replace", map_type.into(), unsafe { copied(name, name_size) }, unsafe { copied(value, value_size) })
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn proxy_get_current_time_nanoseconds(return_time: *mut u64) -> u32 {
    STAND_IN.with_borrow(|host| {
        // SAFETY: by the ABI.
        unsafe { *return_time = host.now };
        if host.failing == "clock" { host.failure } else { host.other_status }
    })
}

#[unsafe(no_mangle)]
pub extern "C" fn proxy_set_tick_period_milliseconds(period: u32) -> u32 {
    other("tick", period.into(), vec![], vec![])
}

#[unsafe(no_mangle)]
pub extern "C" fn proxy_continue_stream(stream_type: i32) -> u32 {
    other("continue", stream_type.into(), vec![], vec![])
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn proxy_define_metric(_: i32, name: *const u8, name_size: usize, return_id: *mut u32) -> u32 {
    // SAFETY: by the ABI.
    let status = other("define", 0, unsafe { copied(name, name_size) }, vec![]);
    if status == 0 {
        STAND_IN.with_borrow_mut(|host| {
            host.metrics += 4;
            // SAFETY: by the ABI.
            unsafe { *return_id = host.metrics };
        });
    }
    status
}

#[unsafe(no_mangle)]
pub extern "C" fn proxy_increment_metric(id: u32, _: i64) -> u32 {
    other("increment", id.into(), vec![], vec![])
}

#[allow(clippy::too_many_arguments)] // the ABI's own
#[unsafe(no_mangle)]
pub unsafe extern "C" fn proxy_http_call(
    cluster: *const u8,
    cluster_size: usize,
    headers: *const u8,
    headers_size: usize,
    _: *const u8,
    _: usize,
    _: *const u8,
    _: usize,
    timeout: u32,
    return_token: *mut u32,
) -> u32 {
    STAND_IN.with_borrow_mut(|host| {
        host.tokens += 4;
        // SAFETY: by the ABI.
        unsafe { *return_token = host.tokens };
    });
    // SAFETY: by the ABI.
    let headers = unsafe { copied(headers, headers_size) };
    let pairs = read_pairs(&headers).flatten();
    let sent = pairs.flat_map(|(name, value)| [name, b"=", value, b" "].concat()).collect();
    // SAFETY: by the ABI.
    other("call", timeout.into(), unsafe { copied(cluster, cluster_size) }, sent)
}

fn other(function: &'static str, number: i64, name: Vec<u8>, value: Vec<u8>) -> u32 {
    record(NativeCall::Other { function, number, name, value })
}

fn record(call: NativeCall) -> u32 {
    STAND_IN.with_borrow_mut(|host| {
        let fails = matches!(call, NativeCall::Other { function, .. } if function == host.failing);
        host.calls.push(call);
        if fails { host.failure } else { host.other_status }
    })
}

/// Returns bytes as a host does: memory of the plugin's own, or nothing at all when there are none.
unsafe fn hand(data: &[u8], return_data: *mut *mut u8, return_size: *mut usize) {
    if data.is_empty() {
        return;
    }
    let mut given = mem::ManuallyDrop::new(data.to_vec().into_boxed_slice());
    // SAFETY: by the ABI.
    unsafe {
        *return_data = given.as_mut_ptr();
        *return_size = given.len();
    }
}

unsafe fn copied(data: *const u8, size: usize) -> Vec<u8> {
    // SAFETY: by the ABI.
    unsafe { slice::from_raw_parts(data, size) }.to_vec()
}

/// The SDK refers to every host function there is. The plugin calls none of these, so to link is all they have to do.
macro_rules! never_called {
    ($($name:ident)*) => {
        $(#[unsafe(no_mangle)] extern "C" fn $name() { process::abort() })*
    };
}

never_called! {
    proxy_call_foreign_function proxy_close_stream
    proxy_dequeue_shared_queue proxy_done proxy_enqueue_shared_queue
    proxy_get_header_map_value proxy_get_log_level proxy_get_metric
    proxy_get_property proxy_get_shared_data proxy_get_status proxy_grpc_call proxy_grpc_cancel proxy_grpc_close
    proxy_grpc_send proxy_grpc_stream proxy_record_metric
    proxy_register_shared_queue proxy_remove_header_map_value
    proxy_resolve_shared_queue proxy_set_buffer_bytes proxy_set_effective_context proxy_set_header_map_pairs
    proxy_set_property proxy_set_shared_data
}
