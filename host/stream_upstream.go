package host

// FailUpstream is the event that the request fails on its way to the upstream, or that the response does not come to
// its end. Before the response's headers have left, the client gets Envoy's answer, 502, 503 or 504; it goes through
// the response callbacks when there are no response headers yet, else past the plugin. When they have left, the
// exchange is cut off and the plugin is told as by Close. The event is ignored while the request has not been sent to
// the upstream, after the response's end, and when there is a local reply (Envoy, source/common/router/router.cc,
// Filter::onUpstreamReset and Filter::onResponseTimeout).
func (s *Stream) FailUpstream(f CallFailure) {
	s = s.last()
	d := &s.response
	if f == CallAnswered || s.closing || !s.hasUpstream() || s.request.aborted || d.aborted || d.ended {
		return
	}
	s.vm.enter()
	defer s.leave("FailUpstream")
	a := f.answer(d.hasHeaders, s.vm.module.options.Profile.Rules())
	s.flags |= a.flag
	s.upstreamFailure = f
	for _, t := range s.chain {
		t.request.out.Reset = !t.request.out.Ended
	}
	s.sendEnvoyReply(a.status, a.text, a.details)
}

// Flags are the response flags, a bit each, as in Envoy's access log: 0x4000 for a client that has left early, 0x20 for
// a connection to the upstream that failed (Envoy, envoy/stream_info/stream_info.h, CoreResponseFlag).
func (s *Stream) Flags() uint64 { return s.flags }

// noteClient notes that it is the client that ends the exchange before the response's end (Envoy,
// source/common/http/conn_manager_impl.cc).
func (s *Stream) noteClient() {
	if s.Downstream().Ended || s.Downstream().Reset {
		return
	}
	if s.config.Protocol == HTTP1 {
		s.note(downstreamDisconnect, "downstream_remote_disconnect")
	} else {
		s.note(downstreamRemoteReset, "http2.remote_reset")
	}
}

// note adds a response flag and replaces the details.
func (s *Stream) note(flag uint64, details string) {
	s.flags |= flag
	s.details = append(s.details[:0], details...)
}

// hasUpstream says whether the request has gone to the router.
func (s *Stream) hasUpstream() bool { return s.Upstream().HeadersSent }

// choseHost says whether the router has chosen a host for the request.
func (s *Stream) choseHost() bool { return s.hasUpstream() && s.upstreamFailure != CallNoHost }

// connected says whether there was a connection to the host.
func (s *Stream) connected() bool {
	return s.choseHost() && s.upstreamFailure != CallRefused && s.upstreamFailure != CallConnectTimeout
}
