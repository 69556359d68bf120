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
	Callbacks // the number of callbacks
)

// Name is the export's name.
func (c Callback) Name() string { return callbackTable[c].name }

// In says whether Envoy looks the callback up in a module of that version.
func (c Callback) In(v Version) bool { return callbackTable[c].versions.Has(v) }

// Params are the callback's parameters in a version. The first is the number of the context.
func (c Callback) Params(v Version) []Param {
	info := &callbackTable[c]
	if info.lacksLast && v == V010 {
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
	name      string
	params    []Param
	result    Result
	versions  Versions
	lacksLast bool // in ABI 0.1.0 the last parameter is missing
}

// callbackTable has what proxy-wasm-cpp-host looks up (src/wasm.cc, WasmBase::getFunctions).
var callbackTable = [Callbacks]callbackInfo{
	OnContextCreate:    define("proxy_on_context_create", ResultNone, number("parent")),
	OnVMStart:          define("proxy_on_vm_start", ResultBool, number("size")),
	OnConfigure:        define("proxy_on_configure", ResultBool, number("size")),
	OnTick:             define("proxy_on_tick", ResultNone),
	OnRequestHeaders:   define("proxy_on_request_headers", ResultAction, number("headers"), end).lastSince020(),
	OnRequestBody:      define("proxy_on_request_body", ResultAction, number("size"), end),
	OnRequestTrailers:  define("proxy_on_request_trailers", ResultAction, number("trailers")),
	OnResponseHeaders:  define("proxy_on_response_headers", ResultAction, number("headers"), end).lastSince020(),
	OnResponseBody:     define("proxy_on_response_body", ResultAction, number("size"), end),
	OnResponseTrailers: define("proxy_on_response_trailers", ResultAction, number("trailers")),
	OnLog:              define("proxy_on_log", ResultNone),
	OnDone:             define("proxy_on_done", ResultBool),
	OnDelete:           define("proxy_on_delete", ResultNone),
	OnHTTPCallResponse: define("proxy_on_http_call_response", ResultNone, token, number("headers"), number("body"),
		number("trailers")),
	OnGrpcReceiveInitialMetadata:  define("proxy_on_grpc_receive_initial_metadata", ResultNone, token, number("headers")),
	OnGrpcReceive:                 define("proxy_on_grpc_receive", ResultNone, token, number("size")),
	OnGrpcReceiveTrailingMetadata: define("proxy_on_grpc_receive_trailing_metadata", ResultNone, token, number("headers")),
	OnGrpcClose:                   define("proxy_on_grpc_close", ResultNone, token, number("status")),
	OnQueueReady:                  define("proxy_on_queue_ready", ResultNone, number("queue")),
	OnForeignFunction: define("proxy_on_foreign_function", ResultNone, number("function"),
		number("size")).in(in02x),
	OnNewConnection:             define("proxy_on_new_connection", ResultAction),
	OnDownstreamData:            define("proxy_on_downstream_data", ResultAction, number("size"), end),
	OnUpstreamData:              define("proxy_on_upstream_data", ResultAction, number("size"), end),
	OnDownstreamConnectionClose: define("proxy_on_downstream_connection_close", ResultNone, number("peer")),
	OnUpstreamConnectionClose:   define("proxy_on_upstream_connection_close", ResultNone, number("peer")),
	OnRequestMetadata:           define("proxy_on_request_metadata", ResultAction, number("elements")),
	OnResponseMetadata:          define("proxy_on_response_metadata", ResultAction, number("elements")),
	ValidateConfiguration:       define("proxy_validate_configuration", ResultBool, number("size")),
}

var (
	end   = Param{"end_of_stream", KindBool} // nothing of the message follows
	token = number("token")                  // of a call
)

// define describes a callback that all versions have. Its first parameter is the context.
func define(name string, result Result, params ...Param) callbackInfo {
	return callbackInfo{name: name, params: append([]Param{number("context")}, params...), result: result, versions: inAll}
}

func (c callbackInfo) in(versions Versions) callbackInfo {
	c.versions = versions
	return c
}

func (c callbackInfo) lastSince020() callbackInfo {
	c.lacksLast = true
	return c
}

func number(name string) Param { return Param{name, KindI32} }
