package host

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/header-auth/header-auth/host/headermap"
	"github.com/header-auth/header-auth/host/profile"
	"github.com/header-auth/header-auth/host/wasmtest"
)

const (
	onGrpcReceive  = "proxy_on_grpc_receive"
	onGrpcClose    = "proxy_on_grpc_close"
	onGrpcInitial  = "proxy_on_grpc_receive_initial_metadata"
	onGrpcTrailing = "proxy_on_grpc_receive_trailing_metadata"
)

// grpcTo is a GrpcService with a cluster.
func grpcTo(cluster string) string {
	return "\n" + string(rune(len(cluster)+2)) + "\n" + string(rune(len(cluster))) + cluster
}

// grpcGuest is a guest that reads in each gRPC callback what there is to read.
func grpcGuest() *wasmtest.Guest {
	g := wasmtest.NewGuest("0_2_1")
	for _, callback := range []string{onGrpcReceive, onGrpcClose, onGrpcInitial, onGrpcTrailing} {
		g.Call(callback, "proxy_get_status", out1, out)
		g.Call(callback, "proxy_get_buffer_bytes", 5, 0, 99, out)
		g.Call(callback, "proxy_get_header_map_size", 4, out1)
		g.Call(callback, "proxy_get_header_map_pairs", 4, out)
		g.Call(callback, "proxy_get_header_map_pairs", 5, out)
	}
	return g
}

// grpcTrace is what of the trace belongs to gRPC, without what is empty.
func (b *fixture) grpcTrace() []string {
	lines := []string{}
	for _, c := range b.vm.Crossings() {
		line := strings.TrimSpace(c.String())
		_, result, _ := strings.Cut(line, " = Ok ")
		switch {
		case strings.HasPrefix(line, "-> proxy_on_grpc_"), strings.HasPrefix(line, "proxy_grpc_"):
			lines = append(lines, line)
		case strings.HasPrefix(line, "proxy_get_status") && !strings.HasSuffix(result, `""`),
			strings.HasPrefix(line, "proxy_get_buffer_bytes") && result != `""`,
			strings.HasPrefix(line, "proxy_get_header_map_pairs(Grpc") && result != `""`:
			lines = append(lines, result)
		}
	}
	return lines
}

const (
	readyCall   = `proxy_grpc_call("\n\a\n\x05ready", "s", "m", "", "x", 100)`
	readyStream = `proxy_grpc_stream("\n\a\n\x05ready", "s", "m", "")`
)

