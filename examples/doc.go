// Package examples runs the examples in its folders: a real Envoy with the plugin, an upstream, and the
// services that the plugin calls.
//
// An example is a folder with the plugin's configuration (plugin.json), the manifests that parity deploy makes of it
// (envoy.yaml, istio.yaml, envoy-gateway.yaml), what the services answer (services.yaml), and a README with
// commands and their answers.
package examples
