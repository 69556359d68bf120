package suite

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/header-auth/header-auth/conformance/table"
	"github.com/header-auth/header-auth/host/wasmtest"
	"github.com/header-auth/header-auth/internal/hosttest"
	"github.com/header-auth/header-auth/report"
)

const onAnswer, onConfigure, onResponse = "proxy_on_http_call_response", "proxy_on_configure",
	"proxy_on_response_headers"

// holding calls the cluster auth for every request and holds it. It lets stream 2 go on when an answer has headers.
func holding() []byte {
	g := guest()
	g.Call(onRequest, "proxy_http_call", "auth", wasmtest.Pairs(":method", "GET", ":path", "/", ":authority", "a"), "", "",
		5000, wasmtest.Out1)
	g.Returns(onRequest, 1)
	g.Call(onAnswer, "proxy_log", 2, "answered")
	g.Do(onAnswer, wasmtest.Get(2), wasmtest.If)
	g.Call(onAnswer, "proxy_set_effective_context", 2)
	g.Call(onAnswer, "proxy_continue_stream", 0)
	g.Do(onAnswer, wasmtest.End)
	return g.Bytes()
}

// ticking logs each tick, makes a call in it and counts the answers, and adds a header to every response.
func ticking() []byte {
	g := guest()
	g.Call(onConfigure, "proxy_set_tick_period_milliseconds", 1000)
	g.Call(onConfigure, "proxy_define_metric", 0, "answers", wasmtest.Out1)
	g.Call("proxy_on_tick", "proxy_log", 2, "tick")
	g.Call("proxy_on_tick", "proxy_http_call", "auth", wasmtest.Pairs(":method", "GET", ":path", "/", ":authority", "a"),
		"", "", 500, wasmtest.Out1)
	g.Call(onAnswer, "proxy_increment_metric", 4, int64(1))
	g.Call(onResponse, "proxy_add_header_map_value", 2, "x-added", "1")
	return g.Bytes()
}

// measuring makes a call for each request and sets its tick period to the number of bytes of the answer.
func measuring() []byte {
	g := guest()
	g.Call(onRequest, "proxy_http_call", "auth", wasmtest.Pairs(":method", "GET", ":path", "/", ":authority", "a"), "", "",
		500, wasmtest.Out1)
	g.Call(onAnswer, "proxy_set_tick_period_milliseconds", wasmtest.Param(3))
	return g.Bytes()
}

func trapping(callback string) []byte { return in(callback, wasmtest.Unreachable) }

const call = `{cluster: auth, headers: [[":method", GET], [":path", /], [":authority", a]], timeout_ms: 5000}`

