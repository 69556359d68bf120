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

//go:wasmimport env proxy_add_header_map_value
func proxyAddHeaderMapValue(mapType int32, name unsafe.Pointer, nameSize int32, value unsafe.Pointer,
	valueSize int32) (status uint32)

//go:wasmimport env proxy_replace_header_map_value
func proxyReplaceHeaderMapValue(mapType int32, name unsafe.Pointer, nameSize int32, value unsafe.Pointer,
	valueSize int32) (status uint32)

//go:wasmimport env proxy_get_current_time_nanoseconds
func proxyGetCurrentTimeNanoseconds(returnTime unsafe.Pointer) (status uint32)

//go:wasmimport env proxy_set_tick_period_milliseconds
func proxySetTickPeriodMilliseconds(period uint32) (status uint32)

//go:wasmimport env proxy_set_effective_context
func proxySetEffectiveContext(contextID uint32) (status uint32)

//go:wasmimport env proxy_continue_stream
func proxyContinueStream(streamType int32) (status uint32)

//go:wasmimport env proxy_define_metric
func proxyDefineMetric(metricType int32, name unsafe.Pointer, nameSize int32, returnID unsafe.Pointer) (status uint32)

//go:wasmimport env proxy_increment_metric
func proxyIncrementMetric(id uint32, offset int64) (status uint32)