// TestGrpc has what Envoy 1.40 did. Tokens: 5, 9, 13 of calls, 6, 10, 14 of streams.
func TestGrpc(t *testing.T) {
	call := func(g *wasmtest.Guest, upstream string, timeout int) {
		g.Call(reqHead, "proxy_grpc_call", upstream, "s", "m", "", "x", timeout, out1)
	}
	stream := func(g *wasmtest.Guest, upstream string) {
		g.Call(reqHead, "proxy_grpc_stream", upstream, "s", "m", "", out1)
	}
	message := func(text string) GrpcEvent { return GrpcEvent{Kind: GrpcMessage, Message: []byte(text)} }
	initial := GrpcEvent{Kind: GrpcInitialMetadata, Metadata: headermap.Of(":status", "200")}
	trailing := GrpcEvent{Kind: GrpcTrailingMetadata, Metadata: headermap.Of("grpc-status", "3")}
	closed := GrpcEvent{Kind: GrpcClose, Status: 3, StatusMessage: "bad"}
	const reset = "upstream connect error or disconnect/reset before headers. reset reason: "
	tests := []struct {
		name   string
		guest  func(g *wasmtest.Guest)
		token  uint32
		events []GrpcEvent
		waits  time.Duration
		old    bool // Envoy 1.36
		want   []string
	}{
		{name: "call, answered", guest: func(g *wasmtest.Guest) { call(g, grpcTo("ready"), 100) }, token: 5,
			events: []GrpcEvent{message("yes")}, waits: time.Second,
			want: []string{readyCall + " = Ok 5", "-> proxy_on_grpc_receive(context 1, token 5, size 3)", `"yes"`}},
		{name: "call, by name", guest: func(g *wasmtest.Guest) { call(g, "ready", 0) }, waits: time.Hour,
			want: []string{`proxy_grpc_call("ready", "s", "m", "", "x", 0) = Ok 5`}},
		{name: "call, closed", guest: func(g *wasmtest.Guest) { call(g, grpcTo("ready"), 100) }, token: 5,
			events: []GrpcEvent{closed}, waits: time.Second,
			want: []string{readyCall + " = Ok 5", "-> proxy_on_grpc_close(context 1, token 5, status 3)",
				`3 "bad{via_upstream}"`}},
		{name: "call, closed without a message", guest: func(g *wasmtest.Guest) { call(g, grpcTo("ready"), 100) }, token: 5,
			events: []GrpcEvent{{Kind: GrpcClose, Status: 2}},
			want:   []string{readyCall + " = Ok 5", "-> proxy_on_grpc_close(context 1, token 5, status 2)", `2 "via_upstream"`}},
		{name: "call, Ok without an answer", guest: func(g *wasmtest.Guest) { call(g, grpcTo("ready"), 100) }, token: 5,
			events: []GrpcEvent{{Kind: GrpcClose}},
			want:   []string{readyCall + " = Ok 5", "-> proxy_on_grpc_close(context 1, token 5, status 13)"}},
		{name: "call, timed out", guest: func(g *wasmtest.Guest) { call(g, grpcTo("ready"), 100) },
			waits: 100 * time.Millisecond, want: []string{readyCall + " = Ok 5",
				"-> proxy_on_grpc_close(context 1, token 5, status 14)",
				`14 "upstream request timeout{response_timeout}"`}},
		{name: "call, before its time-out", guest: func(g *wasmtest.Guest) { call(g, grpcTo("ready"), 100) },
			waits: 99 * time.Millisecond, want: []string{readyCall + " = Ok 5"}},
		{name: "call, time-out -1", guest: func(g *wasmtest.Guest) { call(g, grpcTo("ready"), -1) }, waits: time.Hour,
			want: []string{strings.Replace(readyCall, "100", "4294967295", 1) + " = Ok 5"}},
		{name: "call, refused", guest: func(g *wasmtest.Guest) { call(g, grpcTo("ready"), 100) }, token: 5,
			events: []GrpcEvent{{Failure: CallRefused}},
			want: []string{readyCall + " = Ok 5", "-> proxy_on_grpc_close(context 1, token 5, status 14)",
				`14 "` + reset + `remote connection failure{upstream_reset_before_response_started{remote_connection_failure|` +
					`delayed_connect_error:_Connection_refused}}"`}},
		{name: "call, refused in Envoy 1.36", guest: func(g *wasmtest.Guest) { call(g, grpcTo("ready"), 100) }, token: 5,
			events: []GrpcEvent{{Failure: CallRefused}}, old: true,
			want: []string{readyCall + " = Ok 5", "-> proxy_on_grpc_close(context 1, token 5, status 14)",
				`14 "` + reset + `remote connection failure, transport failure reason: delayed connect error: Connection refused` +
					`{upstream_reset_before_response_started{remote_connection_failure|delayed_connect_error:_"… (276 bytes, sha256 b8eb7e544daf)`}},
		{name: "call, reset", guest: func(g *wasmtest.Guest) { call(g, grpcTo("ready"), 100) }, token: 5,
			events: []GrpcEvent{{Failure: CallReset}},
			want: []string{readyCall + " = Ok 5", "-> proxy_on_grpc_close(context 1, token 5, status 14)",
				`14 "` + reset + `remote reset{upstream_reset_before_response_started{remote_reset}}"`}},
		{name: "name of no cluster", guest: func(g *wasmtest.Guest) { call(g, "nosuch", 100); stream(g, "nosuch") },
			want: []string{`proxy_grpc_call("nosuch", "s", "m", "", "x", 100) = ParseFailure`,
				`proxy_grpc_stream("nosuch", "s", "m", "") = ParseFailure`}},
		{name: "unknown cluster", guest: func(g *wasmtest.Guest) {
			call(g, grpcTo("none"), 100)
			call(g, grpcTo("ready"), 100)
		},
			want: []string{`proxy_grpc_call("\n\x06\n\x04none", "s", "m", "", "x", 100) = InternalFailure`,
				readyCall + " = Ok 9", "-> proxy_on_grpc_close(context 1, token 5, status 14)", `14 "Cluster not available"`}},
		{name: "cluster without a host", guest: func(g *wasmtest.Guest) { call(g, grpcTo("empty"), 100) },
			want: []string{`proxy_grpc_call("\n\a\n\x05empty", "s", "m", "", "x", 100) = InternalFailure`,
				"-> proxy_on_grpc_close(context 1, token 5, status 14)", `14 "no healthy upstream{no_healthy_upstream}"`}},
		{name: "stream to an unknown cluster", guest: func(g *wasmtest.Guest) { stream(g, grpcTo("none")) },
			want: []string{`proxy_grpc_stream("\n\x06\n\x04none", "s", "m", "") = InternalFailure`,
				"-> proxy_on_grpc_close(context 1, token 6, status 14)", `14 "Cluster not available"`}},
		{name: "stream to a cluster without a host", guest: func(g *wasmtest.Guest) { stream(g, grpcTo("empty")) },
			want: []string{`proxy_grpc_stream("\n\a\n\x05empty", "s", "m", "") = InternalFailure`,
				"-> proxy_on_grpc_receive_initial_metadata(context 1, token 6, headers 0)",
				"-> proxy_on_grpc_receive_trailing_metadata(context 1, token 6, headers 4)",
				`{":status": "200", "content-type": "application/grpc", "grpc-status": "14", "grpc-message": "no healthy upstream"}`,
				"-> proxy_on_grpc_close(context 1, token 6, status 14)", `14 "no healthy upstream{no_healthy_upstream}"`}},
		{name: "google_grpc", guest: func(g *wasmtest.Guest) { call(g, "\x12\x05\n\x03a:1", 100); call(g, "\x12\x00", 100) },
			want: []string{`proxy_grpc_call("\x12\x05\n\x03a:1", "s", "m", "", "x", 100) = Ok 5`,
				`proxy_grpc_call("\x12\x00", "s", "m", "", "x", 100) = Ok 9`}},
		{name: "token outside memory", guest: func(g *wasmtest.Guest) {
			g.Call(reqHead, "proxy_grpc_stream", grpcTo("ready"), "s", "m", "", beyond)
			g.Call(reqHead, "proxy_grpc_send", 6, "x", 0)
		}, want: []string{readyStream + " = InvalidMemoryAccess", `proxy_grpc_send(6, "x", false) = Ok`}},
		{name: "stream", guest: func(g *wasmtest.Guest) {
			stream(g, grpcTo("ready"))
			g.Call(reqHead, "proxy_grpc_send", 6, "a", 0)
			g.Call(reqHead, "proxy_grpc_send", 6, "b", 1)
			g.Call(reqHead, "proxy_grpc_send", 6, "c", 0)
		}, token: 6, events: []GrpcEvent{initial, message("re:a"), trailing, closed}, waits: time.Hour,
			want: []string{readyStream + " = Ok 6", `proxy_grpc_send(6, "a", false) = Ok`, `proxy_grpc_send(6, "b", true) = Ok`,
				`proxy_grpc_send(6, "c", false) = Ok`,
				"-> proxy_on_grpc_receive_initial_metadata(context 1, token 6, headers 2)",
				`{":status": "200", "x-envoy-upstream-service-time": "0"}`,
				"-> proxy_on_grpc_receive(context 1, token 6, size 4)", `"re:a"`,
				"-> proxy_on_grpc_receive_trailing_metadata(context 1, token 6, headers 1)", `{"grpc-status": "3"}`,
				"-> proxy_on_grpc_close(context 1, token 6, status 3)", `3 "bad{via_upstream}"`}},
		{name: "half closed", guest: func(g *wasmtest.Guest) {
			stream(g, grpcTo("ready"))
			g.Call(reqHead, "proxy_grpc_close", 6)
			g.Call(reqHead, "proxy_grpc_send", 6, "c", 0)
			g.Call(reqHead, "proxy_grpc_close", 6)
			for _, f := range []string{"proxy_grpc_close", "proxy_grpc_cancel"} {
				g.Call(onLogs, f, 6)
			}
			g.Call(onLogs, "proxy_grpc_send", 6, "c", 0)
		}, token: 6, events: []GrpcEvent{message("bye"), closed},
			want: []string{readyStream + " = Ok 6", "proxy_grpc_close(6) = Ok", `proxy_grpc_send(6, "c", false) = Ok`,
				"proxy_grpc_close(6) = Ok",
				"-> proxy_on_grpc_receive(context 1, token 6, size 3)", `"bye"`,
				"-> proxy_on_grpc_close(context 1, token 6, status 3)", `3 "bad{via_upstream}"`,
				"proxy_grpc_close(6) = NotFound", "proxy_grpc_cancel(6) = NotFound", `proxy_grpc_send(6, "c", false) = NotFound`}},
		{name: "closed by the server first", guest: func(g *wasmtest.Guest) {
			stream(g, grpcTo("ready"))
			g.Call(onLogs, "proxy_grpc_send", 6, "c", 0)
			g.Call(onLogs, "proxy_grpc_close", 6)
			g.Call(onLogs, "proxy_grpc_close", 6)
		}, token: 6, events: []GrpcEvent{closed},
			want: []string{readyStream + " = Ok 6", "-> proxy_on_grpc_close(context 1, token 6, status 3)",
				`3 "bad{via_upstream}"`, `proxy_grpc_send(6, "c", false) = Ok`, "proxy_grpc_close(6) = Ok",
				"proxy_grpc_close(6) = NotFound"}},
		{name: "cancelled", guest: func(g *wasmtest.Guest) {
			stream(g, grpcTo("ready"))
			g.Call(reqHead, "proxy_grpc_cancel", 6)
			g.Call(reqHead, "proxy_grpc_cancel", 6)
			call(g, grpcTo("ready"), 100)
			g.Call(reqHead, "proxy_grpc_close", 5)
			g.Call(reqHead, "proxy_grpc_close", 5)
		}, waits: time.Second,
			want: []string{readyStream + " = Ok 6", "proxy_grpc_cancel(6) = Ok", "proxy_grpc_cancel(6) = NotFound", readyCall +
				" = Ok 5",
				"proxy_grpc_close(5) = Ok", "proxy_grpc_close(5) = NotFound"}},
		{name: "stream broken off", guest: func(g *wasmtest.Guest) { stream(g, grpcTo("ready")) }, token: 6,
			events: []GrpcEvent{initial, {Failure: CallBrokenOff}},
			want: []string{readyStream + " = Ok 6", "-> proxy_on_grpc_receive_initial_metadata(context 1, token 6, headers 1)",
				`{":status": "200"}`, "-> proxy_on_grpc_receive_trailing_metadata(context 1, token 6, headers 0)",
				"-> proxy_on_grpc_close(context 1, token 6, status 13)",
				`13 "upstream_reset_after_response_started{connection_termination}"`}},
		{name: "stream reset", guest: func(g *wasmtest.Guest) { stream(g, grpcTo("ready")) }, token: 6,
			events: []GrpcEvent{initial, {Failure: CallReset}},
			want: []string{readyStream + " = Ok 6", "-> proxy_on_grpc_receive_initial_metadata(context 1, token 6, headers 1)",
				`{":status": "200"}`, "-> proxy_on_grpc_receive_trailing_metadata(context 1, token 6, headers 0)",
				"-> proxy_on_grpc_close(context 1, token 6, status 13)",
				`13 "upstream_reset_after_response_started{remote_reset}"`}},
		{name: "call reset", guest: func(g *wasmtest.Guest) { call(g, grpcTo("ready"), 100) }, token: 5,
			events: []GrpcEvent{initial, {Failure: CallReset}},
			want: []string{readyCall + " = Ok 5", "-> proxy_on_grpc_close(context 1, token 5, status 13)",
				`13 "upstream_reset_after_response_started{remote_reset}"`}},
		{name: "message changed", guest: func(g *wasmtest.Guest) {
			call(g, grpcTo("ready"), 100)
			g.Call(onGrpcReceive, "proxy_set_buffer_bytes", 5, 0, 0, "zz")
			g.Call(onGrpcReceive, "proxy_get_buffer_bytes", 5, 0, 99, out)
		}, token: 5, events: []GrpcEvent{message("yes")},
			want: []string{readyCall + " = Ok 5", "-> proxy_on_grpc_receive(context 1, token 5, size 3)", `"yes"`, `"zzyes"`}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			g := grpcGuest()
			test.guest(g)
			options := Options{}
			if test.old {
				options.Profile = profile.Envoy136
			}
			b := mustStart(t, g, setup{options: options, vm: VMConfig{Clock: NewManualClock(time.Unix(0, 0)), Clusters: clusters,
				Trace: true}})
			s := b.exchange()
			for _, e := range test.events {
				if err := b.vm.AnswerGrpc(test.token, e); err != nil {
					t.Errorf("%+v: %v", e, err)
				}
			}
			if err := b.vm.Advance(test.waits); err != nil {
				t.Fatal(err)
			}
			s.Close()
			if err := b.vm.Failure(); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, b.grpcTrace()); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if err := b.vm.AnswerGrpc(5, closed); err == nil && len(test.events) > 0 && test.token == 5 {
				t.Error("a call was answered twice")
			}
		})
	}
}

