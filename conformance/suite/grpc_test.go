package suite

import (
	"testing"

	"github.com/header-auth/header-auth/conformance/wordtable"
	"github.com/header-auth/header-auth/host/wasmtest"
)

const (
	get1   = `{cluster: users, service: pkg.Users, method: Get, metadata: [[x-tenant, acme]], message: bob, timeout_ms: 1000}`
	asks   = `decision: hold, grpc: [` + get1 + `]`
	watch1 = `{cluster: users, service: pkg.Users, method: Watch, messages: [hello]}`
)

var grpcLanguage = []sample{
	{"gRPC call, answered later", wordtable.Asking, `
clusters: {users: ready}
steps:
  - {stream: a, request: {}, want: {` + asks + `}}
  - {answer: {grpc: {call: 1, message: {base64: YWRtaW4=}}}, want: {logs: [{info: admin}], streams: {a: {decision: allow}}}}
  - {finish: a, want: {decision: allow}}`,
		[]string{"cluster: users => cluster: others", "service: pkg.Users => service: pkg.User", "method: Get => method: {contains: Set}",
			"[[x-tenant, acme]] => [[x-tenant, umbrella]]", "metadata: [[x-tenant, acme]], => ", "metadata: [[x-tenant, acme]] => metadata: {lacks: [x-tenant]}",
			"message: bob => message: {matches: \"b.\"}", "timeout_ms: 1000 => timeout_ms: 999", "message: bob, timeout_ms: 1000 => messages: [bob]",
			", grpc: [" + get1 + "] => ", "grpc: [" + get1 + "] => grpc: [" + get1 + ", " + get1 + "]",
			"call: 1, message => call: 2, message", "message: {base64: YWRtaW4=} => status: 5", "message: {base64: YWRtaW4=} => failed: refused",
			"logs: [{info: admin}], streams => logs: [{info: user}], streams"}},
	{"gRPC call, partly said", wordtable.Asking, `
clusters: {users: none}
steps:
  - {stream: a, request: {}, want: {decision: hold, grpc: [{cluster: {any: true}, service: {contains: Users}, method: Get, metadata: {has: [[x-tenant, {any: true}]]}, message: {matches: "b.b"}, timeout_ms: any}]}}
  - {stream: b, request: {}, want: {decision: hold, grpc: any}}
  - {close: a, want: {decision: hold}}
  - {close: b, want: {decision: hold}}`,
		[]string{"message: {matches: \"b.b\"} => message: {not: bob}", "has: [[x-tenant, => has: [[x-other,"}},
	{"gRPC call, answered at once", wordtable.Asking, `
clusters: {users: [{grpc: {message: admin}}, {grpc: {status: 5, status_message: no such user}}, {grpc: {status: 0}}, refused, closed, garbage, reset, timed_out, none]}
steps:
  - {request: {}, want: {decision: allow, grpc: [` + get1 + `], logs: [{info: admin}]}}
  - {request: {}, want: {` + asks + `, logs: [{info: "no such user{via_upstream}"}]}}
  - {request: {}, want: {` + asks + `, logs: [{info: ""}]}}
  - {request: {}, want: {` + asks + `, logs: [{info: {contains: "reset reason: remote connection failure"}}]}}
  - {request: {}, want: {` + asks + `, logs: [{info: {contains: "reset reason: connection termination"}}]}}
  - {request: {}, want: {` + asks + `, logs: [{info: {contains: "reset reason: protocol error"}}]}}
  - {request: {}, want: {` + asks + `, logs: [{info: "upstream_reset_after_response_started{remote_reset}"}]}}
  - {request: {}, want: {` + asks + `, logs: [{info: {contains: upstream request timeout}}]}}
  - {request: {}, want: {` + asks + `}}
  - {advance: 999ms, want: {}}
  - {advance: 1ms, want: {logs: [{info: {contains: upstream request timeout}}]}}`,
		[]string{"{grpc: {message: admin}} => {grpc: {message: user}}", "status_message: no such user => status_message: gone", "status: 5, => status: 0,",
			"refused, closed => closed, refused", "garbage, reset => reset, garbage", "reset, timed_out => timed_out, reset", "timed_out, none => none, timed_out",
			"{grpc: {message: admin}}, => {status: 200},", "advance: 999ms => advance: 1s"}},
	{"gRPC stream", wordtable.Watching, `
clusters: {users: ready}
steps:
  - {stream: a, request: {}, want: {decision: allow, grpc: [` + watch1 + `]}}
  - {answer: {grpc: {initial_metadata: [[x-server, s1]], messages: [one, two]}}, want: {logs: [{info: s1}, {info: one}, {info: two}]}}
  - {respond: a, want: {decision: allow, grpc: [{call: 1, messages: [more], ended: true}]}}
  - {answer: {grpc: {trailing_metadata: [[x-sum, "2"]], status: 9, status_message: enough}}, want: {logs: [{info: "2"}, {info: "9"}, {info: "enough{via_upstream}"}]}}
  - {close: a, want: {decision: allow}}`,
		[]string{"messages: [hello] => messages: [hello, hello]", "messages: [hello] => messages: []", "messages: [hello] => messages: [hello], ended: true",
			"messages: [hello] => message: hello, timeout_ms: 0", "[[x-server, s1]] => [[x-server, s2]]", "messages: [one, two] => messages: [two]",
			"call: 1, messages: [more] => call: 2, messages: [more]", "messages: [more] => messages: [{contains: less}]", ", ended: true => ",
			", grpc: [{call: 1, messages: [more], ended: true}] => ", "[[x-sum, \"2\"]] => [[x-sum, \"3\"]]", "status: 9 => status: 8", "status_message: enough => status_message: more",
			", status: 9, status_message: enough}}, want => , status: 9}}, want"}},
	{"gRPC stream, refused by the server at once", wordtable.Watching, `
clusters: {users: {grpc: {trailing_metadata: [[x-sum, "0"]], status: 7, status_message: denied}}}
steps:
  - {request: {}, want: {decision: allow, grpc: [` + watch1 + `], logs: [{info: ""}, {info: "0"}, {info: "7"}, {info: "denied{via_upstream}"}]}}`,
		[]string{"[" + watch1 + "] => [" + watch1 + ", {call: 1, ended: true}]", "status: 7 => status: 6", "{info: \"\"}, => "}},
	{"gRPC stream, given up", wordtable.Cancelling, `
clusters: {users: ready}
steps:
  - {stream: a, request: {}, want: {decision: allow, grpc: [{cluster: users, service: pkg.Users, method: Watch, messages: []}]}}
  - {respond: a, want: {decision: allow, grpc: [{call: 1, cancelled: true}]}}
  - {close: a, want: {decision: allow, grpc: [{cluster: users, service: pkg.Users, method: Get, message: bye, timeout_ms: 0, cancelled: true}]}}`,
		[]string{"call: 1, cancelled: true => call: 1, ended: true", "timeout_ms: 0, cancelled: true => timeout_ms: 0", ", grpc: [{call: 1, cancelled: true}] => ",
			"  - {respond: a, =>   - {answer: {grpc: {call: 2, status: 0}}, want: {}}\n  - {respond: a,"}},
}

func TestGRPC(t *testing.T) { tryAll(t, grpcLanguage) }

// TestGRPCDivergence: builds that make other gRPC calls diverge, where the case does not look at them.
func TestGRPCDivergence(t *testing.T) {
	asks := func(message string) []byte {
		g := guest()
		g.Call(onRequest, "proxy_grpc_call", wordtable.UsersService, "pkg.Users", "Get", "", message, 0, wasmtest.Out1)
		return g.Bytes()
	}
	cases := small(t, "  - {id: a/one, clusters: {users: ready}, steps: [{request: {}, want: {decision: allow, grpc: any}}]}\n")
	r := Run(t.Context(), cases, subjects(t, "bob", asks("bob"), "ann", asks("ann")), RunOptions{})
	if len(r.Divergences) != 1 || r.Divergences[0].Field != "gRPC calls" {
		t.Errorf("got %+v", r.Divergences)
	}
}
