package host

import (
	"context"
	"slices"
)

// Close ends the VM as Envoy does when its process ends: each stream that is open gets proxy_on_log, proxy_on_done and
// proxy_on_delete, and then each plugin proxy_on_done and, when that returned true, proxy_on_delete. One that said
// before that it was not done gets no callback. Afterwards only what was recorded may be read. A guest that traps is
// seen in Failure, not in the error (proxy-wasm-cpp-host, src/wasm.cc, WasmBase::startShutdown).
func (vm *VM) Close(ctx context.Context) error {
	if !vm.closed && !vm.dead() {
		vm.shutDown()
	}
	vm.closed, vm.liveGeneration = true, -1
	return vm.unload(ctx)
}

// localDisconnect are the response code details of an exchange that Envoy's own end has broken off.
const localDisconnect = "downstream_local_disconnect(purging_socket_that_have_not_progressed_to_connections)"

// shutDown makes the callbacks of Close.
func (vm *VM) shutDown() {
	defer vm.recoverPanic("Close")
	for _, c := range slices.Clone(vm.contexts) {
		if s := c.stream; s != nil && !s.closing {
			if d := s.Downstream(); !d.Ended && !d.Reset {
				s.note(downstreamDisconnect, localDisconnect)
			}
			s.close()
		}
	}
	for _, p := range slices.Clone(vm.plugins) {
		if !p.closed && !p.awaitsDone {
			p.end()
		}
	}
}
