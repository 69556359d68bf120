package record_test

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/google/go-cmp/cmp"

	"github.com/header-auth/header-auth/conformance/record"
	"github.com/header-auth/header-auth/conformance/suite"
	"github.com/header-auth/header-auth/conformance/table"
	"github.com/header-auth/header-auth/conformance/wordtable"
	"github.com/header-auth/header-auth/host"
	"github.com/header-auth/header-auth/host/wasmtest"
	"github.com/header-auth/header-auth/internal/golden"
)

var update = flag.Bool("update", false, "write the golden files again")

const (
	onConfigure = "proxy_on_configure"
	onRequest   = "proxy_on_request_headers"
	onResponse  = "proxy_on_response_headers"
)

// busy does something of everything.
func busy() *wasmtest.Guest {
	g := wasmtest.NewGuest("0_2_1")
	g.Exports("proxy_on_context_create", "proxy_on_vm_start", "proxy_on_log", "proxy_on_done", "proxy_on_delete",
		"proxy_on_tick")
	g.Call(onConfigure, "proxy_define_metric", 1, "size", wasmtest.Out1)
	g.Call(onConfigure, "proxy_set_tick_period_milliseconds", 2000)
	g.Call(onConfigure, "proxy_log", 3, "up")
	g.Call(onConfigure, "proxy_set_shared_data", "a", "1", 0)
	g.Call("proxy_on_tick", "proxy_log", 2, "tick")
	g.Call(onRequest, "proxy_http_call", "auth", wasmtest.Pairs(":method", "GET", ":path", "/", ":authority", "a", "x-b",
		"\xff"), "body", "", 300, wasmtest.Out1)
	g.Call(onRequest, "proxy_add_header_map_value", 0, "X-New", "1")
	g.Call(onRequest, "proxy_add_header_map_value", 0, "twice", "3")
	g.Call(onRequest, "proxy_remove_header_map_value", 0, "gone")
	g.Call(onRequest, "proxy_replace_header_map_value", 0, "changed", "after")
	g.Call(onResponse, "proxy_replace_header_map_value", 2, ":status", "201")
	g.Call("proxy_on_request_body", "proxy_set_buffer_bytes", 0, 0, 1000, "X")
	g.Call("proxy_on_response_trailers", "proxy_add_header_map_value", 3, "x-sum", "9")
	return g
}

func late() *wasmtest.Guest {
	g := wasmtest.NewGuest("0_2_1")
	g.Call(onResponse, "proxy_send_local_response", 502, "late", "sorry\n\x00", wasmtest.Pairs("x-why", "late"), 14)
	return g
}

func trapping() *wasmtest.Guest {
	g := wasmtest.NewGuest("0_2_1")
	g.Do(onRequest, wasmtest.Unreachable)
	return g
}

func refusing() *wasmtest.Guest {
	g := wasmtest.NewGuest("0_2_1")
	g.Returns(onConfigure, 0)
	return g
}

const requests = `
cases:
  - id: all/whole
    clusters: {auth: ready}
    config: '{"a": "b"}'
    steps:
      - request:
          method: POST
          headers: [[gone, "1"], [twice, "1"], [twice, "2"], [changed, before], {name: "x-%d", value: "%d", times: 3}]
          body: [abc, {hex: "ff"}]
          response: {status: 404, headers: [[a, b]], body: [c], trailers: [[d, e]]}
  - id: all/in-parts
    clusters: {auth: none}
    steps:
      - {stream: a, request: {body: [abc]}, send: headers}
      - {advance: 2s}
      - {request: {method: HEAD, response: {body: []}}, times: 2}
      - {finish: a}
  - id: all/fails
    clusters: {users: {grpc: {messages: [one]}}}
    steps:
      - {stream: b, request: {response: closed}}
      - {finish: b}
      - {request: {response: timed_out}}
      - {request: {response: {status: 200, body: [half], failed: reset}}}
`

// seen runs the cases of a file on a guest.
func seen(t *testing.T, path string, wasm []byte) (all []record.Case) {
	t.Helper()
	loaded, err := table.LoadRequests(path)
	if err != nil {
		t.Fatal(err)
	}
	m, err := suite.Compile(t.Context(), wasm, host.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = m.Close(t.Context()) }()
	cases := loaded.Cases()
	for i := range cases {
		o, err := suite.Observe(t.Context(), m, &cases[i], suite.ObserveOptions{})
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, record.Case{Case: &cases[i], Seen: o})
	}
	return all
}

func write(t *testing.T, path string, content []byte) {
	t.Helper()
	if err := os.WriteFile(path, content, 0o644); err != nil {
		t.Fatal(err)
	}
}

// holding holds each response.
func holding() *wasmtest.Guest {
	g := wasmtest.NewGuest("0_2_1")
	g.Returns("proxy_on_response_headers", 1)
	return g
}

