// Package probe holds package host against a real Envoy. A Script is a list of raw host calls for each callback, and a
// list of events. It is made into a module (module.go), which runs on package host (ours.go) and on a real Envoy
// (envoy.go, batch.go). Both give an Answer, as text: what the module logged, which is every callback with its
// arguments and every host call with its results, and what reached upstream, client and services, event by event.
//
// Scripts come from testdata, where their answers are kept, and from Generate, which makes them at random. Shrink takes
// out of a script what its difference does not need.
package probe
