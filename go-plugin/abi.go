// abi.go: the host functions the plugin calls itself, because the SDKs trap on a status or on bytes they do not
// expect. A call that fails returns that, and never traps. Twin: abi.rs.
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

// answer is where the host puts what it returns, four bytes of address and four of size: pointers have four bytes in
// TinyGo and in Rust. Those of mainline Go have eight on wasm, too, of which the upper four are zero, as memory ends at
// 4 GiB. The host writes the lower four, which come first; so data has to be nil before a call.
//
// An answer must not lie on the stack of mainline Go, which may move while the host calls back for memory.
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

// logLine ignores the status: a plugin that cannot log still has to decide.
func logLine(level int32, line string) { proxyLog(level, pointerTo(line), sizeOf(line)) }

// logBytes logs a line that is in a buffer, without a copy.
func logBytes(level int32, line []byte) {
	proxyLog(level, unsafe.Pointer(unsafe.SliceData(line)), int32(len(line)))
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

// pluginConfiguration gives the first bytes of the configuration. None is empty.
func pluginConfiguration(maxSize int32) (string, bool) {
	a := new(answer)
	status := proxyGetBufferBytes(bufferPluginConfiguration, 0, maxSize,
		unsafe.Pointer(&a.data), unsafe.Pointer(&a.size))
	switch status {
	case statusOK:
		return a.bytes()
	case statusNotFound:
		return "", true
	}
	return "", false
}

// sendLocalResponse ignores the status: the caller holds the request anyway. The headers are a serialized map.
func sendLocalResponse(status uint32, body, headers string, grpcStatus int32) {
	proxySendLocalResponse(status, pointerTo(refusalDetails), sizeOf(refusalDetails), pointerTo(body), sizeOf(body),
		pointerTo(headers), sizeOf(headers), grpcStatus)
}

// addHeader ignores the status: a response goes on without what could not be added.
func addHeader(mapType int32, name, value string) {
	proxyAddHeaderMapValue(mapType, pointerTo(name), sizeOf(name), pointerTo(value), sizeOf(value))
}

func replaceHeader(mapType int32, name, value string) bool {
	return proxyReplaceHeaderMapValue(mapType, pointerTo(name), sizeOf(name), pointerTo(value), sizeOf(value)) == statusOK
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

// httpCall goes through the SDK, which knows which context a reply is for. It answers any status with an error.
func httpCall(cluster string, headers [][2]string, timeout uint32, onReply func(headers, trailers int)) bool {
	_, err := dispatchHttpCall(cluster, headers, nil, nil, timeout,
		func(headers, _, trailers int) { onReply(headers, trailers) })
	return err == nil
}

// defineCounter gives 0, which is no number of a metric, when the call fails: the host has written none.
func defineCounter(name string) uint32 {
	id := new(uint32)
	proxyDefineMetric(metricCounter, pointerTo(name), sizeOf(name), unsafe.Pointer(id))
	return *id
}

// incrementCounter ignores the status: what is not counted is decided all the same.
func incrementCounter(id uint32) { proxyIncrementMetric(id, 1) }

func pointerTo(s string) unsafe.Pointer { return unsafe.Pointer(unsafe.StringData(s)) }

func sizeOf(s string) int32 { return int32(len(s)) }