// What is recorded is a table that the module conforms to, and that says what was seen.
func TestRecordedIsGreen(t *testing.T) {
	for _, tt := range []struct {
		name  string
		guest []byte
		says  []string
	}{
		{"busy", busy().Bytes(),
			[]string{`forwarded: {remove: [gone], add: [[x-new, "1"], [twice, "3"]], set: [[changed, after]]}`,
				`response: [[":status", "201"], [a, b]]`, "forwarded_body: XXX", `logs: [{warn: up}]`,
				`effects: [{shared_data: a, value: "1"}]`, `tick_every: "2s"`, "metrics: {size: {gauge: 0}}", "timeout_ms: 300",
				`{hex: "ff"}`}},
		{"late", late().Bytes(), []string{"decision: replace", "status: 502"}},
		{"refusing", refusing().Bytes(), []string{"start: {accepted: false}"}},
		{"watching", wordtable.Watching(), []string{"grpc: [{cluster: users, service: pkg.Users, " +
			"method: Watch, messages: [hello]}]", "grpc: [{call: 1, messages: [more], ended: true}]"}},
		{"holding", holding().Bytes(), []string{"response: upstream_failed"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			path := filepath.Join(dir, "all.yaml")
			write(t, path, []byte(requests))
			seen := seen(t, path, tt.guest)
			for _, c := range seen {
				if why := c.Unsaid(); why != "" {
					t.Errorf("%s: %s", c.ID, why)
				}
			}
			recorded, err := record.File([]byte(requests), seen)
			if err != nil {
				t.Fatal(err)
			}
			write(t, path, recorded)
			write(t, filepath.Join(dir, "contract.yaml"), record.Contract("t"))
			again, err := table.Load(dir)
			if err != nil {
				t.Fatalf("%v\n%s", err, recorded)
			}
			for i, c := range again.Cases() {
				if wrong := suite.Check(&c, seen[i].Seen); len(wrong) > 0 {
					t.Errorf("%s: %+v\n%s", c.ID, wrong, recorded)
				}
			}
			for _, text := range tt.says {
				if !strings.Contains(string(recorded), text) {
					t.Errorf("no %s in\n%s", text, recorded)
				}
			}
		})
	}
}

// All that a file of requests has stays where it is: comments, empty lines, the order of the
// keys, the styles of values.
func TestRecordedKeepsWhatIsWritten(t *testing.T) {
	source, err := os.ReadFile("testdata/commented.yaml") // it has a comment in every place, and values in each style
	if err != nil {
		t.Fatal(err)
	}
	text := string(source)
	at := strings.LastIndex(text, "    # The name is last.")
	for name, text := range map[string]string{
		"commented": text,
		"CRLF":      strings.ReplaceAll(text, "\n", "\r\n"),
		"no end":    text[:at] + "    id: all/three",
		"JSON": `{"cases": [{"id": "all/one", "config": "{}", "steps": [{"request": {"path": "/"}}, {"request": {"headers": [["a", "b"]]}}]},
			{"steps": [{"request": {"path": "/b"}}], "good": {"none": "why"}, "id": "all/two"}]}`,
	} {
		for module, guest := range map[string]*wasmtest.Guest{"busy": busy(), "late": late(), "refusing": refusing(),
			"trapping": trapping()} {
			t.Run(name+"/"+module, func(t *testing.T) {
				dir := t.TempDir()
				path := filepath.Join(dir, "all.yaml")
				write(t, path, []byte(text))
				write(t, filepath.Join(dir, "contract.yaml"), record.Contract("t"))
				all := seen(t, path, guest.Bytes())
				recorded, err := record.File([]byte(text), all)
				if err != nil {
					t.Fatal(err)
				}
				file := filepath.Join("testdata", module+".yaml")
				switch name {
				case "commented":
					golden.Check(t, file, recorded, *update)
				case "CRLF":
					lines, err := os.ReadFile(file)
					if err != nil {
						t.Fatal(err)
					}
					if diff := cmp.Diff(strings.ReplaceAll(string(lines), "\n", "\r\n"), string(recorded)); diff != "" {
						t.Errorf("-want +got:\n%s", diff)
					}
				}
				if module == "busy" || module == "late" {
					if diff := cmp.Diff(asked(t, []byte(text)), asked(t, recorded)); diff != "" {
						t.Errorf("values: -before +after:\n%s\n%s", diff, recorded)
					}
				}
				write(t, path, recorded)
				again, err := table.Load(dir)
				if err != nil && module != "trapping" { // no case is left
					t.Fatalf("%v\n%s", err, recorded)
				}
				if err != nil {
					return
				}
				for i, c := range again.Cases() {
					if wrong := suite.Check(&c, all[i].Seen); len(wrong) > 0 {
						t.Errorf("%s: %+v\n%s", c.ID, wrong, recorded)
					}
				}
			})
		}
	}
}

// asked is what is done in the cases of a file.
func asked(t *testing.T, text []byte) any {
	t.Helper()
	var tree struct {
		Cases []struct {
			ID       string
			Config   string
			Good     any
			Clusters map[string]any
			Steps    []struct {
				Request  any
				Advance  string
				Clusters map[string]any
			}
		}
	}
	if err := yaml.Unmarshal(text, &tree); err != nil {
		t.Fatal(err)
	}
	return tree
}
