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
	Done      bool          // answered, timed out or given up

	plugin     *Plugin
	generation int
	due        time.Time // when it times out; zero: never
}

// CallAnswer is what comes of a call. With a Failure the rest is not looked at.
type CallAnswer struct {
	Headers  []Header
	Body     []byte
	Trailers []Header
	Failure  CallFailure
}

// ErrNoCall is what answering a call that isn't there, or is done, ends with.
var ErrNoCall = errors.New("no such call is waiting")

// Calls are the HTTP calls made so far, in order.
func (vm *VM) Calls() []*Call { return vm.calls }

// ForgetCalls drops the calls that are done, for a VM that makes so many of them that nobody wants to keep them. Those
// that wait stay, in order. A slice that Calls gave before must not be used any more.
func (vm *VM) ForgetCalls() {
	vm.calls = slices.DeleteFunc(vm.calls, func(c *Call) bool { return c.Done })
}

// Answer delivers the answer to a call: proxy_on_http_call_response on the plugin's root context. The error is
// ErrNoCall or the VM's *Failure.
func (vm *VM) Answer(token uint32, a CallAnswer) error {
	for _, c := range vm.calls {
		if c.Token == token && !c.Done {
			vm.enter()
			defer vm.leave()
			defer vm.rescue("Answer")
			vm.answer(c, a)
			return vm.err()
		}
	}
	return fmt.Errorf("answer call %d: %w", token, ErrNoCall)
}

// brokenConnection is the code that proxy_get_status gives once a call has failed, and then for good.
const brokenConnection = 11

func (vm *VM) answer(c *Call, a CallAnswer) {
	p := c.plugin
	if c.Done || c.generation != vm.generation || p.gone {
		c.Done = true
		return
	}
	c.Done = true
	if a.Failure == CallBrokenOff {
		p.code, p.message = brokenConnection, "reset"
		vm.call(abi.OnHTTPCallResponse, &p.scope, 0, c.Token, 0, 0, 0)
		p.message = ""
		vm.after()
		return
	}
	if a.Failure != CallAnswered {
		a = c.failed(a.Failure)
	}
	vm.received[0].Reset(headermap.Response)
	vm.received[1].Reset(headermap.Trailers)
	vm.received[0].Load(a.Headers, false)
	vm.received[1].Load(a.Trailers, false)
	p.answered = a
	p.reply = &p.answered
	vm.call(abi.OnHTTPCallResponse, &p.scope, 0, c.Token, uint32(len(vm.received[0].Entries)), uint32(len(a.Body)),
		uint32(len(vm.received[1].Entries)))
	p.reply, p.answered = nil, CallAnswer{}
	vm.after()
}

// received is the map of that type that came with the answer whose callback is running, nil if none is.
func (p *Plugin) received(t abi.MapType) *headermap.Map {
	switch {
	case p == nil:
	case p.reply != nil && t == abi.HttpCallResponseHeaders:
		return &p.vm.received[0]
	case p.reply != nil && t == abi.HttpCallResponseTrailers:
		return &p.vm.received[1]
	case p.grpc != nil && p.grpc.mapType == t:
		return &p.vm.received[0]
	}
	return nil
}

// giveUp marks the calls of an instance that is gone.
func giveUp(calls []*Call) {
	for _, c := range calls {
		c.Done = true
	}
}
