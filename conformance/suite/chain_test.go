package suite

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/header-auth/header-auth/conformance/table"
	"github.com/header-auth/header-auth/conformance/wordtable"
	"github.com/header-auth/header-auth/host"
	"github.com/header-auth/header-auth/host/wasmtest"
	"github.com/header-auth/header-auth/internal/hosttest"
	"github.com/header-auth/header-auth/report"
)

// sample is a case with a module that passes it. With each of the changes (old => new) it fails: this shows
// that each word is checked.
type sample struct {
	name    string
	wasm    func() []byte
	text    string
	changes []string
}

// tryAll runs samples on both engines.
func tryAll(t *testing.T, samples []sample, files ...string) {
	for _, s := range samples {
		t.Run(s.name, func(t *testing.T) {
			judge := func(text string, o host.Options) []report.Mismatch {
				loaded, err := loadOne(t, text, files...)
				if err != nil {
					return []report.Mismatch{{Field: err.Error()}}
				}
				m, err := Compile(t.Context(), s.wasm(), o)
				if err != nil {
					t.Fatal(err)
				}
				defer func() { _ = m.Close(t.Context()) }()
				c := &loaded.Groups[0].Cases[0]
				seen, err := Observe(t.Context(), m, c, ObserveOptions{})
				if err != nil {
					return []report.Mismatch{{Field: err.Error()}}
				}
				return Check(c, seen)
			}
			for _, o := range []host.Options{{}, {Interpreter: true}} {
				for _, m := range judge(s.text, o) {
					t.Errorf("interpreter %t: %s: want %q, got %q", o.Interpreter, m.Field, m.Wanted, m.Got)
				}
			}
			for _, change := range s.changes {
				before, after, _ := strings.Cut(change, " => ")
				changed := strings.Replace(s.text, before, after, 1)
				if changed == s.text {
					t.Errorf("the case has no %s", before)
				} else if found := judge(changed, host.Options{Interpreter: true}); len(found) == 0 {
					t.Errorf("the case passes after the change %s", change)
				} else if strings.Contains(found[0].Field, "a.yaml") {
					t.Errorf("the change %s is no case any more: %s", change, found[0].Field)
				}
			}
		})
	}
}

