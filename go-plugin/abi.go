// abi.go: the host functions the plugin calls itself, because the SDKs trap on a status or on bytes they do not
// expect. A call that fails says so, and that is all it does. Twin: abi.rs.
//
// Where the numbers come from: https://github.com/proxy-wasm/spec/tree/main/abi-versions/v0.2.1

package main

import (
	"math"
	"unsafe"
)

const (
	statusOK       = 0
	statusNotFound = 1

	levelDebug = 1
	levelInfo  = 2
	levelWarn  = 3
	levelError = 4

	mapRequestHeaders         = 0
	mapResponseHeaders        = 2
	mapReplyHeaders           = 6
	mapReplyTrailers          = 7
	bufferPluginConfiguration = 7

	streamRequest = 0
	metricCounter = 0

	refusalDetails = "header_auth_refused"
)

// answer is where the host puts what it returns. It must not lie on the stack of mainline Go, which may move while
// the host calls back for memory.
type answer struct {
	data unsafe.Pointer
	size uint32
}

// bytes is the returned memory itself, which the host has got from the plugin's allocator and given away. Nothing
// is an empty answer; a size without an address is not an answer.
func (a *answer) bytes() (string, bool) {
	if a.size == 0 {
		return "", true
	}
	if a.data == nil || a.size > math.MaxInt32 {
		return "", false
	}
	return unsafe.String((*byte)(a.data), int(a.size)), true
}

// log ignores the status: a plugin that cannot log still has to decide.
func log(level int32, line string) {
	proxyLog(level, pointer(line), size(line))
}

// requestHeaders gives the serialized header map of the request.
func requestHeaders(a *answer) (string, bool) { return headerMap(mapRequestHeaders, a) }

func responseHeaders(a *answer) (string, bool) { return headerMap(mapResponseHeaders, a) }

// replyHeaders gives those of the answer to a call, while it is handed over.
func replyHeaders(a *answer) (string, bool) { return headerMap(mapReplyHeaders, a) }

func replyTrailers(a *answer) (string, bool) { return headerMap(mapReplyTrailers, a) }

func headerMap(mapType int32, a *answer) (string, bool) {
	*a = answer{}
	if proxyGetHeaderMapPairs(mapType, unsafe.Pointer(&a.data), unsafe.Pointer(&a.size)) != statusOK {
		return "", false
	}
	return a.bytes()
}

// pluginConfiguration gives the configuration, or so much of it that it is seen to be too long. None is empty.
func pluginConfiguration() (string, bool) {
	a := new(answer)
	status := proxyGetBufferBytes(bufferPluginConfiguration, 0, documentBytesMax+1,
		unsafe.Pointer(&a.data), unsafe.Pointer(&a.size))
	switch status {
	case statusOK:
		return a.bytes()
	case statusNotFound:
		return "", true
	}
	return "", false
}

// sendLocalResponse ignores the status: the caller holds the request anyway.
func sendLocalResponse(d *deny) {
	proxySendLocalResponse(d.status, pointer(refusalDetails), size(refusalDetails), pointer(d.body), size(d.body),
		pointer(d.headers), size(d.headers), d.grpcStatus())
}

// addHeader ignores the status: a response goes on without what could not be added.
func addHeader(mapType int32, name, value string) {
	proxyAddHeaderMapValue(mapType, pointer(name), size(name), pointer(value), size(value))
}

func replaceHeader(mapType int32, name, value string) bool {
	return proxyReplaceHeaderMapValue(mapType, pointer(name), size(name), pointer(value), size(value)) == statusOK
}

// currentTime gives nanoseconds.
func currentTime() (uint64, bool) {
	now := new(uint64)
	ok := proxyGetCurrentTimeNanoseconds(unsafe.Pointer(now)) == statusOK
	return *now, ok
}

func setTickPeriod(milliseconds uint32) bool {
	return proxySetTickPeriodMilliseconds(milliseconds) == statusOK
}

func setEffectiveContext(id uint32) bool { return proxySetEffectiveContext(id) == statusOK }

// continueRequest releases a request that was held in an earlier callback.
func continueRequest() bool { return proxyContinueStream(streamRequest) == statusOK }

// httpCall goes through the SDK, which knows whom a reply is for. It answers any status with an error.
func httpCall(cluster string, headers [][2]string, timeout uint32, reply func(headers, trailers int)) bool {
	_, err := dispatchHttpCall(cluster, headers, nil, nil, timeout, func(headers, _, trailers int) { reply(headers, trailers) })
	return err == nil
}

// defineCounter gives 0, which is no number of a metric, when it fails: the host has written none.
func defineCounter(name string) uint32 {
	id := new(uint32)
	proxyDefineMetric(metricCounter, pointer(name), size(name), unsafe.Pointer(id))
	return *id
}

// incrementCounter ignores the status: what is not counted is decided all the same.
func incrementCounter(id uint32) { proxyIncrementMetric(id, 1) }

func pointer(s string) unsafe.Pointer { return unsafe.Pointer(unsafe.StringData(s)) }

func size(s string) int32 { return int32(len(s)) }
