package suite

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/header-auth/header-auth/conformance/table"
	"github.com/header-auth/header-auth/host"
	"github.com/header-auth/header-auth/host/wasmtest"
	"github.com/header-auth/header-auth/report"
)

// A word is shown by a step that is green, and by changes of its want that are red.
type word struct {
	name  string
	guest func() *wasmtest.Guest
	step  string // without its want
	want  string
	red   []wrong
}

// wrong is another want, with the field that it differs in and a part of the text that explains it.
type wrong struct{ want, field, text string }

// writer changes headers and logs on both sides.
func writer() *wasmtest.Guest {
	g := guest()
	g.Call(onRequest, "proxy_log", 2, "main.cc:42 took 17 ms")
	g.Call(onRequest, "proxy_log", 4, "cache: cold")
	g.Call(onRequest, "proxy_add_header_map_value", 0, "x-id", "7f-29")
	g.Call("proxy_on_response_headers", "proxy_add_header_map_value", 2, "x-took", "17ms")
	return g
}

// rewriter replaces bodies on both sides by X, and leaves a content-length as it is.
func rewriter() *wasmtest.Guest {
	g := guest()
	for callback, buffer := range map[string]int{"proxy_on_request_body": 0, "proxy_on_response_body": 1} {
		g.Do(callback, wasmtest.Get(2), wasmtest.Eqz, wasmtest.If, wasmtest.I32(1), wasmtest.Return, wasmtest.End)
		g.Call(callback, "proxy_set_buffer_bytes", buffer, 0, 1000, "X")
	}
	return g
}

// lateReply answers in place of the upstream.
func lateReply() *wasmtest.Guest {
	g := guest()
	g.Call("proxy_on_response_headers", "proxy_send_local_response", 502, "late", "an error page of 30 ms",
		wasmtest.Pairs("x-why", "late"), -1)
	return g
}

// redirect answers, and returns Continue all the same.
func redirect() *wasmtest.Guest {
	g := guest()
	g.Call(onRequest, "proxy_send_local_response", 301, "moved", "", wasmtest.Pairs("location", "https://a.example/"), -1)
	return g
}

// storer does what outlives its callback.
func storer() *wasmtest.Guest {
	g := guest()
	g.Call("proxy_on_configure", "proxy_set_shared_data", "started", "yes", 0)
	q := g.Call("proxy_on_configure", "proxy_register_shared_queue", "jobs", wasmtest.Out1)
	g.Call(onRequest, "proxy_set_shared_data", "count", "17", 0)
	g.Call(onRequest, "proxy_set_shared_data", "count", "18", 4711) // fails, so nothing is done
	g.Call(onRequest, "proxy_enqueue_shared_queue", wasmtest.Join(wasmtest.I32(int(wasmtest.StatusAt(q))),
		wasmtest.Load(4)), "a job")
	g.Call(onRequest, "proxy_set_property", "my\x00path", "v")
	g.Call(onRequest, "proxy_call_foreign_function", "clear_route_cache", "", 0, 0)
	return g
}

// caller makes a call with a random part.
func caller() *wasmtest.Guest {
	g := guest()
	g.Call(onRequest, "proxy_http_call", "auth", wasmtest.Pairs(":method", "GET", ":path", "/check?id=83", ":authority",
		"auth"), "", wasmtest.Pairs(), 250,
		wasmtest.Out1)
	return g
}

const post = `request: {method: POST, headers: [[content-length, "7"]], body: [abc, defg], response: {headers: [[content-length, "5"]], body: [hello]}}`

