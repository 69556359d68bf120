package examples

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/header-auth/header-auth/envoy/obtain"
	"github.com/header-auth/header-auth/envoy/proxy"
)

// plugins are the modules that ship, by their language.
var plugins = map[string]string{"go": "../dist/tinygo-successor.wasm", "rust": "../dist/rust.wasm"}

// lane is an example that runs: on package host, or on an Envoy.
type lane struct {
	address string
	advance func(d time.Duration) // returns when the plugin has done what fell due
	lines   func() []string       // that the plugin has logged
}

// TestExamples types the commands of each README and compares what they print, in both languages, on package host and
// on a real Envoy. The clock stands, so that a limit does not depend on how quick this machine is.
func TestExamples(t *testing.T) {
	for _, file := range plugins {
		if _, err := os.Stat(file); err != nil && os.Getenv("CI") == "" {
			t.Skipf("NO MODULE, SO THIS IS NOT TESTED: %v; run make build", err)
		}
	}
	if _, err := exec.LookPath("curl"); err != nil {
		t.Skipf("NO CURL, SO THIS IS NOT TESTED: %v", err)
	}
	for _, e := range all(t) {
		for lang, module := range plugins {
			t.Run(e.Name+"/"+lang+"/host", func(t *testing.T) {
				h := startOnHost(t, e, module)
				e.check(t, lane{h.address, func(d time.Duration) { h.advance(t, d) }, h.lines})
			})
			t.Run(e.Name+"/"+lang+"/envoy", func(t *testing.T) { e.check(t, startOnEnvoy(t, e, module)) })
		}
	}
}

func all(t *testing.T) []*Example {
	t.Helper()
	names, err := Names(".")
	if err != nil {
		t.Fatal(err)
	}
	var list []*Example
	for _, name := range names {
		e, err := Load(name)
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, e)
	}
	return list
}

// check types the commands. Before that the clock moves to the first tick of a token.
func (e *Example) check(t *testing.T, l lane) {
	t.Helper()
	l.advance(15 * time.Second)
	for _, c := range e.Commands {
		if diff := cmp.Diff(c.Answer, typed(t, c.At(l.address))); diff != "" {
			t.Errorf("$ %s (-want +got):\n%s", c.Line, diff)
		}
	}
	l.advance(15 * time.Second) // a bucket is full again: two pass, two are refused
	headers := typed(t, "curl -s -D - -o /dev/null -H 'allow: true' '"+l.address+"/[1-4]'")
	if n := strings.Count(headers, "powered-by: "); n != 0 && n != 4 {
		t.Errorf("powered-by comes %d times in four responses:\n%s", n, headers)
	}
	for _, want := range e.logged(t) {
		if !slices.ContainsFunc(l.lines(), func(line string) bool { return strings.HasSuffix(line, want) }) {
			t.Errorf("no line %q in the log: %q", want, l.lines())
		}
	}
	for _, line := range l.lines() {
		if strings.Contains(line, "correct horse") || strings.Contains(line, "YW5uYTp") { // anna: in base64
			t.Errorf("a credential in the log: %q", line)
		}
	}
}

var logged = regexp.MustCompile("line in the log[^`]*`([^`]+)`")

// logged are the lines that the README promises.
func (e *Example) logged(t *testing.T) []string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(e.Dir, "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	if strings.Count(string(text), "\n") > 10 {
		t.Errorf("%s/README.md has more than ten lines", e.Dir)
	}
	var lines []string
	for _, m := range logged.FindAllStringSubmatch(string(text), -1) {
		lines = append(lines, m[1])
	}
	return lines
}

// typed is what a command line prints.
func typed(t *testing.T, line string) string {
	t.Helper()
	out, err := exec.Command("sh", "-c", line).CombinedOutput()
	if err != nil {
		t.Fatalf("$ %s: %v\n%s", line, err, out)
	}
	return strings.ReplaceAll(string(out), "\r\n", "\n")
}

func startOnEnvoy(t *testing.T, e *Example, module string) lane {
	t.Helper()
	program, err := obtain.Find(t.Context(), obtain.Options{Root: ".."})
	if err == nil {
		_, err = proxy.Compiler()
	}
	if err != nil {
		if os.Getenv("HEADER_AUTH_ENVOY") == "required" {
			t.Fatal(err)
		}
		t.Skipf("NO ENVOY OR NO CLOCK FOR IT, SO THIS IS NOT TESTED: %v", err)
	}
	clock, err := proxy.NewClock(t.Context(), t.TempDir(), time.Now())
	if err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	var log []string
	asked := make(chan string, 16)
	r, err := e.Start(context.Background(), Options{Envoy: program.Path, Module: module, Clock: clock,
		Line: func(l proxy.Line) {
			mu.Lock()
			defer mu.Unlock()
			if l.Logger == "wasm" {
				log = append(log, l.Text)
			}
		},
		Asked: func(name string) { asked <- name },
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		r.Stop()
		clock.Close()
	})
	return lane{
		address: r.Address,
		advance: func(d time.Duration) {
			clock.Advance(d)
			if e.Services["tokens"] != nil {
				<-asked // the answer is on its way to the plugin: the first command is typed until it has come
				until(t, func() bool { return strings.Contains(typed(t, "curl -s -D - "+r.Address), "x-auth") })
			}
		},
		lines: func() []string {
			mu.Lock()
			defer mu.Unlock()
			return slices.Clone(log)
		},
	}
}

// until repeats a question until the answer is yes, for at most half a minute.
func until(t *testing.T, yes func() bool) {
	t.Helper()
	for end := time.Now().Add(30 * time.Second); !yes(); {
		if time.Now().After(end) {
			t.Fatal("not so after 30 s")
		}
	}
}
