package host

import (
	"errors"
	"slices"
	"testing"
)

func TestForgetCalls(t *testing.T) {
	config := asking()
	answer, now := config.Upstream, false
	config.Upstream = func(c *Call) (CallAnswer, bool) {
		a, _ := answer(c)
		return a, now
	}
	p := startPlugin(t, callGuest(), config)
	vm := p.vm
	tokens := func() (list []uint32) {
		for _, c := range vm.Calls() {
			list = append(list, c.Token)
		}
		return list
	}
	expect := func(when string, want ...uint32) {
		t.Helper()
		if got := tokens(); !slices.Equal(got, want) {
			t.Fatalf("%s: calls %v, want %v", when, got, want)
		}
	}
	vm.ForgetCalls()
	expect("before any")
	for _, answered := range []bool{true, false, true, false} {
		now = answered
		request(p)
	}
	expect("made", 4, 8, 12, 16)
	vm.ForgetCalls()
	expect("two are done", 8, 16)
	if err := vm.Answer(16, CallAnswer{Headers: answered}); err != nil {
		t.Fatal(err)
	}
	vm.ForgetCalls()
	expect("another one is answered", 8)
	if err := vm.Answer(4, CallAnswer{}); !errors.Is(err, ErrNoCall) {
		t.Errorf("answering a forgotten call: %v, want %v", err, ErrNoCall)
	}
	now = true
	request(p)
	expect("tokens go on", 8, 20)
	if err := vm.Failure(); err != nil {
		t.Error(err)
	}
}

// A call-out leaves its Call, with its name, headers and text, to the garbage collector, and nothing else.
func TestCalloutAllocatesLittle(t *testing.T) {
	p := startPlugin(t, callGuest(), asking())
	s := p.NewStream(StreamConfig{})
	s.RequestHeaders(get, true)
	if !s.Upstream().Ended || len(p.vm.Calls()) != 1 || !p.vm.Calls()[0].Done {
		t.Fatal("the request was not let go")
	}
	s.Close()
	s.Release()
	if n := testing.AllocsPerRun(1000, func() { request(p); p.vm.ForgetCalls() }); n > 4 {
		t.Errorf("%v allocations for one call-out, want 4 at most", n)
	}
}
