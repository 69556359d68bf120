// Package validate tests the manifests by the rules of those who read them: the schemas that Istio and Envoy Gateway
// give Kubernetes, with all their rules, and the validation of Istio's own webhook.
//
// It is a Go module of its own, because these rules are a hundred modules that only this test needs.
package validate
