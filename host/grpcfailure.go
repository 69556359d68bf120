package host

import (
	"strconv"

	"github.com/header-auth/header-auth/host/abi"
	"github.com/header-auth/header-auth/host/headermap"
)

const (
	grpcInternal    = 13
	grpcUnavailable = 14
)

// fail ends a call whose answer has begun or not. Without a beginning it is Envoy's own answer, which looks like one of
// the server: a stream gets metadata without and with entries before its close (Envoy,
// source/common/http/async_client_impl.cc, AsyncStreamImpl::sendLocalReply). Else the call is reset, and the only
// message is where that comes from (Envoy, source/common/grpc/async_client_impl.cc, AsyncStreamImpl::onReset).
func (c *GrpcCall) fail(f CallFailure, begun bool) {
	a := f.answer(begun, c.plugin.vm.module.options.Profile.Rules())
	if begun {
		if c.Streaming {
			c.metadata(abi.OnGrpcReceiveTrailingMetadata, nil)
		}
		if !c.Done {
			c.close(grpcInternal, a.details)
		}
		return
	}
	if c.Streaming {
		c.metadata(abi.OnGrpcReceiveInitialMetadata, nil)
		c.metadata(abi.OnGrpcReceiveTrailingMetadata, unavailable(a.text))
	}
	if !c.Done {
		c.close(grpcUnavailable, withDetails(a.text, a.details))
	}
}

// unavailable are the headers of Envoy's own answer to a gRPC call.
func unavailable(text string) []Header {
	return headermap.Of(":status", "200", "content-type", "application/grpc", "grpc-status", strconv.Itoa(grpcUnavailable),
		"grpc-message", text)
}

// failToStart ends a call that cannot be made because of its cluster: the close is delivered when the running callback
// has returned. When there is the cluster but no host, a stream gets its metadata at once, inside the host call.
func (c *GrpcCall) failToStart(state ClusterState) {
	vm := c.plugin.vm
	message := "Cluster not available"
	if state == ClusterEmpty {
		a := CallNoHost.answer(false, vm.module.options.Profile.Rules())
		message = withDetails(a.text, a.details)
		if c.Streaming {
			vm.nested(func() { c.metadata(abi.OnGrpcReceiveInitialMetadata, nil) })
			vm.nested(func() { c.metadata(abi.OnGrpcReceiveTrailingMetadata, unavailable(a.text)) })
		}
	}
	c.Done, c.forgotten, c.closes = true, true, grpcUnavailable
	vm.deferAction(action{run: closeGrpcAction, stream: vm.actingContext().stream, grpc: c, text: message})
}

// closeLate follows what a plugin does on a stream in the callback of its trailing metadata: the other half is closed
// by then, so that Envoy resets the stream, inside the host call and in its own name.
func (c *GrpcCall) closeLate() {
	c.inTrailers, c.late = false, true
	vm := c.plugin.vm
	vm.nested(func() { c.metadata(abi.OnGrpcReceiveTrailingMetadata, nil) })
	c.Done, c.forgotten, c.closes = true, c.localClosed, grpcInternal
	vm.deferAction(action{run: closeGrpcAction, grpc: c, text: "upstream_reset_before_response_started"})
}

// closeGrpcAction delivers the close of a call that could not be made.
func closeGrpcAction(a action) {
	c := a.grpc
	if c.plugin.vm.nesting > 0 {
		c.plugin.vm.crash("a second gRPC stream to a cluster without a host, or an unknown one, in one callback: " +
			"Envoy's worker hangs for ever")
		return
	}
	if s := a.stream; s != nil && s.active == responseCallback && s.Downstream().Ended && !s.closing {
		// A reply before this action has ended the exchange, so that the actions of log are the next ones.
		c.plugin.vm.repeatAction(a)
		s.close()
		return
	}
	c.close(c.closes, a.text)
}

// deepest is how many callbacks inside host calls there may be at once.
const deepest = 64

// nested makes a callback inside a host call, on behalf of another context than the one that runs.
func (vm *VM) nested(callback func()) {
	if vm.nesting == deepest {
		vm.crash("a gRPC stream that fails at once is opened in the callback of one that has, without end: " +
			"Envoy's worker hangs for ever")
	}
	running, current, effective, functions := vm.callback, vm.currentContext, vm.effectiveContext, vm.functions
	ctx, headers := vm.callCtx, vm.callHeaders
	vm.findCallbacks() // wazero: one that runs must not be called again by the same value
	vm.callHeaders = [2]headermap.Map{}
	vm.nesting++
	callback()
	vm.nesting--
	vm.callback, vm.currentContext, vm.effectiveContext, vm.functions = running, current, effective, functions
	vm.callCtx, vm.callHeaders = ctx, headers
	vm.inGuest = true
	if vm.failure != nil {
		panic(&trapError{vm.failure.Reason})
	}
}
