// Package wasi has the functions of WASI preview 1 as Envoy offers them to plugins: a log, a clock, random bytes and
// environment variables, and a refusal for all that would need files or sockets. No function touches anything of the
// machine; what they need of the VM that calls them comes through System.
//
// The list (Find, Functions) says from which Envoy on a function links, and in which phases a module may call it. Each
// function's comment says which errno it returns and when. They follow proxy-wasm-cpp-host, src/exports.cc, where
// fd_write is wasi_unstable_fd_write, and so on; the specification of preview 1 is
// github.com/WebAssembly/WASI, legacy/preview1/docs.md.
package wasi
