// abi_wasm.rs: the host functions themselves. Twin: abi_wasm.go.

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
}
