//! abi_wasm.rs: the host functions themselves. Twin: abi_wasm.go.

#[link(wasm_import_module = "env")]
unsafe extern "C" {
    pub fn proxy_log(level: i32, line: *const u8, line_size: usize) -> u32;

    pub fn proxy_get_header_map_pairs(map_type: i32, return_data: *mut *mut u8, return_size: *mut usize) -> u32;

    pub fn proxy_get_buffer_bytes(
        buffer_type: i32,
        start: usize,
        max_size: usize,
        return_data: *mut *mut u8,
        return_size: *mut usize,
    ) -> u32;

    pub fn proxy_send_local_response(
        code: u32,
        details: *const u8,
        details_size: usize,
        body: *const u8,
        body_size: usize,
        pairs: *const u8,
        pairs_size: usize,
        grpc_status: i32,
    ) -> u32;

    pub fn proxy_add_header_map_value(
        map_type: i32,
        name: *const u8,
        name_size: usize,
        value: *const u8,
        value_size: usize,
    ) -> u32;

    pub fn proxy_replace_header_map_value(
        map_type: i32,
        name: *const u8,
        name_size: usize,
        value: *const u8,
        value_size: usize,
    ) -> u32;

    pub fn proxy_get_current_time_nanoseconds(return_time: *mut u64) -> u32;

    pub safe fn proxy_set_tick_period_milliseconds(period: u32) -> u32;

    pub safe fn proxy_continue_stream(stream_type: i32) -> u32;

    pub fn proxy_define_metric(metric_type: i32, name: *const u8, name_size: usize, return_id: *mut u32) -> u32;

    pub safe fn proxy_increment_metric(id: u32, offset: i64) -> u32;
}
