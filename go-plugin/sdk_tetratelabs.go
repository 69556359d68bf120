//go:build tinygo && !sdk_proxywasm

// sdk_tetratelabs.go: the names main.go takes from an SDK, here for TinyGo without the tag sdk_proxywasm.
// sdk_proxywasm.go has the same for every other build. No twin: Rust has one SDK.

package main

import (
	"github.com/tetratelabs/proxy-wasm-go-sdk/proxywasm"
	"github.com/tetratelabs/proxy-wasm-go-sdk/proxywasm/types"
)

type (
	VMContext            = types.VMContext
	DefaultVMContext     = types.DefaultVMContext
	PluginContext        = types.PluginContext
	DefaultPluginContext = types.DefaultPluginContext
	OnPluginStartStatus  = types.OnPluginStartStatus
	HttpContext          = types.HttpContext
	DefaultHttpContext   = types.DefaultHttpContext
	Action               = types.Action
)

const (
	OnPluginStartStatusOK     = types.OnPluginStartStatusOK
	OnPluginStartStatusFailed = types.OnPluginStartStatusFailed
	ActionContinue            = types.ActionContinue
	ActionPause               = types.ActionPause
)

func setVMContext(c VMContext) { proxywasm.SetVMContext(c) }

var dispatchHttpCall = proxywasm.DispatchHttpCall
