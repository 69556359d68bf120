package host

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/header-auth/header-auth/host/headermap"
	"github.com/header-auth/header-auth/host/profile"
	"github.com/header-auth/header-auth/host/wasmtest"
)

// callbacks are the callbacks of the trace that belong to streams, without their contexts.
func (b *fixture) callbacks() []string {
	lines := []string{}
	for _, c := range b.vm.Crossings() {
		line, found := strings.CutPrefix(c.String(), "-> proxy_on_")
		if found && strings.Contains(line, "context 2") && !strings.HasPrefix(line, "context_create") {
			line = strings.ReplaceAll(strings.ReplaceAll(line, "context 2, ", ""), "(context 2)", "")
			lines = append(lines, line)
		}
	}
	return lines
}

// TestFailUpstream has what Envoy 1.40 did: callbacks, what the client got, details and flags.
func TestFailUpstream(t *testing.T) {
	const text = "upstream connect error or disconnect/reset before headers. reset reason: "
	before := func(reason string) string { return "upstream_reset_before_response_started{" + reason + "}" }
	after := func(reason string) string { return "upstream_reset_after_response_started{" + reason + "}" }
	request := []string{"request_headers(headers 6, end_of_stream true)"}
	end := []string{"log", "done", "delete"}
	answered := func(size string) []string {
		return append(append(request[:1:1], "response_headers(headers 3, end_of_stream false)", "response_body(size "+size+
			", end_of_stream true)"), end...)
	}
	started := func(more ...string) []string {
		return append(append(append(request[:1:1], "response_headers(headers 2, end_of_stream false)"), more...), end...)
	}
	response := func(s *Stream) {
		s.ResponseHeaders(headermap.Of(":status", "200", "content-length", "10"), false)
		s.ResponseBody([]byte("abc"), false)
	}
	pause := func(callback string) func(*wasmtest.Guest) { return func(g *wasmtest.Guest) { g.Returns(callback, 1) } }
	tests := []struct {
		name      string
		fails     CallFailure
		guest     func(*wasmtest.Guest)
		before    func(*Stream)
		old       bool // Envoy 1.36
		callbacks []string
		status    int
		body      string
		reset     bool
		details   string
		flags     uint64
	}{
		{name: "closed", fails: CallClosed, callbacks: answered("95"), status: 503, body: text + "connection termination",
			details: before("connection_termination"), flags: 0x40},
		{name: "garbage", fails: CallProtocolError, callbacks: answered("87"), status: 502, body: text + "protocol error",
			details: before("protocol_error"), flags: 0x800000},
		{name: "reset", fails: CallReset, callbacks: answered("85"), status: 503, body: text + "remote reset",
			details: before("remote_reset"), flags: 0x10},
		{name: "timed out", fails: CallTimedOut, callbacks: answered("24"), status: 504, body: "upstream request timeout",
			details: "response_timeout", flags: 0x4},
		{name: "refused", fails: CallRefused, callbacks: answered("98"), status: 503,
			body:    text + "remote connection failure",
			details: before("remote_connection_failure|delayed_connect_error:_Connection_refused"), flags: 0x20},
		{name: "refused, Envoy 1.36", fails: CallRefused, callbacks: answered("167"), status: 503, old: true,
			body:    text + "remote connection failure, transport failure reason: delayed connect error: Connection refused",
			details: before("remote_connection_failure|delayed_connect_error:_Connection_refused"), flags: 0x20},
		{name: "no connection in time", fails: CallConnectTimeout, callbacks: answered("91"), status: 503,
			body: text + "connection timeout", details: before("connection_timeout"), flags: 0x20},
		{name: "no host", fails: CallNoHost, callbacks: answered("19"), status: 503, body: "no healthy upstream",
			details: "no_healthy_upstream", flags: 0x2},
		{name: "after the headers", fails: CallProtocolError, before: response,
			callbacks: started("response_body(size 3, end_of_stream false)"),
			status:    200, body: "abc", reset: true, details: after("protocol_error"), flags: 0x800000},
		{name: "timed out after the headers", fails: CallTimedOut, before: response,
			callbacks: started("response_body(size 3, end_of_stream false)"),
			status:    200, body: "abc", reset: true, details: "response_timeout", flags: 0x4},
		{name: "while the headers are held", fails: CallProtocolError, before: response, guest: pause(respHead),
			callbacks: started(), status: 502, body: text + "protocol error", details: after("protocol_error"), flags: 0x800000},
		{name: "while the body is held", fails: CallClosed, before: response, guest: pause(respBody),
			callbacks: started("response_body(size 3, end_of_stream false)"),
			status:    200, reset: true, details: after("connection_termination"), flags: 0x40},
		{name: "Envoy's answer is held", fails: CallClosed, guest: pause(respHead), reset: true,
			callbacks: append(append(request[:1:1], "response_headers(headers 3, end_of_stream false)"), end...),
			details:   "downstream_remote_disconnect", flags: 0x4040},
		{name: "while the request is held", fails: CallClosed, guest: pause(reqHead), reset: true,
			callbacks: append(request[:1:1], end...), details: "downstream_remote_disconnect", flags: 0x4000},
		{name: "after the end", fails: CallClosed, before: func(s *Stream) { s.ResponseHeaders(get, true) },
			callbacks: append(append(request[:1:1], "response_headers(headers 6, end_of_stream true)"), end...), reset: false},
		{name: "it does not", fails: CallAnswered, callbacks: append(request[:1:1], end...), reset: true,
			details: "downstream_remote_disconnect", flags: 0x4000},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			g := wasmtest.NewGuest("0_2_1")
			g.Exports(reqHead, respHead, respBody, onLogs, onDones, onDeletes)
			if test.guest != nil {
				test.guest(g)
			}
			options := Options{}
			if test.old {
				options.Profile = profile.Envoy136
			}
			b := mustStart(t, g, setup{options: options, vm: VMConfig{Trace: true}})
			s := b.plugin.NewStream(StreamConfig{})
			s.RequestHeaders(get, true)
			if test.before != nil {
				test.before(s)
			}
			s.FailUpstream(test.fails)
			s.Close()
			if diff := cmp.Diff(test.callbacks, b.callbacks()); diff != "" {
				t.Errorf("callbacks (-want +got):\n%s", diff)
			}
			d := s.Downstream()
			if d.Status() != test.status || string(d.Body()) != test.body || d.Reset != test.reset {
				t.Errorf("client got %d %q, reset %v", d.Status(), d.Body(), d.Reset)
			}
			if s.Details() != test.details || s.Flags() != test.flags {
				t.Errorf("details %q, flags %#x", s.Details(), s.Flags())
			}
			if err := b.vm.Failure(); err != nil {
				t.Error(err)
			}
		})
	}
}

