// abi_wasm.go: the host functions themselves. Twin: abi_wasm.rs.

package main

import "unsafe"

//go:wasmimport env proxy_log
func proxyLog(level int32, line unsafe.Pointer, lineSize int32) (status uint32)

//go:wasmimport env proxy_get_header_map_pairs
func proxyGetHeaderMapPairs(mapType int32, returnData, returnSize unsafe.Pointer) (status uint32)

//go:wasmimport env proxy_get_buffer_bytes
func proxyGetBufferBytes(bufferType, start, maxSize int32, returnData, returnSize unsafe.Pointer) (status uint32)

//go:wasmimport env proxy_send_local_response
func proxySendLocalResponse(code uint32, details unsafe.Pointer, detailsSize int32, body unsafe.Pointer, bodySize int32,
	pairs unsafe.Pointer, pairsSize int32, grpcStatus int32) (status uint32)