// loadOne is a table with one case, and files (name, content) in its folder.
func loadOne(t *testing.T, keys string, files ...string) (*table.Table, error) {
	t.Helper()
	dir := t.TempDir()
	files = append(files, "contract.yaml", "name: small\nstrict: {reasons: false}\n",
		"a.yaml", "cases:\n  - id: a/one\n    "+strings.ReplaceAll(strings.TrimSpace(keys), "\n", "\n    ")+"\n")
	for i := 0; i < len(files); i += 2 {
		if err := os.WriteFile(filepath.Join(dir, files[i]), []byte(files[i+1]), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return table.Load(dir)
}

// other adds a header, logs, stores, counts and calls.
func other() []byte {
	g := guest()
	g.Call(onConfigure, "proxy_define_metric", 0, "asked", wasmtest.Out1)
	g.Call(onRequest, "proxy_add_header_map_value", 0, "x-other", "1")
	g.Call(onRequest, "proxy_log", 2, "seen")
	g.Call(onRequest, "proxy_set_shared_data", "last", "one", 0)
	g.Call(onRequest, "proxy_http_call", "auth", wasmtest.Pairs(":method", "GET", ":path", "/", ":authority", "a"), "", "",
		500, wasmtest.Out1)
	g.Call(onRequest, "proxy_grpc_call", wordtable.UsersService, "pkg.Users", "Get", "", "bob", 0, wasmtest.Out1)
	g.Call(onAnswer, "proxy_increment_metric", 4, int64(1))
	return g.Bytes()
}

var chains = []sample{
	{"the same module", wordtable.NameAdding, `
chain: {before: [{plugin_name: one}, {plugin_name: two}], behind: [{plugin_name: last}]}
steps:
  - request: {}
    want:
      decision: allow
      forwarded: {add: [[x-way, one], [x-way, two], [x-way, main], [x-way, last]]}
      response: {add: [[x-way, last], [x-way, main], [x-way, two], [x-way, one]]}`,
		[]string{"before: [{plugin_name: one}, => before: [", "behind: [{plugin_name: last}] => behind: [{}]",
			"[x-way, two], [x-way, main], [x-way, last] => [x-way, two], [x-way, last]",
			"response: {add: [[x-way, last], => response: {add: [[x-way, main],", "{before: [{plugin_name: one}, " +
				"{plugin_name: two}], behind: [{plugin_name: last}]} => {before: [{plugin_name: last}], behind: " +
				"[{plugin_name: one}, {plugin_name: two}]}"}},
	{"other modules", wordtable.NameAdding, `
chain: {before: [{module: other.wasm}], behind: [{module: refusing.wasm}]}
clusters: {auth: {status: 200}, users: ready}
start: {accepted: true, metrics: {asked: 0}}
steps:
  - request: {}
    want:
      decision: refuse
      reply: {status: 403, headers: [[x-why, "no"]], body: "no"}
      response: {has: [[x-way, main]]}
      logs: [{info: seen}, {debug: refused}]
      effects: [{shared_data: last, value: one}]
      metrics: {asked: 1}
      calls: [{cluster: auth, headers: [[":method", GET], [":path", /], [":authority", a]], timeout_ms: 500}]
      grpc: [{cluster: users, service: pkg.Users, method: Get, message: bob, timeout_ms: 0}]
  - {answer: {grpc: {call: 1, message: ann}}, want: {}}`,
		[]string{"behind: [{module: refusing.wasm}] => behind: [{module: other.wasm}]", "before: [{module: other.wasm}], => ",
			"{info: seen}, => ", "effects: [{shared_data: last, value: one}] => effects: []",
			"{has: [[x-way, main]]} => {lacks: [x-way]}", "metrics: {asked: 1} => metrics: {}",
			"timeout_ms: 500 => timeout_ms: 5", "call: 1, message => call: 2, message"}},
	{"a stream that is held behind the plugin", wordtable.NameAdding, `
chain: {behind: [{module: asking.wasm}]}
clusters: {users: ready}
steps:
  - {stream: a, request: {body: [x]}, want: {decision: hold, grpc: [` + get1 + `]}}
  - {answer: {grpc: {message: go}}, want: {logs: [{info: go}], streams: {a: {decision: allow, forwarded: {add: [[x-way, main]]}}}}}
  - {finish: a, want: {decision: allow, forwarded: {add: [[x-way, main]]}, response: {add: [[x-way, main]]}}}`,
		[]string{"{message: go} => {status: 5}", "chain: {behind: [{module: asking.wasm}]} => chain: {behind: [{}]}"}},
	{"an upstream that fails", wordtable.NameAdding, `
chain: {behind: [{plugin_name: last}]}
steps:
  - {request: {response: closed}, want: {decision: allow, forwarded: any, response: {add: [[x-way, last], [x-way, main]]}}}`,
		[]string{"[x-way, last], [x-way, main] => [x-way, main]"}},
	{"a plugin that does not start", guest0, `
chain: {before: [{module: trapping.wasm}]}
start: {accepted: true}
steps: [{request: {}, want: {decision: allow}}]`, nil},
}

func TestChains(t *testing.T) {
	tryAll(t, chains[:len(chains)-1], "other.wasm", string(other()), "refusing.wasm", string(refusing().Bytes()),
		"asking.wasm", string(wordtable.Asking()))
}

// What is wrong with another module of the chain is no fault of the one under test, and red all the same.
func TestChainThatFails(t *testing.T) {
	m := hosttest.Compile(t, guest0())
	for module, want := range map[string]string{
		string(trapping(onConfigure)): "trapped at the start, proxy_on_configure of trapping.wasm: unreachable",
		string(trapping(onRequest)):   "trapped in the request, proxy_on_request_headers of trapping.wasm: unreachable",
	} {
		loaded, err := loadOne(t, chains[len(chains)-1].text, "trapping.wasm", module)
		if err != nil {
			t.Fatal(err)
		}
		c := &loaded.Groups[0].Cases[0]
		seen, err := Observe(t.Context(), m, c, ObserveOptions{})
		if err != nil {
			t.Fatal(err)
		}
		found := Check(c, seen)
		if len(found) == 0 || !strings.Contains(found[len(found)-1].Got, want) {
			t.Errorf("got %+v, want %q", found, want)
		}
	}
	loaded, err := loadOne(t, chains[len(chains)-1].text, "trapping.wasm", "no module")
	if err != nil {
		t.Fatal(err)
	}
	_, err = Observe(t.Context(), m, &loaded.Groups[0].Cases[0], ObserveOptions{})
	if err == nil || !strings.Contains(err.Error(), "chain: compile trapping.wasm: ") {
		t.Errorf("got %v", err)
	}
}

// A module that is the name of a build comes from who runs the table.
func TestChainOfBuilds(t *testing.T) {
	const text = "chain: {before: [{module: other}, {module: othr}]}\nsteps: [{request: {}, want: {decision: allow}}]"
	loaded, err := loadOne(t, text)
	if err != nil {
		t.Fatal(err)
	}
	if got := loaded.Builds(); len(got) != 2 || got[0] != "other" {
		t.Errorf("builds: %v", got)
	}
	err = loaded.UseBuilds(func(name string) ([]byte, error) {
		if name == "other" {
			return other(), nil
		}
		return nil, os.ErrNotExist
	})
	if err == nil || !strings.HasSuffix(err.Error(), `a.yaml:3:48: the module "othr": file does not exist`) {
		t.Errorf("got %v", err)
	}
	if _, err := Observe(t.Context(), hosttest.Compile(t, guest0()), &loaded.Groups[0].Cases[0], ObserveOptions{}); err == nil ||
		!strings.Contains(err.Error(), `the module "othr" is the name of a build`) {
		t.Errorf("got %v", err)
	}
}

// A soak repeats a case with a chain and gRPC calls; a benchmark does not time one.
func TestCycleOfChain(t *testing.T) {
	loaded, err := loadOne(t, `
chain: {before: [{plugin_name: one}], behind: [{module: asking.wasm}]}
clusters: {users: {grpc: {message: go}}}
steps:
  - {request: {}, want: {decision: allow, forwarded: any, response: any, logs: any, grpc: [`+get1+`]}}`, "asking.wasm", string(wordtable.Asking()))
	if err != nil {
		t.Fatal(err)
	}
	c := &loaded.Groups[0].Cases[0]
	m := hosttest.Compile(t, wordtable.NameAdding())
	y, err := NewCycle(t.Context(), m, c)
	if err == nil {
		defer y.Close(t.Context())
	}
	for i := 0; i < 10 && err == nil; i++ {
		err = y.Round(t.Context())
	}
	if err != nil {
		t.Error(err)
	}
	if err := Repeatable(c); err == nil || !strings.Contains(err.Error(), "chain") {
		t.Errorf("got %v", err)
	}
}