var wordTests = []word{
	{"has and lacks of headers", writer, `request: {}`,
		`{decision: allow, forwarded: {has: [[X-Id, "7f-29"]], lacks: [x-other, [x-id, other]]}, response: {has: [[":status", "200"]]}, logs: any}`,
		[]wrong{
			{`{decision: allow, forwarded: {has: [[x-id, other]]}, response: any, logs: any}`, "forwarded headers",
				"a header x-id: other"},
			{`{decision: allow, forwarded: {lacks: [x-id]}, response: any, logs: any}`, "forwarded headers", "no header x-id"},
			{`{decision: allow, forwarded: any, response: {lacks: [[x-took, {matches: ".*ms"}]]}, logs: any}`, "client headers",
				"no header x-took"},
		}},
	{"patterns in a whole list and in an edit", writer, `request: {}`,
		`{decision: allow, forwarded: {add: [[x-id, {matches: "[0-9a-f]+-[0-9]+"}]]}, response: [[":status", "200"], [X-Took, {any: true}]], logs: any}`,
		[]wrong{
			{`{decision: allow, forwarded: {set: [[x-id, {matches: "[0-9]+"}]]}, response: any, logs: any}`, "forwarded headers",
				`matches "[0-9]+"`},
			{`{decision: allow, forwarded: [[x-id, {any: true}], [x-more, {any: true}]], response: any, logs: any}`,
				"forwarded headers", "x-more: any value"},
			{`{decision: allow, forwarded: any, response: {set: [[x-took, {contains: s}], [x-b, c]]}, logs: any}`,
				"client headers", "x-b: c"},
		}},
	{"patterns of lines", writer, `request: {}`,
		`{decision: allow, forwarded: any, response: any, logs: [{info: {matches: ".*took [0-9]+ ms"}}, {any: {contains: cold}}]}`,
		[]wrong{
			{`{decision: allow, forwarded: any, response: any, logs: [{info: {contains: took}}]}`, "log lines", "cache: cold"},
			{`{decision: allow, forwarded: any, response: any, logs: [{warn: {contains: took}}, {any: {any: true}}]}`,
				"log lines", `warn contains "took"`},
		}},
	{"has and lacks of lines", writer, `request: {}`,
		`{decision: allow, forwarded: any, response: any, logs: {has: [{error: "cache: cold"}], lacks: [{any: {contains: password}}]}}`,
		[]wrong{
			{`{decision: allow, forwarded: any, response: any, logs: {has: [{info: "cache: cold"}]}}`, "log lines",
				"a line info cache: cold"},
			{`{decision: allow, forwarded: any, response: any, logs: {lacks: [{error: {not: {contains: hot}}}]}}`, "log lines",
				"no line error not contains"},
		}},
	{"bodies on both sides", rewriter, `request: {method: POST, body: [abc, defg], response: {body: [hello]}}`,
		`{decision: allow, forwarded_body: X, response_body: {matches: "[A-Z]"}}`,
		[]wrong{
			{`{decision: allow, response_body: X}`, "forwarded body", "abcdefg"},
			{`{decision: allow, forwarded_body: X, response_body: {all: [{contains: X}, {not: X}]}}`, "client body",
				`contains "X" and not "X"`},
			{`{decision: allow, forwarded_body: {contains: abc}, response_body: X}`, "forwarded body", `contains "abc"`},
		}},
	{"a plan of chunks", rewriter,
		`request: {method: POST, body: {bytes: {text: ab, times: 5}, chunks: 3}, response: {body: {bytes: hello, chunk_size: 2}}}`,
		`{decision: allow, forwarded_body: X, response_body: X, forwarded_trailers: [], response_trailers: any}`,
		[]wrong{
			{`{decision: allow, forwarded_body: X, response_body: X, response_trailers: {has: [[x-sum, "1"]]}}`,
				"client trailers", "a header x-sum: 1"},
			{`{decision: allow, forwarded_body: X, response_body: X, forwarded_trailers: [[x-sum, "1"]]}`, "forwarded trailers",
				"x-sum: 1"},
		}},
	{"framing", rewriter, `request: {method: POST, body: [abc, defg], response: {body: [hello]}}`,
		`{decision: allow, forwarded_body: X, response_body: X}`, nil},
	{"replace", lateReply, `request: {response: {status: 500, body: [oops]}}`,
		`{decision: replace, reply: {status: 502, headers: [[x-why, late]], body: {matches: ".* of [0-9]+ ms"}, details: late}}`,
		[]wrong{
			{`{decision: allow}`, "decision", "replace"},
			{`{decision: replace, reply: {status: any, headers: any, body: {any: true}, details: {matches: ""}}}`,
				"reply details", "late"},
			{`{decision: replace, reply: {status: any, headers: any, body: {contains: password}}}`, "reply body",
				`contains "password"`},
			{`{decision: replace, reply: any, response_body: {contains: password}}`, "client body", `contains "password"`},
			{`{decision: replace, reply: {status: any, headers: {has: [[x-why, {any: true}]], lacks: [x-why]}, body: {any: true}}}`, "reply headers", "no header x-why"},
			{`{decision: replace, reply: any, forwarded: {has: [[x-id, a]]}}`, "forwarded headers", "a header x-id: a"},
		}},
	{"what client and upstream see", redirect, `request: {}`,
		`{decision: refuse, reply: {status: 301, headers: {has: [[location, {contains: a.example}]]}, body: ""}, response: {has: [[":status", "301"]]}}`,
		[]wrong{
			{`{decision: refuse, action: Pause, reply: any}`, "on_request_headers returned", "Pause"},
			{`{decision: refuse, response_action: Pause, reply: any}`, "on_response_headers returned", "Pause"},
		}},
	{"calls", caller, `request: {}`,
		`{decision: allow, calls: [{cluster: auth, headers: {has: [[":path", {matches: "/check\\?id=[0-9]+"}]]}, timeout_ms: any}]}`,
		[]wrong{
			{`{decision: allow, calls: [{cluster: {contains: other}, headers: any, timeout_ms: 250}]}`, "outgoing calls",
				`contains`},
			{`{decision: allow, calls: [{cluster: auth, headers: {has: [[":path", /check]]}, timeout_ms: 250}]}`,
				"outgoing calls", "a header :path: /check"},
			{`{decision: allow}`, "outgoing calls", "call to auth"},
		}},
	{"any call, any metric", caller, `request: {}`, `{decision: allow, calls: any, metrics: any}`, nil},
}