// language has cases that use every key of the table, and modules that pass them. With each of the changes a case
// fails: this shows that the key is checked.
var language = []struct {
	name    string
	wasm    func() []byte
	text    string
	changes []string // old => new
}{
	{"answer at once", holding, `
clusters: {auth: {status: 200}}
steps:
  - request: {}
    want: {decision: allow, calls: [` + call + `], logs: [{info: answered}]}`,
		[]string{"clusters: {auth: {status: 200}} => clusters: {auth: ready}",
			"clusters: {auth: {status: 200}} => clusters: {auth: unknown}",
			"clusters: {auth: {status: 200}} => clusters: {auth: empty}",
			"clusters: {auth: {status: 200}} => clusters: {auth: reset}",
			"timeout_ms: 5000 => timeout_ms: 5001", "[\":path\", /] => [\":path\", /a]", "cluster: auth => cluster: other",
			"calls: [" + call + "], => ", "logs: [{info: answered}] => logs: []"}},
	{"held, answered later", holding, `
clusters: {auth: none}
steps:
  - {stream: a, request: {body: [x], response: {body: [y]}}, want: {decision: hold, calls: [` + call + `]}}
  - {answer: {call: 1}, want: {logs: [{info: answered}], streams: {a: {decision: allow}}}}
  - {respond: a, want: {decision: allow}}
  - {close: a, want: {decision: allow}}`,
		[]string{"answer: {call: 1} => answer: {call: 2}", "answer: {call: 1} => answer: {reset: true}",
			", streams: {a: {decision: allow}} => ", "{a: {decision: allow}} => {a: {decision: hold}}",
			"{a: {decision: allow}} => {a: {decision: allow, response: [[\":status\", \"200\"]]}}",
			"respond: a, want: {decision: allow} => respond: a, want: {decision: allow, response: none}",
			"respond: a, want: {decision: allow} => respond: a, want: {decision: allow, response: cut}",
			"respond: a, want: {decision: allow} => respond: a, want: {decision: allow, response: failed}"}},
	{"time-out", holding, `
clusters: {auth: ready}
steps:
  - {stream: a, request: {}, want: {decision: hold, calls: [` + call + `]}}
  - {advance: 4999ms, want: {}}
  - {advance: 1ms, want: {logs: [{info: answered}], streams: {a: {decision: allow}}}}
  - {finish: a, want: {decision: allow}}`,
		[]string{"4999ms => 5s", "advance: 1ms => advance: 1us", "advance: 4999ms => jump: 4999ms"}},
	{"client gone before the answer", holding, `
clusters: {auth: ready}
steps:
  - {stream: a, request: {}, want: {decision: hold, calls: [` + call + `]}}
  - {close: a, want: {decision: hold}}
  - {answer: {status: 200}, want: {logs: [{info: answered}]}}`,
		[]string{"close: a, want: {decision: hold} => close: a, want: {decision: allow}", "logs: [{info: answered}] => "}},
	{"two streams", holding, `
clusters: {auth: ready}
steps:
  - {stream: a, request: {path: /a}, want: {decision: hold, calls: [` + call + `]}}
  - {stream: b, request: {path: /b}, want: {decision: hold, calls: [` + call + `]}}
  - {answer: {call: 2}, want: {logs: [{info: answered}], streams: {a: {decision: allow}}}}
  - {finish: b, want: {decision: hold}}
  - {finish: a, want: {decision: allow}}`,
		[]string{"{a: {decision: allow}} => {b: {decision: allow}}", "{call: 2} => {call: 3}"}},
	{"failures", measuring, `
clusters: {auth: [refused, not_connected, closed, garbage, timed_out]}
steps:
  - {request: {}, want: {decision: allow, calls: [CALL], tick_every: 98ms}}
  - {request: {}, want: {decision: allow, calls: [CALL], tick_every: 91ms}}
  - {request: {}, want: {decision: allow, calls: [CALL], tick_every: 95ms}}
  - {request: {}, want: {decision: allow, calls: [CALL], tick_every: 87ms}}
  - {request: {}, want: {decision: allow, calls: [CALL], tick_every: 24ms}}
  - {request: {}, want: {decision: allow, calls: [CALL]}}
  - {answer: {failed: refused}, want: {tick_every: 98ms}}`,
		[]string{"[refused, => [garbage,", "not_connected, => closed,", "closed, => not_connected,", "garbage, => closed,",
			"timed_out] => reset]",
			"failed: refused => failed: timed_out", "failed: refused => status: 503"}},
	{"headers first", guest0, `
steps:
  - {stream: a, request: {body: [x], trailers: [[t, "1"]]}, send: headers, want: {decision: allow}}
  - {upload: a, want: {decision: allow}}
  - {finish: a, want: {decision: allow}}`, []string{"upload: a, want: {decision: allow} => upload: a, want: {decision: hold}"}},
	{"ticks", ticking, `
clusters: {auth: [{status: 200}, reset]}
start: {accepted: true, tick_every: 1s, metrics: {answers: 0}}
steps:
  - {advance: 999ms, want: {}}
  - {advance: 2s, want: {logs: [{info: tick}, {info: tick}], metrics: {answers: 2}, calls: [CALL, CALL]}}
  - {jump: -1h, want: {}}
  - {advance: 1s, want: {logs: [{info: tick}], calls: [CALL], metrics: {answers: 3}}}
  - {advance: 500ms, clusters: {auth: none}, want: {logs: [{info: tick}], calls: [CALL]}}
  - {advance: 100ms, times: 2, want: {metrics: {answers: 4}}}
  - {request: {}, want: {decision: allow, response: {add: [[x-added, "1"]]}}}`,
		[]string{"tick_every: 1s, => ", "tick_every: 1s => tick_every: 2s", "metrics: {answers: 0} => metrics: {}",
			"advance: 999ms => advance: 1s",
			"metrics: {answers: 2} => metrics: {answers: 1}", "metrics: {answers: 2} => metrics: {answers: {gauge: 2}}",
			"[{status: 200}, reset] => unknown",
			"jump: -1h => advance: 1h", "clusters: {auth: none} => clusters: {auth: {status: 200}}",
			"{add: [[x-added, \"1\"]]} => {add: [[x-added, \"2\"]]}",
			"response: {add: [[x-added, \"1\"]]} => response: {remove: [x-added]}"}},
	{"edits", guest0, `
steps:
  - {request: {headers: [[a, "1"]], response: {headers: [[b, "1"]]}}, want: {decision: allow, forwarded: {remove: [nothing]}, response: {remove: [nothing]}}}`,
		[]string{"forwarded: {remove: [nothing]} => forwarded: {remove: [A]}",
			"forwarded: {remove: [nothing]} => forwarded: {set: [[a, \"1\"]]}",
			"response: {remove: [nothing]} => response: {remove: [b]}",
			"response: {remove: [nothing]} => response: {set: [[b, \"2\"]]}"}},
	{"two plugin contexts", ticking, `
clusters: {auth: {status: 200}}
start: {accepted: true, tick_every: 1s, metrics: {answers: 0}}
steps:
  - {configure: {plugin: other}, want: {tick_every: 1s}}
  - {request: {}, plugin: other, want: {decision: allow, response: {add: [[x-added, "1"]]}}}
  - {advance: 1s, want: {logs: [{info: tick}, {info: tick}], metrics: {answers: 2}, calls: [CALL, CALL]}}
  - {stream: a, request: {}, want: {decision: allow}}
  - {configure: {config: new}, want: {tick_every: 1s}}
  - {advance: 1s, want: {logs: [{info: tick}, {info: tick}, {info: tick}], metrics: {answers: 5}, calls: [CALL, CALL, CALL]}}
  - {finish: a, want: {decision: allow, response: {add: [[x-added, "1"]]}}}
  - {advance: 1s, want: {logs: [{info: tick}, {info: tick}], metrics: {answers: 7}, calls: [CALL, CALL]}}`,
		[]string{"plugin: other}, want: {tick_every: 1s} => plugin: other}, want: {}",
			"{configure: {config: new} => {configure: {plugin: another, config: new}",
			"{config: new}, want: {tick_every: 1s} => {config: new}, want: {accepted: false}"}},
	{"refused update", refusingConfiguration, `
start: {accepted: true, logs: [{trace: x}]}
steps:
  - {configure: {plugin: other}, faults: [{function: proxy_log, status: 1}], want: {accepted: false}}
  - {request: {}, want: {decision: allow}}`, []string{", want: {accepted: false} => , want: {}", ", faults: [{function: proxy_log, status: 1}] => "}},
	{"faults of a call", logsTwice, `
start: {accepted: true, faults: [{function: proxy_log, status: 2}]}
steps:
  - {request: {}, faults: [{function: proxy_log, status: 2, nth: 2}], times: 2, want: {decision: allow, logs: [{info: one}]}}
  - {request: {}, want: {decision: allow, logs: [{info: one}, {info: two}]}}`,
		[]string{"nth: 2 => nth: 1", "nth: 2 => nth: 3", ", nth: 2 => ",
			"start: {accepted: true, faults: [{function: proxy_log, status: 2}]} => start: {accepted: true}"}},
	{"trap, fail closed", func() []byte { return trapping(onRequest) }, `
steps:
  - {request: {}, want: {decision: fail, trap: proxy_on_request_headers}}
  - {request: {}, want: {decision: fail}}
  - {advance: 1h, want: {}}
  - {request: {headers: [[content-type, application/grpc]]}, want: {decision: fail}}
good: {none: It is dead.}`,
		[]string{", trap: proxy_on_request_headers => ", "trap: proxy_on_request_headers => trap: proxy_on_log",
			"  - {request: {}, want: {decision: fail}} =>   - {request: {}, want: {decision: allow}}",
			"[[content-type, application/grpc]]}, want: {decision: fail} => [[content-type, " +
				"application/grpc]]}, want: {decision: hold}"}},
	{"trap, fail open", func() []byte { return trapping(onRequest) }, `
failure_policy: fail_open
steps:
  - {request: {}, want: {decision: fail, trap: proxy_on_request_headers}}
  - {request: {}, want: {decision: allow}}`, []string{"fail_open => fail_closed", "fail_open => fail_reload", "fail_open => legacy_fail_open"}},
	{"trap, reload", func() []byte { return trapping(onRequest) }, `
failure_policy: fail_reload
steps:
  - {request: {}, want: {decision: fail, trap: proxy_on_request_headers}}
  - {request: {}, want: {decision: fail}}
  - {advance: 2s, want: {}}
  - {request: {}, want: {decision: fail, trap: proxy_on_request_headers}}
good: {none: It traps.}`, []string{"fail_reload => fail_closed", "2s => 2ms"}},
	{"trap on the response path", func() []byte { return trapping(onResponse) }, `
steps:
  - {stream: a, request: {}, want: {decision: allow}}
  - {request: {}, want: {decision: allow, response: failed, trap: proxy_on_response_headers}}
  - {finish: a, want: {decision: allow, response: failed}}
good: {none: It is dead.}`, []string{"decision: allow, response: failed, trap => decision: allow, trap", "finish: a, want: {decision: allow, response: failed} => finish: a, want: {decision: allow}"}},
	{"trap at the start", func() []byte { return trapping(onConfigure) }, `
start: {accepted: false, trap: proxy_on_configure}`, []string{"proxy_on_configure => proxy_on_vm_start", ", trap: proxy_on_configure => "}},
	{"start of the clock", clockReader, `
clock: "1970-01-01T00:00:00Z"
steps: [{request: {}, want: {decision: allow, logs: [{info: zero}]}}]
good: {none: It logs.}`, []string{"1970-01-01T00:00:00Z => 1970-01-01T00:00:01Z", "{request: {}, want: {decision: allow, logs: => {jump: 1s, want: {}}, {request: {}, want: {decision: allow, logs:"}},
}

