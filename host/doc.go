// Package host runs Proxy-Wasm plugins as Envoy does, without an Envoy.
//
// A Proxy-Wasm plugin is a WebAssembly module that a proxy loads into its HTTP filter chain. The proxy calls the
// module's exports when something happens: request headers have arrived, a timer has ticked. The module calls the
// proxy's functions: to read the request, to change it, to answer it, to let it go on. The Proxy-Wasm ABI says which
// functions there are. What they do is decided by Envoy, which differs from the ABI's text in many places; this package
// follows Envoy. It is made for tests and benchmarks of plugins: all that a plugin can see comes from the caller, and
// all that it does can be read.
//
// # Use
//
// Compile a module once. Make a VM of it, which is one instance with its memory; in the VM a Plugin, which is one
// configuration (the ABI says root context); and for each exchange a Stream:
//
//	m, err := host.Compile(ctx, wasm, host.Options{})
//	vm, err := m.NewVM(ctx, host.VMConfig{Log: func(l host.LogLine) { fmt.Println(l.Level, l.Text) }})
//	p, err := vm.NewPlugin(ctx, host.PluginConfig{Configuration: []byte(`{}`)})
//
//	s := p.NewStream(host.StreamConfig{})
//	s.RequestHeaders(headermap.Of(":method", "GET", ":path", "/", ":authority", "example.com"), true)
//	if s.Upstream().Ended {
//		s.ResponseHeaders(headermap.Of(":status", "200"), true)
//	}
//	s.Close()
//
// The caller is client and upstream. It calls a method of the stream for each event, in order, and reads from Upstream
// and Downstream what has left the plugin's filter. Stream.FailUpstream is an upstream that fails. VM.Advance makes the
// ticks and the time-outs of calls happen; VM.Answer answers an HTTP call, VM.AnswerGrpc a gRPC call, and
// VMConfig.Upstream and VMConfig.GrpcUpstream answer at once. A Chain is an exchange that goes through several plugins.
//
// One goroutine at a time may use a VM with its plugins and streams. A Module, a process.Shared and a
// process.Metrics may be used by several at once.
//
// # Errors
//
// A module that Envoy would not load is a *load.Error, which says why and what cures it. A plugin that does not start
// is ErrStartRefused, ErrConfigureRefused or a *Failure. The events of a request return no errors: the client gets what
// Envoy would send, mostly a 503, and VM.Failure says why. No callback is made into a VM that has failed. A plugin that
// does what kills a real Envoy fails with the kind WouldCrashEnvoy. One that makes Envoy send a message twice lives on:
// Message.Repeated says so.
//
// No module makes the host panic.
//
// # Modules that are not trusted
//
// Options.Deadline ends a call into the guest at the next beginning of a loop. It does not end what has no loop, nor
// what the runtime does in one instruction:
//
//   - a tail call to itself, and a recursion that calls itself twice, which takes time without end before the stack is
//     full;
//   - thousands of memory.fill or memory.copy of hundreds of megabytes, one behind the other;
//   - compilation, whose time grows with the square of the blocks, or of the labels of a br_table, in one function.
//
// Such a call can't be interrupted, and as soon as the garbage collector waits for it, no goroutine of the process runs
// on: a watchdog has to be another process. Set Options.Watch, write what it is told to memory that the other process
// sees, and have that kill this one. Package internal/sandbox of this module does so for the command parity, whose
// limits are in SECURITY.md.
//
// What a guest makes the host keep has limits, at which the guest traps: 16 MiB in one callback; shared data and
// queues, and metrics, each 64 MiB; the elements of tables. Linear memory has Options.MemoryPages. What is spread over
// many callbacks has no limit: calls and log lines that the caller keeps, bodies that are held, properties. A limit of
// the process's memory (RLIMIT_DATA on Linux) bounds that.
//
// # The ABI
//
// The parameters and results of all host functions and callbacks are in package abi, as data. What a host function does
// stands at the Go function of the same name in hostcalls_*.go, which says what it takes, what it writes where, which
// statuses it returns and when, and where in Envoy this is decided:
//
//	go doc -u host proxyGetHeaderMapValue
//
// The functions of WASI are in package wasi, in the same form.
//
// # Packages
//
//	abi           the ABI as data: functions, callbacks, versions, statuses and other numbers
//	cel           the expressions of a foreign function, for Options.Expressions
//	envoy         what Envoy does before and behind the plugin: codecs, router, local replies
//	headermap     header maps with Envoy's rules, and their serialized form
//	linearmemory  the memory of an instance
//	load          whether an Envoy would load a module, and what the module is
//	process       what all VMs of a process share: data, queues, metrics
//	profile       the releases of Envoy, and what differs between them
//	property      the values of properties, and their serialized form
//	trace         the border between host and guest as text
//	wasi          the functions of WASI
//	wasmfile      the structure of a WebAssembly file
//	wasmtest      modules and plugins written in Go, for tests
//
// None of them but cel imports this package, and only linearmemory needs the WebAssembly runtime.
//
// # What is left out
//
// The versions 0.1.0, 0.2.0 and 0.2.1 of the ABI are modelled, for HTTP filters. Left out are:
//
//   - what the connection manager and the codecs add outside the filter chain: date, server, x-request-id,
//     connection headers;
//   - TCP filters, HTTP/2 METADATA, and the restriction of capabilities;
//   - second tries of calls; gRPC by the library of Google (google_grpc) is answered by the caller like any other;
//   - the clock of a route: the caller says when the upstream fails or takes too long (Stream.FailUpstream);
//   - in foreign functions: the bytes that compress makes are those of another zlib; messages other than
//     google.protobuf.Struct and FlatBuffers, which declare_property may name, are not looked into; and what a plugin sets for
//     the connection ends with its stream;
//   - properties of TLS, unless StreamConfig.Properties gives them. Names and addresses of the client, the route and the
//     upstream are those of the caller, or defaults; the times of the upstream are 0.
//
// Known differences from Envoy in what is modelled:
//
//   - a request that a plugin makes an extended CONNECT (:method CONNECT with :protocol) goes on with its path, scheme and
//     protocol, which Envoy's HTTP/2 codec leaves out; an upgrade is an event that is not modelled;
//   - the time-out and the retries that a request's own x-envoy-* headers ask for do not happen; the headers are taken out;
//   - the buffer limit is that of HTTP/1.1 for streams of HTTP/2, too, where Envoy takes the codec's window; and while
//     more than the limit waits for a plugin that holds headers, Envoy reads no more, also not for the plugins before it;
//   - a node as a whole says nothing of an Envoy's build: its version, and its extensions;
//   - a header map that a plugin still holds when the response has left, and the sizes of headers in proxy_on_log, are
//     without the date that Envoy adds; response.backend_latency is 0;
//   - plugins of a chain have a buffer each for what they hold; Envoy has one, so that what a plugin holds behind its own
//     headers comes to the plugins before it, too, when they hold a body;
//   - Envoy deletes a context when its worker has been through its events: until then proxy_set_effective_context finds
//     it, after proxy_on_delete too;
//   - a stream that is destroyed twice ends the VM here, with every release. An Envoy lives on by chance, mostly one of
//     1.36 to 1.39; one of 1.36 or 1.37 closes a gRPC stream twice when the plugin has sent something, or closed it, in
//     proxy_on_grpc_receive_trailing_metadata;
//   - what a tick, or the answer to a call, puts into a queue when it ends an exchange arrives before proxy_on_log, which
//     waits for Close here; after the callbacks of a stream's own events it arrives behind it, as in Envoy;
//   - a reply that was asked for behind proxy_continue_stream in proxy_on_request_headers, with nothing held, is sent
//     behind what the callback asked for after it; Envoy sends it in order;
//   - a request without end that has gone on twice: when the copies are reset is chance in an Envoy, and so is the order
//     of time-outs that are due at once.
//
// # How a request goes
//
// Stream (stream.go) takes the events (stream_events.go). For each of its two directions a direction (direction.go)
// stands for the plugin's place in the filter chain: it makes the callbacks (direction_callbacks.go), holds what the
// plugin holds and forwards the rest to a Message (direction_forward.go). A host function (hostcalls_*.go) finds the VM
// in the context of the call and works on the stream whose callback is running. What it asks for, such as a local reply
// (localreply.go), waits in the VM's queue of actions (action.go) until the callback has returned. On this way the host
// allocates no memory.
package host
