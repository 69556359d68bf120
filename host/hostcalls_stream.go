package host

import (
	"github.com/header-auth/header-auth/host/abi"
	"github.com/header-auth/header-auth/host/headermap"
)

// proxySendLocalResponse is proxy_send_local_response(status, details, body, headers, grpc_status): asks for a reply
// in place of the upstream's response; it is sent when the callback has returned, and the callback's own action counts
// as a pause. Of status the low 16 bits count; grpc_status outside 0 to 16 is derived from it. Ok, also without a
// stream, where nothing is sent; InvalidMemoryAccess when a range is outside memory. In log, done and delete it kills
// Envoy.
// Source: Envoy source/extensions/common/wasm/context.cc, Context::sendLocalResponse; proxy-wasm-cpp-host
// src/exports.cc, send_local_response; Envoy source/common/http/filter_manager.cc, FilterManager::sendLocalReply.
func proxySendLocalResponse(vm *VM, stack []uint64) uint32 {
	details, ok1 := readRange(vm, stack[1:])
	body, ok2 := readRange(vm, stack[3:])
	headers, ok3 := readRange(vm, stack[5:])
	if !ok1 || !ok2 || !ok3 {
		return invalidMemoryAccess
	}
	// The callback's message is held, also when another context than the callback's acts.
	vm.stopIteration = true
	s := vm.actingContext().stream
	if s == nil {
		return ok
	}
	if s.closing {
		vm.crash("proxy_send_local_response in " + vm.running() + ": the exchange is over, Envoy dies of SIGSEGV")
	}
	vm.chargeBytes(len(details) + len(body) + len(headers))
	r := s.newReply()
	r.fromPlugin = true
	r.code, r.grpc = uint32(stack[0])&0xffff, int32(uint32(stack[7]))
	for _, c := range details {
		if c == ' ' || c >= '\t' && c <= '\r' {
			c = '_'
		}
		r.details = append(r.details, c)
	}
	r.body = append(r.body, body...)
	vm.pairs = headermap.ParsePairs(vm.pairs, headers)
	for _, p := range vm.pairs {
		r.pairs.Entries = append(r.pairs.Entries, Header{Name: r.pairs.KeepName(p.Name), Value: r.pairs.Keep(p.Value)})
	}
	vm.deferAction(action{run: replyAction, stream: s, reply: r})
	return ok
}

func replyAction(a action) { a.stream.sendReply(a.reply) }

// proxyContinueStream is proxy_continue_stream(stream): the request or the response that is held goes on when the
// callback has returned. BadArgument for a stream that does not exist; Unimplemented for the upstream side of a TCP
// connection; Ok else, also when nothing happens: without an HTTP stream, or for the downstream side. From now on the
// request's headers cannot be read, nor its body unless that is held, also when it is the response that goes on. With
// nothing held Envoy sends the message twice, see Message.Repeated; for a response that has not come, or that has gone
// to its end, it dies.
// Source: Envoy source/extensions/common/wasm/context.cc, Context::continueStream.
func proxyContinueStream(vm *VM, stack []uint64) uint32 {
	return vm.continueStream(abi.StreamType(stack[0]))
}

// proxyContinueRequest is proxy_continue_request(), ABI 0.1.0: proxy_continue_stream of the request.
// Source: proxy-wasm-cpp-host src/exports.cc, continue_request.
func proxyContinueRequest(vm *VM, _ []uint64) uint32 { return vm.continueStream(abi.StreamRequest) }

// proxyContinueResponse is proxy_continue_response(), ABI 0.1.0: proxy_continue_stream of the response.
// Source: proxy-wasm-cpp-host src/exports.cc, continue_response.
func proxyContinueResponse(vm *VM, _ []uint64) uint32 { return vm.continueStream(abi.StreamResponse) }

// proxyClearRouteCache is proxy_clear_route_cache(), ABI 0.1.0: Ok always. There is one route here, so that nothing is
// to be chosen anew.
// Source: Envoy source/extensions/common/wasm/context.cc, Context::clearRouteCache.
func proxyClearRouteCache(*VM, []uint64) uint32 { return ok }

func (vm *VM) continueStream(t abi.StreamType) uint32 {
	switch {
	case !t.Valid():
		return badArgument
	case t == abi.StreamUpstream:
		return uint32(abi.StatusUnimplemented)
	}
	s := vm.actingContext().stream
	if s == nil || t == abi.StreamDownstream {
		return ok
	}
	// Either type hides the request from now on: the same code serves both.
	s.request.headersMapped, s.request.trailersMapped, s.request.body = false, false, nil
	d := &s.request
	if t == abi.StreamResponse {
		d = &s.response
	}
	vm.deferAction(action{run: continueAction, stream: s, direction: d})
	return ok
}