func guest0() []byte { return guest().Bytes() }

// refusingConfiguration accepts its configuration only if proxy_log works.
func refusingConfiguration() []byte {
	g := guest()
	g.Call(onConfigure, "proxy_log", 0, "x")
	g.Do(onConfigure, wasmtest.I32(statusAt), wasmtest.Load(0), wasmtest.If, wasmtest.I32(0), wasmtest.Return,
		wasmtest.End)
	return g.Bytes()
}

// statusAt is the address at which a guest stores the status of its first call.
const statusAt = 1024

func logsTwice() []byte {
	g := guest()
	g.Call(onConfigure, "proxy_log", 2, "started")
	g.Call(onRequest, "proxy_log", 2, "one")
	g.Call(onRequest, "proxy_log", 2, "two")
	return g.Bytes()
}

// clockReader logs when the clock is 0.
func clockReader() []byte {
	g := guest()
	g.Call(onRequest, "proxy_get_current_time_nanoseconds", wasmtest.Out1)
	g.Do(onRequest, wasmtest.I32(statusAt), wasmtest.Load(4), wasmtest.Eqz, wasmtest.If)
	g.Call(onRequest, "proxy_log", 2, "zero")
	g.Do(onRequest, wasmtest.End)
	return g.Bytes()
}

func TestLanguage(t *testing.T) {
	for _, test := range language {
		t.Run(test.name, func(t *testing.T) {
			m := hosttest.Compile(t, test.wasm())
			text := strings.ReplaceAll(test.text, "CALL", strings.Replace(call, "5000", "500", 1))
			judge := func(text string) []report.Mismatch {
				c, err := oneCase(t, text)
				if err != nil {
					return []report.Mismatch{{Field: err.Error()}}
				}
				seen, err := Observe(t.Context(), m, c, ObserveOptions{})
				if err != nil {
					t.Fatal(err)
				}
				return Check(c, seen)
			}
			for _, m := range judge(text) {
				t.Errorf("%s: want %q, got %q", m.Field, m.Wanted, m.Got)
			}
			for _, change := range test.changes {
				before, after, _ := strings.Cut(change, " => ")
				changed := strings.Replace(text, before, after, 1)
				if changed == text {
					t.Errorf("the case has no %s", before)
				} else if len(judge(changed)) == 0 {
					t.Errorf("the case passes after the change %s", change)
				}
			}
		})
	}
}

func oneCase(t *testing.T, keys string) (*table.Case, error) {
	t.Helper()
	dir := t.TempDir()
	files := map[string]string{
		"contract.yaml": "name: language\nclauses: [{id: \"1\", text: One.}]\n",
		"a.yaml": "breaks: It breaks.\ncases:\n  - id: a/one\n    clauses: [\"1\"]\n    why: Because.\n    " +
			strings.ReplaceAll(strings.TrimSpace(keys), "\n", "\n    ") + "\n",
	}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	loaded, err := table.Load(dir)
	if err != nil {
		return nil, err
	}
	return &loaded.Groups[0].Cases[0], nil
}