func TestWords(t *testing.T) {
	for _, w := range wordTests {
		t.Run(w.name, func(t *testing.T) {
			if found := tried(t, w.guest(), w.step, w.want); len(found) > 0 {
				t.Errorf("%s: red: %+v", w.want, found)
			}
			for _, r := range w.red {
				found := tried(t, w.guest(), w.step, r.want)
				if len(found) == 0 || found[0].Field != r.field || !strings.Contains(found[0].Wanted+found[0].Got, r.text) {
					t.Errorf("%s: got %+v, wanted %s with %q", r.want, found, r.field, r.text)
				}
			}
		})
	}
}

// reader logs what it can read of its surroundings.
func reader() *wasmtest.Guest {
	g := guest()
	show := func(callback string, level int, function string, args ...any) { // what a call has given, as a line
		n := g.Call(callback, function, append(args, wasmtest.Out)...)
		out := wasmtest.I32(int(wasmtest.StatusAt(n)))
		g.Call(callback, "proxy_log", level, wasmtest.Join(out, wasmtest.Load(4)), wasmtest.Join(out, wasmtest.Load(8)))
	}
	const start, configure = "proxy_on_vm_start", "proxy_on_configure"
	show(start, 2, "proxy_get_buffer_bytes", 6, 0, 100)
	show(configure, 2, "proxy_get_property", "xds\x00node\x00metadata\x00ZONE")
	show(configure, 2, "proxy_get_property", "plugin_root_id")
	show(configure, 2, "proxy_get_property", "plugin_name")
	show(onRequest, 2, "proxy_get_property", "xds\x00route_name")
	show(onRequest, 2, "proxy_get_property", "request\x00region")
	return g
}

