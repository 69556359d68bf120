package abi

import "github.com/header-auth/header-auth/host/wasmfile"

// Callback numbers the guest's exports that the host calls.
type Callback uint8

const (
	OnContextCreate Callback = iota
	OnVMStart
	OnConfigure
	OnTick
	OnRequestHeaders
	OnRequestBody
	OnRequestTrailers
	OnResponseHeaders
	OnResponseBody
	OnResponseTrailers
	OnLog
	OnDone
	OnDelete
	OnHTTPCallResponse
	OnGrpcReceiveInitialMetadata
	OnGrpcReceive
	OnGrpcReceiveTrailingMetadata
	OnGrpcClose
	OnQueueReady
	OnForeignFunction
	OnNewConnection
	OnDownstreamData
	OnUpstreamData
	OnDownstreamConnectionClose
	OnUpstreamConnectionClose
	OnRequestMetadata
	OnResponseMetadata
	ValidateConfiguration
	Callbacks // how many there are
)

// Name is the export's name.
func (c Callback) Name() string { return callbackTable[c].name }

// In says whether Envoy looks the callback up in a module of that version.
func (c Callback) In(v Version) bool { return callbackTable[c].versions.Has(v) }

// Params are the callback's parameters in a version. The first is the number of the context.
func (c Callback) Params(v Version) []Param {
	info := &callbackTable[c]
	if info.lastIn02 && v == V010 {
		return info.params[:len(info.params)-1]
	}
	return info.params
}

// Result is what the callback returns.
func (c Callback) Result() Result { return callbackTable[c].result }

// Type is the type under which Envoy looks the callback up. A module that exports the name with another type is not
// loaded.
func (c Callback) Type(v Version) wasmfile.FuncType { return FuncType(c.Params(v), c.Result()) }

type callbackInfo struct {
	name     string
	params   []Param
	result   Result
	versions Versions
	lastIn02 bool // the last parameter is missing in ABI 0.1.0
}

var (
	contextParam = Param{"context", KindI32}
	endParam     = Param{"end_of_stream", KindBool}
	sizeParam    = Param{"size", KindI32}
	tokenParam   = Param{"token", KindI32}
	headersParam = Param{"headers", KindI32}
)

// callbackTable has what proxy-wasm-cpp-host looks up (src/wasm.cc, WasmBase::getFunctions).
var callbackTable = [Callbacks]callbackInfo{
	OnContextCreate:               {"proxy_on_context_create", []Param{contextParam, {"parent", KindI32}}, ResultNone, inAll, false},
	OnVMStart:                     {"proxy_on_vm_start", []Param{contextParam, sizeParam}, ResultBool, inAll, false},
	OnConfigure:                   {"proxy_on_configure", []Param{contextParam, sizeParam}, ResultBool, inAll, false},
	OnTick:                        {"proxy_on_tick", []Param{contextParam}, ResultNone, inAll, false},
	OnRequestHeaders:              {"proxy_on_request_headers", []Param{contextParam, headersParam, endParam}, ResultAction, inAll, true},
	OnRequestBody:                 {"proxy_on_request_body", []Param{contextParam, sizeParam, endParam}, ResultAction, inAll, false},
	OnRequestTrailers:             {"proxy_on_request_trailers", []Param{contextParam, {"trailers", KindI32}}, ResultAction, inAll, false},
	OnResponseHeaders:             {"proxy_on_response_headers", []Param{contextParam, headersParam, endParam}, ResultAction, inAll, true},
	OnResponseBody:                {"proxy_on_response_body", []Param{contextParam, sizeParam, endParam}, ResultAction, inAll, false},
	OnResponseTrailers:            {"proxy_on_response_trailers", []Param{contextParam, {"trailers", KindI32}}, ResultAction, inAll, false},
	OnLog:                         {"proxy_on_log", []Param{contextParam}, ResultNone, inAll, false},
	OnDone:                        {"proxy_on_done", []Param{contextParam}, ResultBool, inAll, false},
	OnDelete:                      {"proxy_on_delete", []Param{contextParam}, ResultNone, inAll, false},
	OnHTTPCallResponse:            {"proxy_on_http_call_response", []Param{contextParam, tokenParam, headersParam, {"body", KindI32}, {"trailers", KindI32}}, ResultNone, inAll, false},
	OnGrpcReceiveInitialMetadata:  {"proxy_on_grpc_receive_initial_metadata", []Param{contextParam, tokenParam, headersParam}, ResultNone, inAll, false},
	OnGrpcReceive:                 {"proxy_on_grpc_receive", []Param{contextParam, tokenParam, sizeParam}, ResultNone, inAll, false},
	OnGrpcReceiveTrailingMetadata: {"proxy_on_grpc_receive_trailing_metadata", []Param{contextParam, tokenParam, headersParam}, ResultNone, inAll, false},
	OnGrpcClose:                   {"proxy_on_grpc_close", []Param{contextParam, tokenParam, {"status", KindI32}}, ResultNone, inAll, false},
	OnQueueReady:                  {"proxy_on_queue_ready", []Param{contextParam, {"queue", KindI32}}, ResultNone, inAll, false},
	OnForeignFunction:             {"proxy_on_foreign_function", []Param{contextParam, {"function", KindI32}, sizeParam}, ResultNone, in02x, false},
	OnNewConnection:               {"proxy_on_new_connection", []Param{contextParam}, ResultAction, inAll, false},
	OnDownstreamData:              {"proxy_on_downstream_data", []Param{contextParam, sizeParam, endParam}, ResultAction, inAll, false},
	OnUpstreamData:                {"proxy_on_upstream_data", []Param{contextParam, sizeParam, endParam}, ResultAction, inAll, false},
	OnDownstreamConnectionClose:   {"proxy_on_downstream_connection_close", []Param{contextParam, {"peer", KindI32}}, ResultNone, inAll, false},
	OnUpstreamConnectionClose:     {"proxy_on_upstream_connection_close", []Param{contextParam, {"peer", KindI32}}, ResultNone, inAll, false},
	OnRequestMetadata:             {"proxy_on_request_metadata", []Param{contextParam, {"elements", KindI32}}, ResultAction, inAll, false},
	OnResponseMetadata:            {"proxy_on_response_metadata", []Param{contextParam, {"elements", KindI32}}, ResultAction, inAll, false},
	ValidateConfiguration:         {"proxy_validate_configuration", []Param{contextParam, sizeParam}, ResultBool, inAll, false},
}