// TestGrpcTokenStays: a call that fails does not write its token.
func TestGrpcTokenStays(t *testing.T) {
	const token = 900
	for _, upstream := range []string{"nosuch", grpcTo("nosuch"), grpcTo("empty")} {
		g := wasmtest.NewGuest("0_2_1")
		g.Do(reqHead, wasmtest.I32(token), wasmtest.I32(77), wasmtest.Store(0))
		g.Call(reqHead, "proxy_grpc_call", upstream, "s", "m", "", "x", 100, token)
		g.Call(reqHead, "proxy_grpc_stream", upstream, "s", "m", "", token)
		b := mustStart(t, g, setup{vm: VMConfig{Clusters: clusters}})
		b.exchange()
		if got, _ := b.vm.memory.ReadUint32Le(token); got != 77 {
			t.Errorf("%q: token %d", upstream, got)
		}
	}
}

// TestGrpcThatKillsEnvoy: names that are protobuf of another kind, and two streams that fail at once.
func TestGrpcThatKillsEnvoy(t *testing.T) {
	for _, upstream := range []string{"", "h2", "users", "empty", "\x1a\x00", "xy", "\n\x00\x12\x00\x1a\x00"} {
		g := wasmtest.NewGuest("0_2_1")
		g.Call(reqHead, "proxy_grpc_call", upstream, "s", "m", "", "x", 100, out1)
		b := mustStart(t, g, setup{vm: VMConfig{Clusters: func(string) ClusterState { return ClusterReady }}})
		b.exchange()
		f := b.vm.Failure()
		kills := upstream != "\n\x00\x12\x00\x1a\x00" // this one has a target
		if kills != (f != nil && f.Kind == WouldCrashEnvoy && strings.Contains(f.Reason, "without a target")) {
			t.Errorf("%q: %v", upstream, f)
		}
	}
	g := wasmtest.NewGuest("0_2_1")
	g.Exports(onGrpcInitial)
	g.Call(reqHead, "proxy_grpc_stream", grpcTo("nosuch"), "s", "m", "", out1)
	g.Call(reqHead, "proxy_grpc_stream", grpcTo("empty"), "s", "m", "", out1)
	b := mustStart(t, g, setup{vm: VMConfig{Clusters: clusters}})
	b.exchange()
	if f := b.vm.Failure(); f == nil || f.Kind != WouldCrashEnvoy || !strings.Contains(f.Reason, "hangs for ever") {
		t.Errorf("got %v", f)
	}
}

