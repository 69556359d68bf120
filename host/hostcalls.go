package host

import (
	"math"

	"github.com/header-auth/header-auth/host/abi"
	"github.com/header-auth/header-auth/host/profile"
	"github.com/header-auth/header-auth/host/wasi"
)

// hostCall is the work of a host function. The wasm parameters are in stack, one word each, in order; what it returns
// becomes the result, if the function has one. It does not keep stack, and on the path of a request it does not
// allocate on the Go heap. vm.trap makes the guest trap.
//
// All functions work in the same order: check numbers, read the ranges, do the work, ask the guest's allocator for
// memory if there is something to give, write the out words.
type hostCall func(vm *VM, stack []uint64) uint32

// hostCalls are the host functions of the module env. Package abi declares their parameters and results.
var hostCalls = map[string]hostCall{
	"proxy_log":           proxyLog,
	"proxy_get_log_level": proxyGetLogLevel,

	"proxy_get_header_map_value":     proxyGetHeaderMapValue,
	"proxy_add_header_map_value":     proxyAddHeaderMapValue,
	"proxy_replace_header_map_value": proxyReplaceHeaderMapValue,
	"proxy_remove_header_map_value":  proxyRemoveHeaderMapValue,
	"proxy_get_header_map_pairs":     proxyGetHeaderMapPairs,
	"proxy_set_header_map_pairs":     proxySetHeaderMapPairs,
	"proxy_get_header_map_size":      proxyGetHeaderMapSize,

	"proxy_get_buffer_bytes":  proxyGetBufferBytes,
	"proxy_get_buffer_status": proxyGetBufferStatus,
	"proxy_set_buffer_bytes":  proxySetBufferBytes,
	"proxy_get_configuration": proxyGetConfiguration,

	"proxy_send_local_response":   proxySendLocalResponse,
	"proxy_continue_stream":       proxyContinueStream,
	"proxy_close_stream":          proxyCloseStream,
	"proxy_set_effective_context": proxySetEffectiveContext,
	"proxy_done":                  proxyDone,
	"proxy_continue_request":      proxyContinueRequest,
	"proxy_continue_response":     proxyContinueResponse,
	"proxy_clear_route_cache":     proxyClearRouteCache,

	"proxy_http_call":  proxyHTTPCall,
	"proxy_get_status": proxyGetStatus,

	"proxy_grpc_call":   proxyGrpcCall,
	"proxy_grpc_stream": proxyGrpcStream,
	"proxy_grpc_send":   proxyGrpcSend,
	"proxy_grpc_cancel": proxyGrpcCancel,
	"proxy_grpc_close":  proxyGrpcClose,

	"proxy_define_metric":    proxyDefineMetric,
	"proxy_increment_metric": proxyIncrementMetric,
	"proxy_record_metric":    proxyRecordMetric,
	"proxy_get_metric":       proxyGetMetric,

	"proxy_get_shared_data":       proxyGetSharedData,
	"proxy_set_shared_data":       proxySetSharedData,
	"proxy_register_shared_queue": proxyRegisterSharedQueue,
	"proxy_resolve_shared_queue":  proxyResolveSharedQueue,
	"proxy_enqueue_shared_queue":  proxyEnqueueSharedQueue,
	"proxy_dequeue_shared_queue":  proxyDequeueSharedQueue,

	"proxy_get_property": proxyGetProperty,
	"proxy_set_property": proxySetProperty,

	"proxy_get_current_time_nanoseconds": proxyGetCurrentTime,
	"proxy_set_tick_period_milliseconds": proxySetTickPeriod,

	"proxy_call_foreign_function":     proxyCallForeignFunction,
	"envoy_resolve_dns":               envoyResolveDNS,
	"emscripten_notify_memory_growth": emscriptenNotifyMemoryGrowth,
	"pthread_equal":                   pthreadEqual,
}

// function is a host function: what the ABI says of it, and its work.
type function struct {
	abi.Function
	call hostCall
}

// functions are those that link in that Envoy, by the module they are imported from.
func functions(p profile.Profile) map[string][]function {
	var env, wasiFunctions []function
	for _, f := range abi.Functions(p) {
		env = append(env, function{f, hostCalls[f.Name]})
	}
	for _, f := range wasi.Functions(p) {
		call := f.Call
		wasiFunctions = append(wasiFunctions, function{f.Function, func(vm *VM, stack []uint64) uint32 {
			return call((*wasiSystem)(vm), stack)
		}})
	}
	all := map[string][]function{"env": env}
	for _, module := range wasi.Modules {
		all[module] = wasiFunctions
	}
	return all
}

// Statuses as host functions return them.
const (
	ok                  = uint32(abi.StatusOk)
	notFound            = uint32(abi.StatusNotFound)
	badArgument         = uint32(abi.StatusBadArgument)
	invalidMemoryAccess = uint32(abi.StatusInvalidMemoryAccess)
	internalFailure     = uint32(abi.StatusInternalFailure)
)

// readRange reads the bytes of two parameters, address and length.
func readRange(vm *VM, stack []uint64) ([]byte, bool) {
	return vm.read(uint32(stack[0]), uint32(stack[1]))
}

// hostBytes is how much a guest may make the host copy and keep in one callback. Envoy has no such limit and would run
// out of memory.
const hostBytes = 16 << 20

// chargeBytes counts n bytes and 64 more for their administration. The guest traps when hostBytes is exceeded.
func (vm *VM) chargeBytes(n int) {
	vm.keptBytes += n + 64
	if vm.keptBytes > hostBytes {
		vm.keptBytes = math.MinInt32
		vm.trap("the guest makes the host keep more than 16 MiB in one callback")
	}
}
