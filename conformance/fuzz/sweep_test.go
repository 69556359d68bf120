package fuzz

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/header-auth/header-auth/conformance/dictionary"
	"github.com/header-auth/header-auth/conformance/suite"
	"github.com/header-auth/header-auth/conformance/table"
	"github.com/header-auth/header-auth/host"
	"github.com/header-auth/header-auth/host/wasmtest"
	"github.com/header-auth/header-auth/internal/hosttest"
)

const onRequest = "proxy_on_request_headers"

// limits are those of a case.
var limits = host.Options{Deadline: suite.Deadline, MemoryPages: suite.MemoryPages}

// result is the address of what the nth call of a guest returned: the status, then the address of the bytes.
func result(call int) wasmtest.Code {
	return wasmtest.Join(wasmtest.I32(0), wasmtest.Load(uint32(1024+16*call+4)))
}

// refusing refuses every request that is not opened.
func refusing(open func(g *wasmtest.Guest)) []byte {
	g := wasmtest.NewGuest("0_2_1")
	g.Exports("proxy_on_context_create", "proxy_on_vm_start", "proxy_on_configure", onRequest, "proxy_on_log",
		"proxy_on_done", "proxy_on_delete")
	open(g)
	g.Call(onRequest, "proxy_send_local_response", 403, "", "no", wasmtest.Pairs(), -1)
	g.Returns(onRequest, 1)
	return g.Bytes()
}

// opens allows a request when a header has this byte at an index.
func opens(header string, at int, with byte) func(*wasmtest.Guest) {
	return func(g *wasmtest.Guest) {
		call := g.Call(onRequest, "proxy_get_header_map_value", 0, header, wasmtest.Out)
		g.Do(onRequest, wasmtest.Join(wasmtest.I32(0), wasmtest.Load(uint32(1024+16*call)), wasmtest.Eqz, wasmtest.If))
		g.Do(onRequest, wasmtest.Join(result(call), wasmtest.Load8(uint32(at)), wasmtest.I32(int(with)), wasmtest.Eq,
			wasmtest.If, wasmtest.I32(0), wasmtest.Return, wasmtest.End, wasmtest.End))
	}
}

const refusesAll = `breaks: Everybody gets in.
cases:
  - id: all/get
    clauses: ["1"]
    why: The plain case.
    good: {none: there is no good request}
    steps:
      - request: {headers: [[x-known, "0"]]}
        want: {decision: refuse, reply: {status: 403, headers: [], body: "no"}, logs: any}
`

func smallTable(t *testing.T) *TableSweeper {
	dir := t.TempDir()
	for name, text := range map[string]string{"contract.yaml": "name: small\nclauses:\n  - {id: \"1\", " +
		"text: Everything is refused.}\n", "all.yaml": refusesAll} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	loaded, err := table.Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	f, err := NewTableSweeper(loaded, dir)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func TestTableSweeper(t *testing.T) {
	for _, test := range []struct {
		name  string
		wasm  []byte
		found string // in the case; "": nothing is found
	}{
		{"sound", refusing(func(*wasmtest.Guest) {}), ""},
		{"hidden header", refusing(opens("x-debug-allow", 0, '1')), "['x-debug-allow', '1']]"},
		{"header of the table", refusing(opens("x-known", 0, '1')), ""},
		{"hidden path", refusing(func(g *wasmtest.Guest) {
			g.Data(8192, "/internal")
			g.Do(onRequest, wasmtest.I32(8192), wasmtest.Drop, wasmtest.I32(9), wasmtest.Drop)
			opens(":path", 5, 'r')(g)
		}), "[':path', '/internal']"},
		// Every path except / is allowed, so no word shows a door.
		{"path decides", refusing(opens(":path", 1, 'q')), ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			f, m := smallTable(t), hosttest.CompileWith(t, test.wasm, limits)
			words, err := dictionary.Words(test.wasm, f.PassedTexts(t.Context(), m))
			if err != nil {
				t.Fatal(err)
			}
			c, d, err := f.Sweep(t.Context(), "mine", m, words, func(Progress) {})
			if err != nil {
				t.Fatal(err)
			}
			if d == nil {
				if test.found != "" {
					t.Errorf("nothing is found among the words %v", words)
				}
				return
			}
			dir, err := Write(t.TempDir(), c, d)
			if err != nil {
				t.Fatal(err)
			}
			written, err := table.Load(dir)
			if err != nil {
				t.Fatal(err)
			}
			content, _ := os.ReadFile(filepath.Join(dir, "found.yaml"))
			if test.found == "" || !strings.Contains(string(content), test.found) {
				t.Errorf("found\n%s\nexpected %q in it", content, test.found)
			}
			for _, again := range written.Cases() { // the case alone shows the door
				o, err := suite.Observe(t.Context(), m, &again, suite.ObserveOptions{})
				if err != nil || len(suite.Check(&again, o)) == 0 {
					t.Errorf("the module passes the case that was written: %v", err)
				}
			}
		})
	}
	open := wasmtest.NewGuest("0_2_1")
	open.Exports(onRequest)
	if _, _, err := smallTable(t).Sweep(t.Context(), "open", hosttest.CompileWith(t, open.Bytes(), limits), nil,
		func(Progress) {}); !errors.Is(err, errNoRefusedRequest) {
		t.Errorf("of a module that refuses nothing: %v, expected errNoRefusedRequest", err)
	}
}

