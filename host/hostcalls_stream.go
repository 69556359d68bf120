package host

import "github.com/header-auth/header-auth/host/headermap"

func streamFunctions() []function {
	t := param{"stream", kindStream}
	return []function{
		offer("proxy_send_local_response", inAll, proxySendLocalResponse, param{"status", kindI32},
			param{"details", kindBytes}, param{"body", kindBytes}, param{"headers", kindPairs},
			param{"grpc_status", kindSigned}),
		offer("proxy_continue_stream", in02x, proxyContinueStream, t),
		offer("proxy_close_stream", in02x, proxyCloseStream, t),
		offer("proxy_continue_request", in010, func(vm *VM, _ []uint64) uint32 { return vm.continueStream(StreamRequest) }),
		offer("proxy_continue_response", in010, func(vm *VM, _ []uint64) uint32 { return vm.continueStream(StreamResponse) }),
		offer("proxy_clear_route_cache", in010, func(*VM, []uint64) uint32 { return ok }),
		offer("proxy_set_effective_context", inAll, proxySetEffectiveContext, param{"context", kindI32}),
		offer("proxy_done", inAll, proxyDone),
	}
}

func proxySendLocalResponse(vm *VM, stack []uint64) uint32 {
	details, ok1 := input(vm, stack[1:])
	body, ok2 := input(vm, stack[3:])
	headers, ok3 := input(vm, stack[5:])
	if !ok1 || !ok2 || !ok3 {
		return invalidMemoryAccess
	}
	// The callback's message does not go on, whichever context acts.
	vm.stopNext = true
	s := vm.acting().stream
	if s == nil {
		return ok
	}
	if s.closed {
		vm.crash("proxy_send_local_response in " + vm.running + ": the exchange is over, Envoy dies of SIGSEGV")
	}
	vm.charge(len(details) + len(body) + len(headers))
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
	vm.later(action{do: replyAction, stream: s, reply: r})
	return ok
}

func replyAction(a action) { a.stream.sendReply(a.reply) }

func proxyContinueStream(vm *VM, stack []uint64) uint32 {
	return vm.continueStream(StreamType(stack[0]))
}

func (vm *VM) continueStream(t StreamType) uint32 {
	switch {
	case t >= streamTypes:
		return badArgument
	case t == StreamUpstream:
		return uint32(StatusUnimplemented)
	}
	s := vm.acting().stream
	if s == nil || t == StreamDownstream {
		return ok
	}
	// Either type hides the request from now on: the same code serves both.
	s.request.headersMapped, s.request.trailersMapped, s.request.body = false, false, nil
	d := &s.request
	if t == StreamResponse {
		d = &s.response
	}
	vm.later(action{do: continueAction, stream: s, side: d})
	return ok
}

func continueAction(a action) {
	if a.side.response && !a.side.hasHeaders && !a.stream.closed {
		a.stream.vm.crash("proxy_continue_stream(Response) before there is a response: Envoy dies of SIGSEGV")
		a.stream.cut()
		return
	}
	a.side.resume()
}

func proxyCloseStream(vm *VM, stack []uint64) uint32 {
	t := StreamType(stack[0])
	if t >= streamTypes {
		return badArgument
	}
	s := vm.acting().stream
	if s == nil || t > StreamResponse {
		return ok
	}
	if s.closed || vm.running == callbackTable[onContextCreate].name {
		vm.crash("proxy_close_stream in " + vm.running + ": Envoy dies of SIGSEGV")
	}
	vm.later(action{do: closeAction, stream: s})
	return ok
}

func closeAction(a action) {
	s := a.stream
	if s.closed {
		return
	}
	if len(s.details) == 0 {
		s.details = append(s.details, "wasm_close_stream"...)
	}
	s.cut()
	s.close()
}

func proxySetEffectiveContext(vm *VM, stack []uint64) uint32 {
	id := uint32(stack[0])
	if id == 0 {
		vm.effective = nil
		return ok
	}
	s := vm.find(id)
	if s == nil {
		return badArgument
	}
	vm.effective = s
	return ok
}

func proxyDone(vm *VM, _ []uint64) uint32 {
	p := vm.acting().plugin
	if p == nil || !p.ending {
		return notFound
	}
	p.ending = false
	vm.later(action{do: doneAction, plugin: p})
	return ok
}

func doneAction(a action) { a.plugin.finish() }
