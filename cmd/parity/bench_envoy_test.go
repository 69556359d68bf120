package main

import (
	"bytes"
	"path/filepath"
	"strings"
	"testing"

	"github.com/header-auth/header-auth/envoy/obtain"
)

// TestBenchOnEnvoy measures a module of one's own on a real Envoy, and renders what was measured.
func TestBenchOnEnvoy(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: it takes half a minute")
	}
	repository, err := filepath.Abs(root)
	if err != nil {
		t.Fatal(err)
	}
	found, err := obtain.Find(t.Context(), obtain.Options{Root: repository})
	if err != nil {
		t.Skipf("NO ENVOY, SO THIS IS NOT TESTED: %v", err)
	}
	here := t.TempDir()
	write(t, filepath.Join(here, "my.wasm"), modules()["sound.wasm"])
	write(t, filepath.Join(here, "my-cases", "contract.yaml"), []byte("name: mine\nclauses: [{id: \"1\", "+
		"text: Everything is refused.}]\nreplies: {no: {status: 403, headers: [], body: \"no\"}}\nlogs: "+
		"{refused: {debug: refused}}\n"))
	write(t, filepath.Join(here, "my-cases", "all.yaml"), []byte(`breaks: Anybody gets in.
cases:
  - id: all/get
    clauses: ["1"]
    why: A request is enough.
    good: {none: there is no good request}
    steps:
      - request: {}
        want: {decision: refuse, reply: "no", logs: [refused]}
`))
	t.Chdir(here)
	var out, said bytes.Buffer
	code := run(t.Context(), []string{"bench", "--engine", "envoy", "--envoy", found.Path, "--short", "--cases",
		"my-cases", "--wasm", "mine=my.wasm", "--dir", "out"}, &out, &said)
	if code != 0 && code != 3 { // 3: the machine is too busy for a verdict
		t.Fatalf("exit %d\n%s%s", code, out.String(), said.String())
	}
	for _, want := range []string{"worker's time over that with no filter", "mine",
		"an Envoy's memory over 40 000 requests", "one header read", "out/envoy.md"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("it lacks %q:\n%s", want, out.String())
		}
	}
	if strings.Contains(out.String(), "RBAC") {
		t.Error("other ways of this repository's check were measured with another table")
	}
	r, err := readOnEnvoy("out/envoy.json")
	if err != nil || !r.Run.Complete || len(r.Refused) > 0 {
		t.Errorf("%v, %+v", err, r)
	}
	out.Reset()
	if code := run(t.Context(), []string{"render", "out/envoy.json"}, &out, &out); code != 2 ||
		!strings.Contains(out.String(), "expected a bench.json beside it") {
		t.Errorf("exit %d: %s", code, out.String())
	}
}
