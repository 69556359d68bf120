// Package wordtable has a small table for words of the request table that header-auth itself does not need: gRPC
// calls, upstreams that fail, chains of plugins, effects. Each group has a plugin written with wasmtest that
// does what its cases want. The examples in conformance/README.md are these files. Tests run them on package host
// and on a real Envoy.
package wordtable
