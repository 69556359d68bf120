// Package envoy has what Envoy does to a request before and behind the plugin's filter, as far as a plugin can see it:
// the checks of the HTTP codecs and of the connection manager (codec.go), those of the router behind the filter chain
// (router.go), and the replies that Envoy makes itself (localreply.go).
//
// All of it works on headers alone; nothing here knows a plugin, a stream or a VM.
package envoy