// What a plugin can read of its surroundings is what the case says.
func TestWorld(t *testing.T) {
	const settings = `
    root_id: stats
    plugin_name: mine
    node: {id: n1, metadata: {ZONE: z1}}
    vm: {id: v, config: of the VM, environment: {KEY: value}}
    properties: {xds.route_name: r1, request.region: {hex: "42 52"}}
`
	text := "  - id: a/one" + settings + `
    start: {accepted: true, logs: [{info: of the VM}, {info: z1}, {info: stats}, {info: mine}]}
    steps:
      - {request: {}, want: {decision: allow, logs: [{info: r1}, {info: BR}]}}
      - {request: {properties: {request.region: DE}}, want: {decision: allow, logs: [{info: r1}, {info: DE}]}}
`
	judged := func(text string) []report.Mismatch {
		c := &small(t, text).Groups[0].Cases[0]
		return Check(c, observed(t, reader(), c))
	}
	if found := judged(text); len(found) > 0 {
		t.Fatalf("red: %+v", found)
	}
	for _, change := range []string{"root_id: stats => root_id: other", "plugin_name: mine => plugin_name: yours",
		"ZONE: z1 => ZONE: z2",
		"of the VM, env => none, env", "route_name: r1 => route_name: r2", `"42 52" => "42"`, "region: DE => region: UK"} {
		before, after, _ := strings.Cut(change, " => ")
		if found := judged(strings.Replace(text, before, after, 1)); len(found) == 0 {
			t.Errorf("green after %s", change)
		}
	}
}

// Random bytes and environment variables come by WASI.
func TestRandomAndEnvironment(t *testing.T) {
	const at, sizes = 4096, 8192
	g := guest()
	g.CallFrom("wasi_snapshot_preview1", onRequest, "random_get", "i", at, 5)
	g.Call(onRequest, "proxy_log", 2, wasmtest.Raw{At: at, Len: 5})
	g.CallFrom("wasi_snapshot_preview1", onRequest, "environ_get", "i", sizes, at)
	g.Call(onRequest, "proxy_log", 2, wasmtest.Raw{At: at, Len: 9})
	c := &small(t, "  - {id: a/one, random: abc, vm: {environment: {KEY: value}}, steps: [{request: {}, want: "+
		"{decision: allow, logs: [{info: abcab}, {info: KEY=value}]}}]}\n").
		Groups[0].Cases[0]
	if found := Check(c, observed(t, g, c)); len(found) > 0 {
		t.Errorf("red: %+v", found)
	}
}

// What a plugin stores, sends and calls is compared as all else is: no more and no less.
func TestEffects(t *testing.T) {
	const all = `
    start: {accepted: true, effects: [{shared_data: started, value: "yes"}]}
    steps:
      - request: {}
        want: {decision: allow, effects: [{shared_data: count, value: {matches: "[0-9]+"}}, {queue: jobs, value: a job}, {property: my.path, value: v}, {foreign_function: clear_route_cache, value: ""}]}
`
	judged := func(text string) []report.Mismatch {
		c := &small(t, "  - id: a/one"+text).Groups[0].Cases[0]
		return Check(c, observed(t, storer(), c))
	}
	if found := judged(all); len(found) > 0 {
		t.Fatalf("red: %+v", found)
	}
	for _, change := range []string{`, effects: [{shared_data: started, value: "yes"}] => `, `"[0-9]+" => "[a-z]+"`,
		"queue: jobs => queue: other", "value: a job => value: b",
		"my.path => mypath", `, {foreign_function: clear_route_cache, value: ""} => `,
		"{shared_data: count => {property: count"} {
		before, after, _ := strings.Cut(change, " => ")
		if changed := strings.Replace(all, before, after, 1); changed == all || len(judged(changed)) == 0 ||
			!strings.HasSuffix(judged(changed)[0].Field, "effects") {
			t.Errorf("%s: %+v", change, judged(changed))
		}
	}
	if found := judged("\n    start: {accepted: true, effects: any}\n    steps: [{request: {}, want: " +
		"{decision: allow, effects: any}}]\n"); len(found) > 0 {
		t.Errorf("any: %+v", found)
	}
}

// tried is what differs when a guest does one step.
func tried(t *testing.T, g *wasmtest.Guest, step, want string) []report.Mismatch {
	t.Helper()
	cases := small(t, "  - id: a/one\n    clusters: {auth: ready}\n    steps: [{"+step+", want: "+want+"}]\n")
	c := &cases.Groups[0].Cases[0]
	return Check(c, observed(t, g, c))
}

