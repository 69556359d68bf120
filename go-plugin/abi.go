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
	levelError = 4

	mapRequestHeaders         = 0
	bufferPluginConfiguration = 7

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
func requestHeaders(a *answer) (string, bool) {
	if proxyGetHeaderMapPairs(mapRequestHeaders, unsafe.Pointer(&a.data), unsafe.Pointer(&a.size)) != statusOK {
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
		pointer(d.headers), size(d.headers), d.grpcStatus)
}

func pointer(s string) unsafe.Pointer { return unsafe.Pointer(unsafe.StringData(s)) }

func size(s string) int32 { return int32(len(s)) }