// TestGrpcWithoutEnd: a callback that opens a stream which makes that callback again ends the VM, not the process.
func TestGrpcWithoutEnd(t *testing.T) {
	for _, callback := range []string{onGrpcInitial, onGrpcTrailing} {
		g := wasmtest.NewGuest("0_2_1")
		for _, in := range []string{reqHead, callback} {
			g.Call(in, "proxy_grpc_stream", grpcTo("empty"), "s", "m", "", out1)
		}
		b := mustStart(t, g, setup{vm: VMConfig{Clusters: clusters}})
		b.exchange()
		if f := b.vm.Failure(); f == nil || f.Kind != WouldCrashEnvoy || !strings.Contains(f.Reason, "without end") {
			t.Errorf("%s: got %v", callback, f)
		}
	}
}

// TestParseGrpcService has fields as protobuf's rules read them.
func TestParseGrpcService(t *testing.T) {
	for in, want := range map[string]grpcService{
		"\n\x07\n\x05users":              {isEnvoy: true, set: true, cluster: "users"},
		"\n\x07\n\x05users\x12\x00":      {set: true},
		"\x12\x05\n\x03a:1\n\x03\n\x01a": {isEnvoy: true, set: true, cluster: "a"},
		"\n\x03\n\x01a\n\x05\x12\x03abc": {isEnvoy: true, set: true, cluster: "a"}, // parts are merged
		"\n\x03\n\x01a\n\x03\n\x01b":     {isEnvoy: true, set: true, cluster: "b"},
		"\x1a\x02\x08\x05\n\x03\n\x01a":  {isEnvoy: true, set: true, cluster: "a"}, // a time-out first
		// field 1 with another wire type is unknown
		"\x08\x01":               {},
		"\n\x06\n\x01a\x12\x01b": {isEnvoy: true, set: true, cluster: "a"}, // an authority too
		"\n\x85\x01\n\x82\x01" + strings.Repeat("c", 130): {isEnvoy: true, set: true, cluster: strings.Repeat("c", 130)},
		"\x73\x08\x01\x74": {}, // a group
	} {
		if got, ok := parseGrpcService([]byte(in)); !ok || got != want {
			t.Errorf("%q: got %+v, %v, want %+v", in, got, ok, want)
		}
	}
	for _, in := range []string{"nosuch", "\n", "\n\x07\n\x05user", "\n\x03\n\x01\xff", "\n\x02\n\x05", "\x00\x00",
		"\x73\x08\x01", "\x74",
		"outbound|80||a.svc.cluster.local", "\n\x04\x12\x02\xff\xfe"} {
		if got, ok := parseGrpcService([]byte(in)); ok {
			t.Errorf("%q: got %+v", in, got)
		}
	}
}