func observed(t *testing.T, g *wasmtest.Guest, c *table.Case) Observation {
	t.Helper()
	m, err := Compile(t.Context(), g.Bytes(), host.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = m.Close(t.Context()) }()
	o, err := Observe(t.Context(), m, c, ObserveOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return o
}

// small is a table with these cases, which demands no reasons.
func small(t *testing.T, cases string) *table.Table {
	t.Helper()
	dir := t.TempDir()
	for name, text := range map[string]string{"contract.yaml": "name: small\nstrict: {reasons: false}\n",
		"a.yaml": "cases:\n" + cases} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	loaded, err := table.Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	return loaded
}

// A body that is changed under a content-length that stays breaks the message in Envoy.
func TestFraming(t *testing.T) {
	const want = `{decision: allow, forwarded_body: X, response_body: X}`
	found := tried(t, rewriter(), post, want)
	if len(found) != 2 || found[0].Field != "forwarded framing" || found[1].Field != "client framing" {
		t.Fatalf("got %+v, want the framing on both sides", found)
	}
	for i, text := range []string{"content-length: 7 with a body of 1 bytes: Envoy sends both, and the " +
		"upstream waits for the rest",
		"content-length: 5 with a body of 1 bytes: Envoy sends both, and the client waits for the rest"} {
		if !strings.Contains(found[i].Got, text) {
			t.Errorf("got %q, want %q", found[i].Got, text)
		}
	}
	longer := strings.ReplaceAll(post, `"7"`, `"0"`)
	if found := tried(t, rewriter(), longer, want); !strings.Contains(found[0].Got, "the beginning of another message") {
		t.Errorf("a body that is longer: got %+v", found)
	}
	t.Run("removed", func(t *testing.T) {
		g := rewriter()
		g.Call(onRequest, "proxy_remove_header_map_value", 0, "content-length")
		g.Call("proxy_on_response_headers", "proxy_remove_header_map_value", 2, "content-length")
		if found := tried(t, g, post, strings.TrimSuffix(want, "}")+
			`, forwarded: {remove: [content-length]}, response: {remove: [content-length]}}`); len(found) > 0 {
			t.Errorf("red: %+v", found)
		}
	})
	t.Run("wrong from the start", func(t *testing.T) {
		if found := tried(t, guest(), `request: {method: POST, headers: [[content-length, "9"]], body: [a]}`,
			`{decision: allow}`); len(found) > 0 {
			t.Errorf("what the client has framed wrongly is laid to the plugin: %+v", found)
		}
	})
	t.Run("HEAD and 304", func(t *testing.T) {
		for _, request := range []string{`{method: HEAD, response: {headers: [[content-length, "5"]]}}`,
			`{response: {status: 304, headers: [[content-length, "5"]]}}`} {
			g := guest()
			g.Call("proxy_on_response_headers", "proxy_replace_header_map_value", 2, "content-length", "7")
			if found := tried(t, g, "request: "+request,
				`{decision: allow, response: {has: [[content-length, "7"]]}}`); len(found) > 0 {
				t.Errorf("%s: %+v", request, found)
			}
		}
	})
}

// What the request headers callback returns differs between builds, and does not count where neither
// client nor upstream sees it.
func TestActionsAreNoDivergence(t *testing.T) {
	pauses := redirect()
	pauses.Returns(onRequest, 1)
	cases := small(t, "  - id: a/one\n    steps: [{request: {}, want: {decision: refuse, reply: any}}]\n")
	r := Run(t.Context(), cases, subjects(t, "continues", redirect().Bytes(), "pauses", pauses.Bytes()), RunOptions{})
	if !r.Conformant() || len(r.Divergences) > 0 {
		t.Errorf("got %+v, %+v", r.Results, r.Divergences)
	}
}

// A plugin that answers on the way back can be timed.
func TestLoopOfReplacedResponses(t *testing.T) {
	cases := small(t, "  - id: a/one\n    steps: [{request: {}, want: {decision: replace, reply: any}}]\n")
	m, err := Compile(t.Context(), lateReply().Bytes(), host.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = m.Close(t.Context()) }()
	l, err := NewLoop(t.Context(), m, &cases.Groups[0].Cases[0], ObserveOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close(t.Context())
	if err := l.Run(100); err != nil {
		t.Error(err)
	}
	if err := l.Check(t.Context()); err != nil {
		t.Error(err)
	}
}