// TestPropertiesOfFailedUpstream: what is there without a connection, and without a host.
func TestPropertiesOfFailedUpstream(t *testing.T) {
	const no = "NotFound"
	for path, want := range map[string][3]string{ // closed, refused, no host
		"upstream/address":                  {`"127.0.0.1:8080"`, `"127.0.0.1:8080"`, no},
		"upstream/local_address":            {`"127.0.0.1:50001"`, no, no},
		"upstream/locality":                 {`""`, `""`, no},
		"upstream/transport_failure_reason": {`""`, `"delayed connect error: Connection refused"`, no},
		"upstream/request_attempt_count": {`"\x01\x00\x00\x00\x00\x00\x00\x00"`, `"\x01\x00\x00\x00\x00\x00\x00\x00"`,
			`"\x01\x00\x00\x00\x00\x00\x00\x00"`},
		"upstream_filter_state":      {"SerializationFailure", no, no},
		"xds/upstream_host_metadata": {"SerializationFailure", "SerializationFailure", no},
		"response/backend_latency":   {no, no, no},
		"response/grpc_status": {`"\x0e\x00\x00\x00\x00\x00\x00\x00"`, `"\x0e\x00\x00\x00\x00\x00\x00\x00"`,
			`"\x0e\x00\x00\x00\x00\x00\x00\x00"`},
		"response/flags": {`"@\x00\x00\x00\x00\x00\x00\x00"`, `" \x00\x00\x00\x00\x00\x00\x00"`,
			`"\x02\x00\x00\x00\x00\x00\x00\x00"`},
	} {
		g := wasmtest.NewGuest("0_2_1")
		call := g.Call(onLogs, "proxy_get_property", strings.ReplaceAll(path, "/", "\x00"), out)
		for i, f := range []CallFailure{CallClosed, CallRefused, CallNoHost} {
			b := mustStart(t, g, setup{})
			s := b.plugin.NewStream(StreamConfig{})
			s.RequestHeaders(get, true)
			s.FailUpstream(f)
			s.Close()
			if got := b.shown(call); got != want[i] {
				t.Errorf("%s after failure %d: got %s, want %s", path, f, got, want[i])
			}
		}
	}
}
