// Package load says what an Envoy makes of a module before it runs: whether it would load it and, if not, why and what
// cures it (Preflight), and what the module is (Inspect): its sizes, imports and exports, the version of the ABI, the
// toolchain that made it, and each Envoy release's verdict.
//
// It reads the module's structure only and needs no WebAssembly runtime.
package load
