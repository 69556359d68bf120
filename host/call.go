package host

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/header-auth/header-auth/host/abi"
	"github.com/header-auth/header-auth/host/headermap"
)

// Call is an HTTP call that a plugin made with proxy_http_call.
type Call struct {
	Token     uint32
	Cluster   string
	Headers   []Header // as they leave Envoy
	Body      []byte
	Trailers  []Header      // as the plugin gave them; Envoy never sends them
	Timeout   time.Duration // as the plugin gave it
	ContextID uint32        // of the stream or plugin on whose behalf it was made
	Done      bool          // answered, timed out, or its instance was replaced

	plugin     *Plugin
	generation int
	made       time.Time
	due        time.Time // when it times out; zero: never
}

// CallAnswer is the answer to a call. With a Failure the other fields are not used.
type CallAnswer struct {
	Headers  []Header
	Body     []byte
	Trailers []Header
	Failure  CallFailure

	byEnvoy bool // it comes from no service
}

// ErrNoCall is the error of an answer to a call that does not exist or is done.
var ErrNoCall = errors.New("no such call is waiting")

// Calls are the HTTP calls made so far, in order.
func (vm *VM) Calls() []*Call { return vm.calls }

// ForgetCalls drops the calls that are done, so that a VM that makes many calls does not keep them all. Those that wait
// stay, in order, and so do gRPC streams that the plugin has not closed, as in Envoy. A slice that Calls or GrpcCalls
// gave before must not be used any more.
func (vm *VM) ForgetCalls() {
	vm.calls = slices.DeleteFunc(vm.calls, func(c *Call) bool { return c.Done })
	vm.grpc = slices.DeleteFunc(vm.grpc, func(c *GrpcCall) bool { return c.forgotten })
}

// Answer delivers the answer to a call: proxy_on_http_call_response on the plugin's root context. The error is
// ErrNoCall or the VM's *Failure.
func (vm *VM) Answer(token uint32, a CallAnswer) error {
	for _, c := range vm.calls {
		if c.Token == token && !c.Done {
			vm.enter()
			defer vm.leave()
			defer vm.recoverPanic("Answer")
			vm.deliverAnswer(c, a)
			return vm.err()
		}
	}
	return fmt.Errorf("answer call %d: %w", token, ErrNoCall)
}

// brokenConnection is what proxy_get_status gives after a call that broke off, until a gRPC call sets another status.
const brokenConnection = 11

// deliverAnswer makes the callback for the answer, unless the call is done or its plugin has ended.
func (vm *VM) deliverAnswer(c *Call, a CallAnswer) {
	p := c.plugin
	if c.Done || c.generation != vm.generation || p.closed {
		c.Done = true
		return
	}
	c.Done = true
	if a.Failure == CallBrokenOff {
		p.statusCode, p.statusMessage = brokenConnection, "reset"
		vm.callGuest(abi.OnHTTPCallResponse, &p.abiContext, 0, c.Token, 0, 0, 0)
		p.statusMessage = ""
		vm.runActions()
		return
	}
	if a.Failure != CallAnswered {
		a = c.failed(a.Failure)
	}
	vm.callHeaders[0].Reset(headermap.Response)
	vm.callHeaders[1].Reset(headermap.ResponseTrailers)
	vm.callHeaders[0].Load(a.Headers, false)
	if !a.byEnvoy { // the call's own router says how long it took
		vm.callHeaders[0].Set("x-envoy-upstream-service-time",
			vm.callHeaders[0].Decimal(int(vm.now().Sub(c.made).Milliseconds())))
	}
	vm.callHeaders[1].Load(a.Trailers, false)
	p.answerStorage = a
	p.callAnswer = &p.answerStorage
	headers, trailers := uint32(len(vm.callHeaders[0].Entries)), uint32(len(vm.callHeaders[1].Entries))
	vm.callGuest(abi.OnHTTPCallResponse, &p.abiContext, 0, c.Token, headers, uint32(len(a.Body)), trailers)
	p.callAnswer, p.answerStorage = nil, CallAnswer{}
	vm.runActions()
}

// receivedMap is the map of that type that belongs to the answer whose callback is running, nil when there is none.
func (p *Plugin) receivedMap(t abi.MapType) *headermap.Map {
	switch {
	case p == nil:
	case p.callAnswer != nil && t == abi.HttpCallResponseHeaders:
		return &p.vm.callHeaders[0]
	case p.callAnswer != nil && t == abi.HttpCallResponseTrailers:
		return &p.vm.callHeaders[1]
	case p.grpcEvent != nil && p.grpcEvent.mapType == t:
		return &p.vm.callHeaders[0]
	}
	return nil
}

// abandonCalls marks the calls of an instance that has been replaced as done.
func (vm *VM) abandonCalls() {
	for _, c := range vm.calls {
		c.Done = true
	}
	for _, c := range vm.grpc {
		c.Done, c.forgotten = true, true
	}
}
