// Package host runs Proxy-Wasm plugins the way Envoy does, without an Envoy.
//
// A Proxy-Wasm plugin is a WebAssembly module that a proxy loads into its HTTP filter chain. The proxy calls the
// module's exports when something happens (request headers have arrived, a timer has ticked), and the module calls the
// proxy's functions to look at the request and to change it, to answer it itself or to let it go on. Which functions
// there are is the Proxy-Wasm ABI; what they really do is decided by Envoy, whose answers differ from the ABI's text in
// many places. This package follows Envoy, down to what its HTTP filter manager makes of a local reply. It is made for
// tests and benchmarks of plugins: everything that a plugin can see comes from the caller, and everything that it does
// can be read.
//
// # Use
//
// Compile a module once, make a VM of it (one instance with its memory), in the VM a Plugin (a configuration; the ABI
// calls it a root context), and for each exchange a Stream:
//
//	m, err := host.Compile(ctx, wasm, host.Options{})
//	vm, err := m.NewVM(ctx, host.VMConfig{Log: func(l host.LogLine) { fmt.Println(l.Level, l.Text) }})
//	p, err := vm.NewPlugin(ctx, host.PluginConfig{Configuration: []byte(`{}`)})
//
//	s := p.NewStream(host.StreamConfig{})
//	s.RequestHeaders([]host.Header{{":method", "GET"}, {":path", "/"}, {":authority", "example.com"}}, true)
//	if s.Upstream().Ended {
//		s.ResponseHeaders([]host.Header{{":status", "200"}}, true)
//	}
//	s.Close()
//
// The caller is client and upstream: it tells the stream what happens, in order, and reads from Upstream and Downstream
// what has left the plugin's filter in either direction. A Plugin's ticks and the time-outs of its calls come from
// VM.Advance, answers to its HTTP calls from VM.Answer.
//
// A VM with everything in it belongs to one goroutine at a time. Modules may be used by many, and so may Shared and
// Metrics.
//
// # What goes wrong
//
// A module that Envoy would not load is a *LoadError, with reasons and cures. A plugin that does not start is
// ErrStartRefused, ErrConfigureRefused or a *Failure. After that nothing returns errors on the way of a request: the
// client gets what Envoy would send, a 503 mostly, and VM.Failure says why. No callback is made into a VM that has
// failed. Where a plugin does what kills a real Envoy, or makes it send a request twice, the failure's kind is
// WouldCrashEnvoy.
//
// Nothing that a module does panics or hangs the host, provided that Options.Deadline is set; without one an endless
// loop is endless, as in Envoy.
//
// # What is modelled
//
// ABI 0.1.0, 0.2.0 and 0.2.1; HTTP filters, one per stream. What Envoy's connection manager and codecs add outside the
// filter chain (date, server, x-request-id, connection headers) is left out. Not there: second tries of calls, TCP
// filters, HTTP/2 METADATA, restriction of capabilities, foreign functions but clear_route_cache, and properties that
// would need a real upstream or TLS unless the caller gives them.
//
// # How a request goes
//
// Stream (stream.go) takes events. For each direction a side (side.go) stands for the plugin's place in the filter
// chain: it makes the callback (side_calls.go), holds back what the plugin holds and passes the rest on to a Message.
// Host functions (hostcalls_*.go) find the VM in the context of the call and act on the stream whose callback runs.
// What they set off, such as a local reply (reply.go), waits in the VM's queue (call.go) until the callback has
// returned. On this way nothing is allocated.
package host
