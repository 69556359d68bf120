// Package envoy is an engine of the conformance suite: it runs the cases of the request table on a real Envoy, and
// gives what was seen in the suite's own words.
//
//   - obtain finds an Envoy or downloads one; proxy runs it as a child process.
//   - rewrite changes the plugin's module so that its local responses and calls are logged, and host functions can
//     fail.
//   - wire is HTTP/2 in frames, for the clients, the upstream and the services that plugins call.
//   - lua stands around the plugin and carries headers that no codec passes.
//
// A case has listeners of its own and a VM of its own; one case runs at a time in an Envoy, and several Envoys run side
// by side. What happens in the plugin is read from Envoy's log, in which every call between Envoy and a VM is a line.
package envoy
