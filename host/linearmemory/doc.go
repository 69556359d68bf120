// Package linearmemory is the linear memory of a WebAssembly instance, in the form in which wazero asks for it:
// reserved once at its full size where the system can do that (memory_unix.go), else a slice that is copied when it
// grows.
package linearmemory
