//go:build !wasm

// abi_native.go: a stand-in for the host, so that the plugin links and runs as a native program, which the unit
// tests do. Twin: abi_native.rs.

package main

import "unsafe"

// standIn is the host of the test that runs.
var standIn nativeHost

// nativeHost answers what the test says and keeps what the plugin did.
type nativeHost struct {
	headers, configuration             []byte
	headersStatus, configurationStatus uint32
	otherStatus                        uint32 // of every other function
	calls                              []nativeCall
}

// nativeCall is a log line (level and text) or a local response (the rest).
type nativeCall struct {
	level                int32
	text                 string
	code                 uint32
	details, body, pairs string
	grpcStatus           int32
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
