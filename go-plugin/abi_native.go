//go:build !wasm

// abi_native.go: a stand-in for the host, so that the plugin links and runs as a native program, which the unit
// tests do. Twin: abi_native.rs.

package main

import (
	"errors"
	"unsafe"
)

// standIn is the host of the test that runs.
var standIn nativeHost

// nativeHost answers what the test says and keeps what the plugin did.
type nativeHost struct {
	headers, configuration             []byte // headers: of any map
	headersStatus, configurationStatus uint32
	now                                uint64
	failing                            string // the function that answers failure
	failure                            uint32
	otherStatus                        uint32 // of every other function
	metrics                            uint32 // defined so far
	calls                              []nativeCall
	reply                              func(headers, body, trailers int) // to the last call
}

// nativeCall is a log line (level and text), a local response (code and what follows it), or another function and
// what it was given.
type nativeCall struct {
	level                int32
	text                 string
	code                 uint32
	details, body, pairs string
	grpcStatus           int32
	function             string
	number               int64
	name, value          string
}

func proxyLog(level int32, line unsafe.Pointer, lineSize int32) (status uint32) {
	standIn.calls = append(standIn.calls, nativeCall{level: level, text: copied(line, lineSize)})
	return standIn.otherStatus
}

func proxyGetHeaderMapPairs(_ int32, returnData, returnSize unsafe.Pointer) (status uint32) {
	hand(standIn.headers, returnData, returnSize)
	return standIn.headersStatus
}

func proxyGetBufferBytes(_, _, maxSize int32, returnData, returnSize unsafe.Pointer) (status uint32) {
	configuration := standIn.configuration
	hand(configuration[:min(len(configuration), int(maxSize))], returnData, returnSize)
	return standIn.configurationStatus
}

func proxySendLocalResponse(code uint32, details unsafe.Pointer, detailsSize int32, body unsafe.Pointer, bodySize int32,
	pairs unsafe.Pointer, pairsSize int32, grpcStatus int32) (status uint32) {
	standIn.calls = append(standIn.calls, nativeCall{
		code: code, details: copied(details, detailsSize), body: copied(body, bodySize),
		pairs: copied(pairs, pairsSize), grpcStatus: grpcStatus,
	})
	return standIn.otherStatus
}

func proxyAddHeaderMapValue(mapType int32, name unsafe.Pointer, nameSize int32, value unsafe.Pointer,
	valueSize int32) (status uint32) {
	return record(nativeCall{function: "add", number: int64(mapType), name: copied(name, nameSize),
		value: copied(value, valueSize)})
}

func proxyReplaceHeaderMapValue(mapType int32, name unsafe.Pointer, nameSize int32, value unsafe.Pointer,
	valueSize int32) (status uint32) {
	return record(nativeCall{function: "replace", number: int64(mapType), name: copied(name, nameSize),
		value: copied(value, valueSize)})
}

func proxyGetCurrentTimeNanoseconds(returnTime unsafe.Pointer) (status uint32) {
	*(*uint64)(returnTime) = standIn.now
	if standIn.failing == "clock" {
		return standIn.failure
	}
	return standIn.otherStatus
}

func proxySetTickPeriodMilliseconds(period uint32) (status uint32) {
	return record(nativeCall{function: "tick", number: int64(period)})
}

func proxySetEffectiveContext(contextID uint32) (status uint32) {
	return record(nativeCall{function: "context", number: int64(contextID)})
}

func proxyContinueStream(streamType int32) (status uint32) {
	return record(nativeCall{function: "continue", number: int64(streamType)})
}

func proxyDefineMetric(_ int32, name unsafe.Pointer, nameSize int32, returnID unsafe.Pointer) (status uint32) {
	status = record(nativeCall{function: "define", name: copied(name, nameSize)})
	if status == statusOK {
		standIn.metrics += 4
		*(*uint32)(returnID) = standIn.metrics
	}
	return status
}

func proxyIncrementMetric(id uint32, _ int64) (status uint32) {
	return record(nativeCall{function: "increment", number: int64(id)})
}

func dispatchHttpCall(cluster string, headers [][2]string, _ []byte, _ [][2]string, timeout uint32,
	onReply func(headers, body, trailers int)) (id uint32, err error) {
	sent := ""
	for _, header := range headers {
		sent += header[0] + "=" + header[1] + " "
	}
	standIn.reply = onReply
	if record(nativeCall{function: "call", number: int64(timeout), name: cluster, value: sent}) != statusOK {
		return 0, errors.New("the test says so")
	}
	return 4, nil
}

func record(call nativeCall) (status uint32) {
	standIn.calls = append(standIn.calls, call)
	if call.function == standIn.failing {
		return standIn.failure
	}
	return standIn.otherStatus
}

// hand returns bytes as a host does: memory of the plugin's own, or nothing at all when there are none.
func hand(data []byte, returnData, returnSize unsafe.Pointer) {
	if len(data) == 0 {
		return
	}
	*(*unsafe.Pointer)(returnData) = unsafe.Pointer(unsafe.SliceData(append([]byte(nil), data...)))
	*(*uint32)(returnSize) = uint32(len(data))
}

func copied(data unsafe.Pointer, size int32) string {
	return string(unsafe.Slice((*byte)(data), int(size)))
}
