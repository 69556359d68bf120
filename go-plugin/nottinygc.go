//go:build nottinygc_envoy

// nottinygc.go: links the nottinygc collector into the build that asks for it. No twin: Rust has no collector.

package main

import _ "github.com/wasilibs/nottinygc"