// TestGrpcUpstream: a server that answers at once does so when the callback has returned, and not to
// a call that was given up.
func TestGrpcUpstream(t *testing.T) {
	g := wasmtest.NewGuest("0_2_1")
	g.Call(reqHead, "proxy_grpc_call", grpcTo("ready"), "s", "m", "", "x", 0, out1)
	gone := g.Call(reqHead, "proxy_grpc_call", grpcTo("ready"), "s", "m", "", "y", 0, out1)
	g.Call(reqHead, "proxy_grpc_cancel", wasmtest.OutWord(gone, 0))
	g.Call(reqHead, "proxy_log", 2, "called")
	g.Call(onGrpcReceive, "proxy_log", 2, "received")
	b := mustStart(t, g, setup{vm: VMConfig{Clusters: clusters, GrpcUpstream: func(c *GrpcCall) []GrpcEvent {
		return []GrpcEvent{{Kind: GrpcMessage, Message: c.Messages[0]}, {Kind: GrpcMessage, Message: c.Messages[0]}}
	}}})
	b.plugin.NewStream(StreamConfig{}).RequestHeaders(get, true)
	if diff := cmp.Diff([]string{"info: called", "info: received"}, b.lines); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	calls := b.vm.GrpcCalls()
	if !calls[0].Answered || calls[0].Cancelled || calls[1].Answered || !calls[1].Cancelled || !calls[0].Done ||
		!calls[1].Done {
		t.Errorf("got %+v, %+v", *calls[0], *calls[1])
	}
}
