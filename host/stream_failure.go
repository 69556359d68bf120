package host

import "github.com/header-auth/header-auth/host/abi"

// callGuest makes a callback. When the VM is dead before or after it, it sends the failure's reply and reports false.
func (s *Stream) callGuest(c abi.Callback, a, b uint32) (uint32, bool) {
	if s.instanceDead() {
		s.fail()
		return 0, false
	}
	result := s.vm.callGuest(c, &s.abiContext, 0, a, b, 0, 0)
	return result, s.survived()
}

// survived follows a callback. When that has ended the VM, it sends the failure's reply and reports false.
func (s *Stream) survived() bool {
	if s.instanceDead() {
		s.fail()
		return false
	}
	return true
}

// instanceDead reports that the stream's instance is dead or replaced.
func (s *Stream) instanceDead() bool { return s.generation != s.vm.liveGeneration }

// failsOpen says whether a request whose VM is dead goes on.
func (s *Stream) failsOpen() bool { return s.plugin.config.FailurePolicy == LegacyFailOpen }

// failStream are the response code details of the reply for a dead VM.
const failStream = "wasm_fail_stream"

// fail answers for a dead VM, once: 503 without a body (Envoy source/extensions/common/wasm/context.cc,
// Context::failStream).
func (s *Stream) fail() {
	if f := s.vm.failure; f != nil && f.Kind == WouldCrashEnvoy {
		s.reset()
		return
	}
	if s.failsOpen() || s.failureAnswered {
		return
	}
	s.failureAnswered = true
	r := s.newReply()
	r.code, r.grpc = 503, 14
	r.details = append(r.details, failStream...)
	s.sendReply(r)
}

// reset cuts the exchange off without an answer.
func (s *Stream) reset() {
	s.abort(false)
	s.abort(true)
	for _, t := range s.chain {
		t.response.out.Reset = !t.response.out.Ended
		t.request.out.Reset = t.request.out.HeadersSent && !t.request.out.Ended
	}
}

// deliversCallbacks says whether the plugin gets a callback of that direction. first is that of the request's headers,
// which makes the context; without a context there are no other callbacks.
func (s *Stream) deliversCallbacks(d *direction, first bool) bool {
	return !s.bypassed && !s.rejected && (s.contextCreated || first) && !(d.response && s.failureAnswered)
}
