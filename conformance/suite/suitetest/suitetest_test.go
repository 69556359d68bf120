package suitetest_test

import (
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/header-auth/header-auth/conformance/suite"
	"github.com/header-auth/header-auth/conformance/suite/suitetest"
	"github.com/header-auth/header-auth/conformance/table"
	"github.com/header-auth/header-auth/host"
	"github.com/header-auth/header-auth/host/wasmtest"
)

const onRequest = "proxy_on_request_headers"

// guest begins a plugin.
func guest() *wasmtest.Guest {
	g := wasmtest.NewGuest("0_2_1")
	g.Exports("proxy_on_context_create", "proxy_on_vm_start", "proxy_on_configure", onRequest, "proxy_on_response_headers",
		"proxy_on_log", "proxy_on_done", "proxy_on_delete")
	return g
}

// door is the plugin of testdata/cases: it refuses every request without the header allow.
func door() []byte {
	g := guest()
	const status = 1024 // where the guest keeps the status of its first call
	g.Call(onRequest, "proxy_get_header_map_value", 0, "allow", wasmtest.Out)
	g.Do(onRequest, wasmtest.I32(status), wasmtest.Load(0), wasmtest.Eqz, wasmtest.If, wasmtest.I32(0), wasmtest.Return,
		wasmtest.End)
	g.Call(onRequest, "proxy_send_local_response", 403, "", "no", wasmtest.Pairs(), -1)
	g.Returns(onRequest, 1)
	return g.Bytes()
}

// TestDoor is all that a project needs to run its table in go test.
func TestDoor(t *testing.T) {
	suitetest.Run(t, door(), "testdata/cases")
}

// TestWrong is run by TestFailures in another process, because it must fail.
func TestWrong(t *testing.T) {
	const folder = "testdata/cases"
	open := guest().Bytes()
	switch os.Getenv("SUITETEST") {
	case "wrong module":
		suitetest.Run(t, open, folder, suite.Known{Pattern: "door/other-*", Reason: "names are not compared yet"})
	case "wrong list":
		suitetest.Run(t, door(), folder, suite.Known{Pattern: "door/without-header", Reason: "an old reason"},
			suite.Known{Pattern: "door/no-header", Reason: "misspelt"})
	case "no module":
		suitetest.Run(t, []byte("text"), folder)
	case "no table":
		suitetest.Run(t, open, "testdata/none")
	case "endless loop":
		loop := guest()
		loop.Do(onRequest, wasmtest.Loop, wasmtest.Br(0), wasmtest.End)
		module, err := host.Compile(t.Context(), loop.Bytes(), host.Options{Deadline: 100 * time.Millisecond})
		if err != nil {
			t.Fatal(err)
		}
		loaded, err := table.Load(folder)
		if err != nil {
			t.Fatal(err)
		}
		loaded.Groups = append(loaded.Groups, loaded.Groups...)
		suitetest.RunModule(t, module, loaded, nil)
	default:
		t.Skip("it must fail: TestFailures runs it")
	}
}

func TestFailures(t *testing.T) {
	for name, want := range map[string][]string{
		"wrong module": {
			"testdata/cases/door.yaml:9:9\n", "clause 2: Every other request is refused with 403.\n",
			"why: Other clients must not be served.\n",
			"in production: Requests without the header reach the service.\n",
			"decision  - wanted + got\n              - refuse\n              + allow\n",
			"<- proxy_on_request_headers = Continue\n",
			"known to fail: names are not compared yet\n",
			"--- PASS: TestWrong/door/with-header", "--- FAIL: TestWrong/door/without-header",
			"--- SKIP: TestWrong/door/other-header",
		},
		"wrong list": {
			`known failure "door/no-header": expected the id of a case or a pattern that matches one, but none of 3 cases does`,
			"passes, though it is listed as known to fail: an old reason. Remove the entry.\n",
			"--- FAIL: TestWrong/door/without-header",
		},
		"no module": {"the module: load module: not a WebAssembly module"},
		"no table":  {"the table of cases:", "read table: open testdata/none"},
		"endless loop": {"deadline exceeded in the request, proxy_on_request_headers",
			"not run: in 3 cases before it the module did not return in time"},
	} {
		t.Run(name, func(t *testing.T) {
			test := exec.Command(os.Args[0], "-test.v", "-test.run", "^TestWrong$")
			test.Env = append(os.Environ(), "SUITETEST="+name)
			out, err := test.CombinedOutput()
			if err == nil {
				t.Error("the tests pass, expected a failure")
			}
			for _, text := range want {
				if !strings.Contains(string(out), text) {
					t.Errorf("no %q in:\n%s", text, out)
				}
			}
		})
	}
}
