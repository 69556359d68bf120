// Package abi is the Proxy-Wasm ABI as data: the functions that a host offers to a plugin (Functions), the callbacks
// that it makes (Callback), their parameters and results, the versions in which each of them exists, and the numbers
// that go over the border (Status, Action, MapType, BufferType, StreamType, LogLevel, MetricType).
//
// The source is what Envoy does: its library proxy-wasm-cpp-host. The ABI's text
// (github.com/proxy-wasm/spec) is the source where both agree. What a host function does stands in package host, at the
// Go function of the same name (proxy_get_property: proxyGetProperty); the functions of WASI are in package wasi.
//
// The package runs nothing: it needs no WebAssembly runtime.
package abi
