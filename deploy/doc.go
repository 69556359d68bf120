// Package deploy makes the manifests that put the plugin into a proxy: Istio's WasmPlugin, Envoy Gateway's
// EnvoyExtensionPolicy, the file of a plain Envoy.
//
// They are made of the projects' own Go types. All of them fail closed, run the module of one digest, and have the
// clusters that the plugin's call-outs need.
package deploy
