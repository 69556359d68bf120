package main

import (
	"errors"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/header-auth/header-auth/envoy/obtain/obtaintest"
	"github.com/header-auth/header-auth/host/wasmtest"
)

// refuseAll is a table whose cases refuse each request; one of them leaves the log open.
var refuseAll = map[string]string{
	"contract.yaml": `name: refuse all
clauses: [{id: "1", text: Everything is refused.}]
replies: {no: {status: 403, headers: [], body: "no"}}
logs: {refused: {debug: refused}}
`,
	"all.yaml": `breaks: Anybody gets in.
cases:
  - id: all/get
    clauses: ["1"]
    why: A request is enough.
    good: {none: there is no good request}
    steps: [{request: {}, want: {decision: refuse, reply: "no", logs: [refused]}}]
  - id: all/open
    clauses: ["1"]
    why: The line is left open.
    good: {none: there is no good request}
    steps: [{request: {method: POST}, want: {decision: refuse, reply: "no", logs: any}}]
`}

// TestPluginThatKnowsItsHost: a plugin that behaves otherwise on a real Envoy than on package host is found by the two
// engines together, also where the case leaves open what differs.
func TestPluginThatKnowsItsHost(t *testing.T) {
	found := obtaintest.Real(t)
	folder := t.TempDir()
	for name, text := range refuseAll {
		write(t, filepath.Join(folder, "cases", name), []byte(text))
	}
	parity := asParity(t)
	for _, test := range []struct {
		name, pattern string
		plugin        []byte
		code          int
		says          []string
	}{
		{name: "the same plugin for both", plugin: modules()["sound.wasm"], says: []string{"4 of 4 passed"}},
		{name: "lets requests pass on Envoy", plugin: knowsItsHost(true), code: 1,
			says: []string{"mine@envoy-" + found.Version, "decision", "refuse", "allow"}},
		{name: "logs another line on Envoy", plugin: knowsItsHost(false), pattern: "all/open", code: 1,
			says: []string{"log lines", "mine@envoy-" + found.Version, "refused", "on Envoy"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			file := filepath.Join(folder, "plugin.wasm")
			write(t, file, test.plugin)
			args := []string{"check", "--engine", "wazero,envoy", "--envoy", found.Path, "--wasm", "mine=" + file,
				"--cases", filepath.Join(folder, "cases")}
			if test.pattern != "" {
				args = append(args, "--case", test.pattern)
			}
			out, err := exec.Command(parity, args...).CombinedOutput()
			code := 0
			if exit := (*exec.ExitError)(nil); errors.As(err, &exit) {
				code = exit.ExitCode()
			} else if err != nil {
				t.Fatal(err)
			}
			if code != test.code {
				t.Errorf("exit code %d, expected %d", code, test.code)
			}
			for _, text := range test.says {
				if !strings.Contains(string(out), text) {
					t.Errorf("it does not say %q", text)
				}
			}
			if t.Failed() {
				t.Logf("%s", out)
			}
		})
	}
}

// knowsItsHost is a plugin that refuses each request, and that knows a real Envoy by the id of its VM: package host
// gives it none. There it lets requests pass, or writes another line.
func knowsItsHost(passes bool) []byte {
	const on = "proxy_on_request_headers"
	g := guest()
	id := g.Call(on, "proxy_get_property", "plugin_vm_id", wasmtest.Out)
	g.Do(on, wasmtest.OutWord(id, 1), wasmtest.If)
	if passes {
		g.Do(on, wasmtest.I32(0), wasmtest.Return)
	} else {
		g.Call(on, "proxy_log", 1, "on Envoy")
	}
	g.Do(on, wasmtest.Else)
	g.Call(on, "proxy_log", 1, "refused")
	g.Do(on, wasmtest.End)
	g.Call(on, "proxy_send_local_response", 403, "why", "no", wasmtest.Pairs(), -1)
	g.Returns(on, 1)
	return g.Bytes()
}