func continueAction(a action) {
	if a.direction.response && !a.stream.last().response.hasHeaders {
		a.stream.vm.crash("proxy_continue_stream(Response) before there is a response: Envoy dies of SIGSEGV")
		a.stream.reset()
		return
	}
	switch s := a.stream; {
	case s.endsLater && a.direction.response:
		a.direction.resumeClosed()
	case s.closing && a.direction.response && !s.Downstream().Ended && s.active == 0:
		a.direction.resumeEnding()
	default:
		a.direction.resume()
	}
}

// resumeEnding lets a held response go on in log, done and delete: it leaves for no client, but the plugins get what
// they have not seen of it.
func (d *direction) resumeEnding() {
	client := &d.stream.first().response.out
	before := *client
	d.stream.reopen(d.resume)
	*client = before
}

// resumeClosed lets a held response go on after proxy_close_stream in the same callback: Envoy has given the stream up
// and takes the response for complete, but its codec still sends what comes.
func (d *direction) resumeClosed() {
	if d.state == iterating {
		return
	}
	s := d.stream
	s.endsLater = false // a callback on the way runs what waits in the queue
	s.closing, d.aborted, d.ended, d.out.Reset = false, false, true, false
	d.resume()
	s.closing, d.aborted, d.out.Reset = true, true, !d.out.Ended
	s.closeContext()
}

// proxyCloseStream is proxy_close_stream(stream): the exchange is cut off when the callback has returned, without an
// answer. BadArgument for a stream that does not exist; Ok else, also when nothing happens: without an HTTP stream, or
// for the sides of a TCP connection. In context_create, log, done and delete it kills Envoy.
// Source: Envoy source/extensions/common/wasm/context.cc, Context::closeStream.
func proxyCloseStream(vm *VM, stack []uint64) uint32 {
	t := abi.StreamType(stack[0])
	if !t.Valid() {
		return badArgument
	}
	s := vm.actingContext().stream
	if s == nil || t > abi.StreamResponse {
		return ok
	}
	if s.closing || vm.callback == abi.OnContextCreate {
		vm.crash("proxy_close_stream in " + vm.running() + ": Envoy dies of SIGSEGV")
	}
	vm.deferAction(action{run: closeAction, stream: s})
	return ok
}

func closeAction(a action) {
	s := a.stream
	requestEnded, inResponse := s.first().request.ended, s.active&responseCallback != 0
	switch {
	case s.failureAnswered && (s.config.Protocol == HTTP1 || requestEnded && inResponse), // it was asked for before a trap
		requestEnded && (s.closing || s.Downstream().Ended && (inResponse || s.last().response.hasHeaders)):
		s.endTwice()
		return
	case s.closing:
		return
	}
	if len(s.details) == 0 {
		s.details = append(s.details, "wasm_close_stream"...)
	}
	s.reset()
	if s.active != 0 || len(s.chain) > 1 {
		s.close()
		return
	}
	// Outside of the stream's own callbacks its end comes behind what the callback asks for after this.
	s.endsLater, s.closing, s.finished = true, true, s.time()
	s.closeLog()
	s.vm.deferAction(action{run: endAction, stream: s})
}

// endTwice ends the VM.
func (s *Stream) endTwice() {
	s.vm.crash("the exchange is ended a second time in " + s.vm.running() + ": Envoy dies of SIGSEGV")
	s.reset()
}

func endAction(a action) {
	if a.stream.endsLater {
		a.stream.endsLater = false
		a.stream.closeContext()
	}
}

// proxySetEffectiveContext is proxy_set_effective_context(context): until the callback returns, the guest acts on
// behalf of that context; 0 undoes it. BadArgument for a number that no context has.
// Source: proxy-wasm-cpp-host src/exports.cc, set_effective_context and contextOrEffectiveContext.
func proxySetEffectiveContext(vm *VM, stack []uint64) uint32 {
	id := uint32(stack[0])
	if id == 0 {
		vm.effectiveContext = nil
		return ok
	}
	s := vm.findContext(id)
	if s == nil {
		return badArgument
	}
	vm.effectiveContext = s
	return ok
}

// proxyDone is proxy_done(): ends a root context whose proxy_on_done returned false: proxy_on_delete follows when the
// callback has returned. NotFound when no such end is awaited.
// Source: proxy-wasm-cpp-host src/wasm.cc, WasmBase::done.
func proxyDone(vm *VM, _ []uint64) uint32 {
	p := vm.actingContext().plugin
	if p == nil || !p.awaitsDone {
		return notFound
	}
	p.awaitsDone = false
	vm.deferAction(action{run: doneAction, plugin: p})
	return ok
}

func doneAction(a action) { a.plugin.finish() }