// doors are hidden doors in the Go plugin, as code that reads the serialized headers of a request.
var doors = map[string]string{
	"x-debug-allow: 1": `v, f := findOne(buffer, "x-debug-allow"); return f == allowed && v == "1"`,
	"PURGE":            `v, f := findOne(buffer, ":method"); return f == allowed && v == "PURGE"`,
	"/internal/":       `v, f := findOne(buffer, ":path"); return f == allowed && len(v) > 9 && v[:10] == "/internal/"`,
	"letmein":          `v, f := findOne(buffer, "allow"); return f == allowed && v == "letmein"`,
}

// TestSweepFindsDoors builds the plugin with one door after the other, and without a door.
func TestSweepFindsDoors(t *testing.T) {
	if testing.Short() {
		t.Skip("builds the plugin several times")
	}
	goTool, err := exec.LookPath("go")
	if err != nil {
		t.Skip("no go on PATH")
	}
	sound := buildGo(t, goTool, "return false")
	known := map[string]bool{}
	words, err := dictionary.Words(sound, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, w := range words {
		known[w.Text] = true
	}
	sweep := func(wasm []byte, most time.Duration) (string, *Difference) {
		b := SingleBuild("go", hosttest.CompileWith(t, wasm, limits), nil)
		words, err := dictionary.Words(wasm, b.PassedTexts(t.Context()))
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), most)
		defer cancel()
		c, d := b.Sweep(ctx, dictionary.Rank(words, func(s string) bool { return known[s] }, len(words)), 1,
			func(Progress) {})
		if d == nil {
			return "", nil
		}
		found, err := caseFile(c, "", d)
		if err != nil {
			t.Fatal(err)
		}
		return string(found), d
	}
	for door, code := range doors {
		found, d := sweep(buildGo(t, goTool, code), time.Minute)
		if d == nil || !strings.Contains(strings.ReplaceAll(found, "', '", ": "), door) {
			t.Errorf("the door %q is not found, but %q", door, found)
		}
	}
	if found, d := sweep(sound, 2*time.Second); d != nil {
		t.Errorf("in the plugin without a door is found:\n%s", found)
	}
}

// buildGo builds the plugin with a door: code that says for serialized headers whether they open it.
func buildGo(t *testing.T, goTool, door string) []byte {
	t.Helper()
	dir, root := t.TempDir(), filepath.Join("..", "..")
	files, err := filepath.Glob(filepath.Join(root, "go-plugin", "*.go"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no sources of the plugin: %v", err)
	}
	for _, file := range append(files, filepath.Join(root, "go.mod"), filepath.Join(root, "go.sum")) {
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		name, _ := filepath.Rel(root, file)
		if filepath.Base(file) == "auth.go" {
			const decide = "func decide("
			if !strings.Contains(string(content), decide) {
				t.Fatalf("no %q in auth.go", decide)
			}
			content = []byte(strings.Replace(string(content), decide, "func decideRight(", 1) +
				"\nfunc decide(c *config, buffer string) verdict {\n\tv := decideRight(c, buffer)\n\tif v != allowed && " +
				"door(buffer) {\n\t\treturn allowed\n\t}\n\treturn v\n}\n\nfunc door(buffer string) bool { " + door + " }\n")
		}
		target := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(target), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(target, content, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.Command(goTool, "build", "-buildmode=c-shared", "-trimpath", "-ldflags=-s -w", "-o", "plugin.wasm",
		"./go-plugin")
	cmd.Dir, cmd.Env = dir, append(os.Environ(), "GOOS=wasip1", "GOARCH=wasm", "GOFLAGS=-mod=mod")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("build the plugin: %v\n%s", err, out)
	}
	wasm, err := os.ReadFile(filepath.Join(dir, "plugin.wasm"))
	if err != nil {
		t.Fatal(err)
	}
	return wasm
}
