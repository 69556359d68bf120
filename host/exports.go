package host

// callback numbers the guest's exports that the host calls.
type callback uint8

const (
	onContextCreate callback = iota
	onVMStart
	onConfigure
	onTick
	onRequestHeaders
	onRequestBody
	onRequestTrailers
	onResponseHeaders
	onResponseBody
	onResponseTrailers
	onLog
	onDone
	onDelete
	onHTTPCallResponse
	onGrpcReceiveInitialMetadata
	onGrpcReceive
	onGrpcReceiveTrailingMetadata
	onGrpcClose
	onQueueReady
	onForeignFunction
	onNewConnection
	onDownstreamData
	onUpstreamData
	onDownstreamConnectionClose
	onUpstreamConnectionClose
	onRequestMetadata
	onResponseMetadata
	validateConfiguration
	callbacks // how many there are
)

// callbackInfo is the signature under which a callback is looked up. A module that exports the name with another type
// is not loaded.
type callbackInfo struct {
	name     string
	params   []param
	result   result
	abi      abiSet
	lastIn02 bool // the last parameter is missing in ABI 0.1.0
}

// paramsIn are the parameters in a version of the ABI.
func (c *callbackInfo) paramsIn(a ABI) []param {
	if c.lastIn02 && a == ABI010 {
		return c.params[:len(c.params)-1]
	}
	return c.params
}

var (
	contextParam = param{"context", kindI32}
	endParam     = param{"end_of_stream", kindBool}
	sizeParam    = param{"size", kindI32}
	tokenParam   = param{"token", kindI32}
	headersParam = param{"headers", kindI32}
)

// callbackTable is proxy-wasm-cpp-host's getFunctions.
var callbackTable = [callbacks]callbackInfo{
	onContextCreate:               {"proxy_on_context_create", []param{contextParam, {"parent", kindI32}}, resultNone, inAll, false},
	onVMStart:                     {"proxy_on_vm_start", []param{contextParam, sizeParam}, resultBool, inAll, false},
	onConfigure:                   {"proxy_on_configure", []param{contextParam, sizeParam}, resultBool, inAll, false},
	onTick:                        {"proxy_on_tick", []param{contextParam}, resultNone, inAll, false},
	onRequestHeaders:              {"proxy_on_request_headers", []param{contextParam, headersParam, endParam}, resultAction, inAll, true},
	onRequestBody:                 {"proxy_on_request_body", []param{contextParam, sizeParam, endParam}, resultAction, inAll, false},
	onRequestTrailers:             {"proxy_on_request_trailers", []param{contextParam, {"trailers", kindI32}}, resultAction, inAll, false},
	onResponseHeaders:             {"proxy_on_response_headers", []param{contextParam, headersParam, endParam}, resultAction, inAll, true},
	onResponseBody:                {"proxy_on_response_body", []param{contextParam, sizeParam, endParam}, resultAction, inAll, false},
	onResponseTrailers:            {"proxy_on_response_trailers", []param{contextParam, {"trailers", kindI32}}, resultAction, inAll, false},
	onLog:                         {"proxy_on_log", []param{contextParam}, resultNone, inAll, false},
	onDone:                        {"proxy_on_done", []param{contextParam}, resultBool, inAll, false},
	onDelete:                      {"proxy_on_delete", []param{contextParam}, resultNone, inAll, false},
	onHTTPCallResponse:            {"proxy_on_http_call_response", []param{contextParam, tokenParam, headersParam, {"body", kindI32}, {"trailers", kindI32}}, resultNone, inAll, false},
	onGrpcReceiveInitialMetadata:  {"proxy_on_grpc_receive_initial_metadata", []param{contextParam, tokenParam, headersParam}, resultNone, inAll, false},
	onGrpcReceive:                 {"proxy_on_grpc_receive", []param{contextParam, tokenParam, sizeParam}, resultNone, inAll, false},
	onGrpcReceiveTrailingMetadata: {"proxy_on_grpc_receive_trailing_metadata", []param{contextParam, tokenParam, headersParam}, resultNone, inAll, false},
	onGrpcClose:                   {"proxy_on_grpc_close", []param{contextParam, tokenParam, {"status", kindI32}}, resultNone, inAll, false},
	onQueueReady:                  {"proxy_on_queue_ready", []param{contextParam, {"queue", kindI32}}, resultNone, inAll, false},
	onForeignFunction:             {"proxy_on_foreign_function", []param{contextParam, {"function", kindI32}, sizeParam}, resultNone, in02x, false},
	onNewConnection:               {"proxy_on_new_connection", []param{contextParam}, resultAction, inAll, false},
	onDownstreamData:              {"proxy_on_downstream_data", []param{contextParam, sizeParam, endParam}, resultAction, inAll, false},
	onUpstreamData:                {"proxy_on_upstream_data", []param{contextParam, sizeParam, endParam}, resultAction, inAll, false},
	onDownstreamConnectionClose:   {"proxy_on_downstream_connection_close", []param{contextParam, {"peer", kindI32}}, resultNone, inAll, false},
	onUpstreamConnectionClose:     {"proxy_on_upstream_connection_close", []param{contextParam, {"peer", kindI32}}, resultNone, inAll, false},
	onRequestMetadata:             {"proxy_on_request_metadata", []param{contextParam, {"elements", kindI32}}, resultAction, inAll, false},
	onResponseMetadata:            {"proxy_on_response_metadata", []param{contextParam, {"elements", kindI32}}, resultAction, inAll, false},
	validateConfiguration:         {"proxy_validate_configuration", []param{contextParam, sizeParam}, resultBool, inAll, false},
}

// allocators are the exports that serve when the host needs memory, in the order in which they are asked for.
func (o AllocatorOrder) exports() [2]string {
	if o == SpecOrder {
		return [2]string{"proxy_on_memory_allocate", "malloc"}
	}
	return [2]string{"malloc", "proxy_on_memory_allocate"}
}
