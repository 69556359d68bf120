package host

import "strconv"

// ABI is a version of the Proxy-Wasm ABI, named by the exported function that marks a module as written for it.
type ABI uint8

const (
	ABI010 ABI = iota + 1 // proxy_abi_version_0_1_0
	ABI020                // proxy_abi_version_0_2_0
	ABI021                // proxy_abi_version_0_2_1
)

func (a ABI) String() string { return nameOf(uint32(a), "unknown", "0.1.0", "0.2.0", "0.2.1") }

// Marker is the export by which a module says that it is written for this version.
func (a ABI) Marker() string {
	return nameOf(uint32(a), "", "proxy_abi_version_0_1_0", "proxy_abi_version_0_2_0", "proxy_abi_version_0_2_1")
}

// set is the version as a member of an abiSet.
func (a ABI) set() abiSet {
	if a < ABI010 || a > ABI021 {
		return 0
	}
	return 1 << (a - ABI010)
}

// Status is what a host function returns. The numbers are those of Envoy and of the SDKs; the ABI's text leaves 5, 9
// and 11 out.
type Status uint32

const (
	StatusOk Status = iota
	StatusNotFound
	StatusBadArgument
	StatusSerializationFailure
	StatusParseFailure
	StatusBadExpression
	StatusInvalidMemoryAccess
	StatusEmpty
	StatusCasMismatch
	StatusResultMismatch
	StatusInternalFailure
	StatusBrokenConnection
	StatusUnimplemented
)

func (s Status) String() string {
	return nameOf(uint32(s), "Ok", "NotFound", "BadArgument", "SerializationFailure", "ParseFailure", "BadExpression",
		"InvalidMemoryAccess", "Empty", "CasMismatch", "ResultMismatch", "InternalFailure", "BrokenConnection",
		"Unimplemented")
}

// Action is what a header, body or trailers callback returns. SDKs know only Continue and Pause; the numbers from 2 on
// mean different things for headers and for bodies.
type Action uint32

const (
	Continue Action = iota
	Pause
	ContinueAndEndStream
	StopAllIterationAndBuffer
	StopAllIterationAndWatermark
)

// Actions of body callbacks, where 1 (Pause) is stop and buffer.
const (
	StopAndWatermark Action = 2
	StopNoBuffer     Action = 3
)

func (a Action) String() string {
	switch a {
	case Continue:
		return "Continue"
	case Pause:
		return "Pause"
	}
	return "Action(" + strconv.FormatUint(uint64(a), 10) + ")"
}

// MapType names one of the header maps a plugin may ask for.
type MapType uint32

const (
	RequestHeaders MapType = iota
	RequestTrailers
	ResponseHeaders
	ResponseTrailers
	GrpcReceiveInitialMetadata
	GrpcReceiveTrailingMetadata
	HttpCallResponseHeaders
	HttpCallResponseTrailers
	mapTypes // how many there are
)

func (t MapType) String() string {
	return nameOf(uint32(t), "RequestHeaders", "RequestTrailers", "ResponseHeaders", "ResponseTrailers",
		"GrpcReceiveInitialMetadata", "GrpcReceiveTrailingMetadata", "HttpCallResponseHeaders",
		"HttpCallResponseTrailers")
}

// BufferType names one of the buffers a plugin may ask for.
type BufferType uint32

const (
	RequestBody BufferType = iota
	ResponseBody
	DownstreamData
	UpstreamData
	HttpCallResponseBody
	GrpcReceiveBuffer
	VMConfiguration
	PluginConfiguration
	CallData
	bufferTypes // how many there are
)

func (t BufferType) String() string {
	return nameOf(uint32(t), "RequestBody", "ResponseBody", "DownstreamData", "UpstreamData", "HttpCallResponseBody",
		"GrpcReceiveBuffer", "VmConfiguration", "PluginConfiguration", "CallData")
}

// StreamType names the direction that proxy_continue_stream and proxy_close_stream are about.
type StreamType uint32

const (
	StreamRequest StreamType = iota
	StreamResponse
	StreamDownstream
	StreamUpstream
	streamTypes // how many there are
)

func (t StreamType) String() string {
	return nameOf(uint32(t), "Request", "Response", "Downstream", "Upstream")
}

// LogLevel is the level of a log line.
type LogLevel uint32

const (
	LogTrace LogLevel = iota
	LogDebug
	LogInfo
	LogWarn
	LogError
	LogCritical
	LogOff // as a threshold only: nothing is logged
)

func (l LogLevel) String() string {
	return nameOf(uint32(l), "trace", "debug", "info", "warn", "error", "critical", "off")
}

// MetricType is the type of a metric.
type MetricType uint32

const (
	Counter MetricType = iota
	Gauge
	Histogram
	metricTypes // how many there are
)

func (t MetricType) String() string { return nameOf(uint32(t), "Counter", "Gauge", "Histogram") }

// nameOf is names[n], or the number itself when there is no such name.
func nameOf(n uint32, names ...string) string {
	if n < uint32(len(names)) {
		return names[n]
	}
	return strconv.FormatUint(uint64(n), 10)
}
