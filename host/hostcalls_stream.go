package host

import (
	"github.com/header-auth/header-auth/host/abi"
	"github.com/header-auth/header-auth/host/headermap"
)

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
	return vm.continueStream(abi.StreamType(stack[0]))
}

func proxyContinueRequest(vm *VM, _ []uint64) uint32 { return vm.continueStream(abi.StreamRequest) }

func proxyContinueResponse(vm *VM, _ []uint64) uint32 { return vm.continueStream(abi.StreamResponse) }

func proxyClearRouteCache(*VM, []uint64) uint32 { return ok }

func (vm *VM) continueStream(t abi.StreamType) uint32 {
	switch {
	case !t.Valid():
		return badArgument
	case t == abi.StreamUpstream:
		return uint32(abi.StatusUnimplemented)
	}
	s := vm.acting().stream
	if s == nil || t == abi.StreamDownstream {
		return ok
	}
	// Either type hides the request from now on: the same code serves both.
	s.request.headersMapped, s.request.trailersMapped, s.request.body = false, false, nil
	d := &s.request
	if t == abi.StreamResponse {
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
	t := abi.StreamType(stack[0])
	if !t.Valid() {
		return badArgument
	}
	s := vm.acting().stream
	if s == nil || t > abi.StreamResponse {
		return ok
	}
	if s.closed || vm.running == abi.OnContextCreate.Name() {
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
