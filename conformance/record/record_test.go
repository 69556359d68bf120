package record_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/header-auth/header-auth/conformance/record"
	"github.com/header-auth/header-auth/conformance/suite"
	"github.com/header-auth/header-auth/conformance/table"
	"github.com/header-auth/header-auth/host"
	"github.com/header-auth/header-auth/host/wasmtest"
)

const (
	onConfigure = "proxy_on_configure"
	onRequest   = "proxy_on_request_headers"
	onResponse  = "proxy_on_response_headers"
)

// busy does something of everything.
func busy() *wasmtest.Guest {
	g := wasmtest.NewGuest("0_2_1")
	g.Exports("proxy_on_context_create", "proxy_on_vm_start", "proxy_on_log", "proxy_on_done", "proxy_on_delete", "proxy_on_tick")
	g.Call(onConfigure, "proxy_define_metric", 1, "size", wasmtest.Out1)
	g.Call(onConfigure, "proxy_set_tick_period_milliseconds", 2000)
	g.Call(onConfigure, "proxy_log", 3, "up")
	g.Call(onConfigure, "proxy_set_shared_data", "a", "1", 0)
	g.Call("proxy_on_tick", "proxy_log", 2, "tick")
	g.Call(onRequest, "proxy_http_call", "auth", wasmtest.Pairs(":method", "GET", ":path", "/", ":authority", "a", "x-b", "\xff"), "body", "", 300, wasmtest.Out1)
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
`

// What is recorded is a table that the module conforms to, and that says what was seen.
func TestRecordedIsGreen(t *testing.T) {
	for _, tt := range []struct {
		name  string
		guest *wasmtest.Guest
		says  []string
	}{
		{"busy", busy(), []string{`forwarded: {remove: [gone], add: [[x-new, "1"], [twice, "3"]], set: [[changed, after]]}`, `response: [[":status", "201"], [a, b]]`,
			"forwarded_body: XXX", `logs: [{warn: up}]`, `effects: [{shared_data: a, value: "1"}]`, `tick_every: "2s"`, "metrics: {size: {gauge: 0}}", "timeout_ms: 300", `{hex: "ff"}`}},
		{"late", late(), []string{"decision: replace", "status: 502"}},
		{"refusing", refusing(), []string{"start: {accepted: false}"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			path := filepath.Join(dir, "all.yaml")
			write := func(path string, content []byte) {
				if err := os.WriteFile(path, content, 0o644); err != nil {
					t.Fatal(err)
				}
			}
			write(path, []byte(requests))
			loaded, err := table.LoadRequests(path)
			if err != nil {
				t.Fatal(err)
			}
			m, err := suite.Compile(t.Context(), tt.guest.Bytes(), host.Options{})
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = m.Close(t.Context()) }()
			var seen []record.Case
			all := loaded.Cases()
			for i := range all {
				o, err := suite.Observe(t.Context(), m, &all[i], suite.ObserveOptions{})
				if err != nil {
					t.Fatal(err)
				}
				seen = append(seen, record.Case{Case: &all[i], Seen: o})
				if why := seen[i].Unsaid(); why != "" {
					t.Errorf("%s: %s", all[i].ID, why)
				}
			}
			recorded, err := record.File([]byte(requests), seen)
			if err != nil {
				t.Fatal(err)
			}
			write(path, recorded)
			write(filepath.Join(dir, "contract.yaml"), record.Contract("t"))
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
