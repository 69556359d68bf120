package suite

import (
	"slices"
	"strings"
	"testing"

	"github.com/header-auth/header-auth/conformance/wordtable"
	"github.com/header-auth/header-auth/host/wasmtest"
)

// marking adds a header to each response.
func marking() []byte {
	g := guest()
	g.Call(onResponse, "proxy_add_header_map_value", 2, "x-seen", "1")
	return g.Bytes()
}

var upstreamLanguage = []sample{
	{"upstream fails", guest0, `
steps:
  - {request: {response: refused}, want: {decision: allow}}
  - {request: {response: not_connected}, want: {decision: allow}}
  - {request: {response: closed}, want: {decision: allow}}
  - {request: {response: reset}, want: {decision: allow}}
  - {request: {response: garbage}, want: {decision: allow, response: [[":status", "502"]]}}
  - {request: {response: timed_out}, want: {decision: allow, response: [[":status", "504"]], response_body: upstream request timeout}}
  - {request: {response: empty}, want: {decision: allow, response_body: no healthy upstream}}
  - {request: {method: HEAD, response: closed}, want: {decision: allow}}
  - {request: {headers: [[content-type, application/grpc]], response: closed}, want: {decision: allow, response: [[":status", "200"]]}}`,
		[]string{"response: refused}, want: {decision: allow} => response: refused}, want: {decision: allow, response: cut}",
			"response: closed}, want: {decision: allow} => response: closed}, want: {decision: allow, " +
				"response_body: {contains: remote reset}}",
			"response: reset}, want: {decision: allow} => response: reset}, want: {decision: allow, response: none}",
			"[[\":status\", \"502\"]] => [[\":status\", \"503\"]]",
			"response_body: upstream request timeout => response_body: upstream",
			"response: garbage}, => response: closed},", "response: timed_out}, => response: garbage},",
			"response: empty}, => response: closed},",
			"[[\":status\", \"200\"]] => [[\":status\", \"503\"]]"}},
	{"upstream fails, and the plugin changes Envoy's answer", marking, `
steps:
  - {request: {response: closed}, want: {decision: allow, response: {add: [[x-seen, "1"]]}}}
  - {request: {response: {status: 200, headers: [[x-a, b]], body: [half], failed: closed}}, want: {decision: allow, response: {set: [[x-seen, "1"]]}}}`,
		[]string{"closed}, want: {decision: allow, response: {add: [[x-seen, \"1\"]]}} => closed}, want: {decision: allow}",
			"response: {set: [[x-seen, \"1\"]]} => response: {set: [[x-seen, \"1\"]]}, response_body: whole",
			"response: {set: [[x-seen, \"1\"]]} => response: upstream_failed"}},
	{"upstream breaks off behind its headers", wordtable.Holding, `
steps:
  - {request: {response: {status: 200, body: [half], failed: reset}}, want: {decision: allow, response: upstream_failed}}
  - {request: {response: {status: 200, failed: timed_out}}, want: {decision: allow, response: upstream_failed, response_body: upstream request timeout}}`,
		[]string{"failed: reset}}, want: {decision: allow, response: upstream_failed} => failed: " +
			"reset}}, want: {decision: allow}",
			"failed: timed_out => failed: closed", "failed: reset}}, want: {decision: allow, response: upstream_failed} => " +
				"failed: reset}}, want: {decision: allow, response: cut}"}},
	{"upstream fails, and the plugin answers instead", wordtable.Mending, `
steps:
  - {request: {response: closed}, want: {decision: replace, reply: {status: 200, headers: [], body: try later}}}`,
		[]string{"body: try later => body: {contains: upstream}",
			"decision: replace, reply: {status: 200, headers: [], body: try later} => decision: allow"}},
}

func TestUpstreamFailures(t *testing.T) { tryAll(t, upstreamLanguage) }

// TestMissingCluster: a plugin that traps because the case has no cluster for its call is told to be one of these.
func TestMissingCluster(t *testing.T) {
	for clusters, want := range map[string]string{
		"":                             `it asked for cluster "users", which the case does not name: clusters: {"users": {status: 200}}`,
		"clusters: {users: unknown}\n": "",
	} {
		c, err := oneCase(t, clusters+"steps: [{request: {}, want: {decision: allow}}]")
		if err != nil {
			t.Fatal(err)
		}
		g := guest()
		g.Call(onRequest, "proxy_http_call", "users", wasmtest.Pairs(":method", "GET", ":path", "/", ":authority", "a"), "",
			wasmtest.Pairs(), 1000, wasmtest.Out1)
		g.Do(onRequest, wasmtest.Unreachable)
		details := observe(t, g, *c, ObserveOptions{}).Failure.Details
		at := slices.IndexFunc(details, func(line string) bool { return strings.Contains(line, "cluster") })
		if want == "" && at >= 0 || want != "" && (at != 0 || details[at] != want) {
			t.Errorf("%q: got %q, want %q first", clusters, details, want)
		}
	}
}
