//go:build !tinygo || sdk_proxywasm

// sdk_proxywasm.go: the names main.go takes from an SDK, here for mainline Go, and for TinyGo when the build's tags have
// sdk_proxywasm. sdk_tetratelabs.go has the same for TinyGo without that tag. No twin: Rust has one SDK.

package main

import (
	"github.com/proxy-wasm/proxy-wasm-go-sdk/proxywasm"
	"github.com/proxy-wasm/proxy-wasm-go-sdk/proxywasm/types"
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
