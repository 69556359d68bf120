//go:build !tinygo || sdk_proxywasm

// sdk_proxywasm_wasm.go: the SDK's way to call out. A native build has that of its stand-in. No twin: Rust has one SDK.

package main

import "github.com/proxy-wasm/proxy-wasm-go-sdk/proxywasm"

var dispatchHttpCall = proxywasm.DispatchHttpCall
