package apart

import (
	"context"
	"errors"
	"os"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/header-auth/header-auth/conformance/suite"
	"github.com/header-auth/header-auth/conformance/table"
	"github.com/header-auth/header-auth/host"
	"github.com/header-auth/header-auth/host/cel"
	"github.com/header-auth/header-auth/host/load"
	"github.com/header-auth/header-auth/host/wasmtest"
	"github.com/header-auth/header-auth/internal/hosttest"
	"github.com/header-auth/header-auth/internal/redteam"
	"github.com/header-auth/header-auth/internal/sandbox"
	"github.com/header-auth/header-auth/report"
)

// TestMain is also the process that a runner starts.
func TestMain(m *testing.M) {
	if len(os.Args) == 3 && os.Args[1] == "serve" {
		if err := sandbox.Serve(context.Background(), os.Stdin, os.Stdout, os.Args[2], Jobs(cel.New(), works)); err != nil {
			panic(err)
		}
		return
	}
	os.Exit(m.Run())
}

func runner(t *testing.T, o host.Options) *Runner {
	t.Helper()
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	r := New([]string{program, "serve"}, 2, o)
	t.Cleanup(r.Close)
	return r
}

func realTable(t *testing.T, patterns ...string) *table.Table {
	t.Helper()
	whole, err := table.Load("../cases")
	if err == nil {
		whole, err = whole.Select(patterns...)
	}
	if err != nil {
		t.Fatal(err)
	}
	return whole
}

// TestCasesHaveNoHiddenPart: a field that is not exported does not come through the pipes.
func TestCasesHaveNoHiddenPart(t *testing.T) {
	seen := map[reflect.Type]bool{}
	var look func(reflect.Type)
	look = func(of reflect.Type) {
		switch of.Kind() {
		case reflect.Pointer, reflect.Slice, reflect.Array, reflect.Map:
			look(of.Elem())
		case reflect.Struct:
			if seen[of] || of == reflect.TypeFor[time.Time]() { // it has an encoding of its own
				return
			}
			seen[of] = true
			for i := range of.NumField() {
				if !of.Field(i).IsExported() {
					t.Errorf("%v has the hidden field %s", of, of.Field(i).Name)
				}
				look(of.Field(i).Type)
			}
		}
	}
	look(reflect.TypeFor[table.Case]())
	if !seen[reflect.TypeFor[table.Pattern]()] {
		t.Error("no pattern was looked at")
	}
}

// TestTheSameAsInThisProcess: a case, and what is seen of it, come through the pipes unchanged.
func TestTheSameAsInThisProcess(t *testing.T) {
	g := wasmtest.NewGuest("0_2_1")
	g.Call("proxy_on_request_headers", "proxy_log", 2, "a line that is \xff no UTF-8")
	expression := g.Call("proxy_on_request_headers", "proxy_call_foreign_function", "expr_create", "request.path",
		wasmtest.Out)
	g.Call("proxy_on_request_headers", "proxy_log", 2, wasmtest.Raw{At: int(wasmtest.StatusAt(expression)), Len: 4})
	g.Call("proxy_on_request_headers", "proxy_send_local_response", 403, "why", "no\x00", wasmtest.Pairs("a", "b\xff"), 0)
	g.Returns("proxy_on_request_headers", 1)
	modules := map[string][]byte{"mine": g.Bytes()}
	if rust, err := os.ReadFile("../../dist/rust.wasm"); err == nil {
		modules["rust"] = rust
	} else {
		t.Log("without the Rust plugin, which is not built: ", err)
	}
	var here, apart []suite.Subject
	r := runner(t, host.Options{CacheDir: t.TempDir()})
	for name, wasm := range modules {
		s := suite.Subject{Build: report.Build{Name: name}, Wasm: wasm}
		here = append(here, s)
		s.Engine = r.Engine(nil)
		apart = append(apart, s)
	}
	cases := realTable(t, "deny/*", "allow/*", "config-refuse/*", "callout/*", "bytes/*", "host/*")
	want := suite.Run(t.Context(), cases, here, suite.RunOptions{Workers: 2, Host: host.Options{Expressions: cel.New()}})
	got := suite.Run(t.Context(), cases, apart, suite.RunOptions{Workers: 2})
	if diff := cmp.Diff(want, got, cmpopts.IgnoreFields(report.Result{}, "Seconds")); diff != "" {
		t.Errorf("the report of this process and of others (-here +apart):\n%s", diff)
	}
}

const headers = "proxy_on_request_headers"

// itself is a plugin that calls itself in a tail call, in one of its functions.
func itself(name, params, results string) []byte {
	m := &wasmtest.Module{Pages: 1}
	m.Func("proxy_abi_version_0_2_1", "", "", 0)
	m.Func("malloc", "i", "i", 0, wasmtest.I32(1024))
	code := wasmtest.Code{}
	for i := range params {
		code = append(code, wasmtest.Get(i)...)
	}
	m.Func(name, params, results, 0, code, wasmtest.Code{0x12, 2})
	return m.Bytes()
}

// TestWhatHasNoEnd: what can't be ended inside a process costs the module its case, and names
// the callback and the time.
func TestWhatHasNoEnd(t *testing.T) {
	const deadline = 100 * time.Millisecond
	c := realTable(t, "allow/true").Cases()[0]
	for name, types := range map[string][2]string{headers: {"iii", "i"}, "proxy_on_configure": {"ii", "i"},
		"_initialize": {"", ""}} {
		m, err := runner(t, host.Options{Deadline: deadline}).Compile(t.Context(), itself(name, types[0], types[1]), nil)
		if err != nil {
			t.Fatal(err)
		}
		o, err := m.Observe(t.Context(), &c, nil)
		f := o.Failure
		if err != nil || f == nil || !f.Ends() || f.In != name || f.Reason != "the call took longer than 100ms" {
			t.Errorf("%s: %v, %+v, want that the call took too long", name, err, f)
		}
		steps := 0
		o, err = m.TraceAll(t.Context(), &c, nil, 1, func(suite.StepTrace) { steps++ })
		if f := o.Failure; err != nil || f == nil || !f.Ends() || name == headers && steps != 1 {
			t.Errorf("trace of %s: %v, %+v after %d steps", name, err, f, steps)
		}
	}
}

// TestAllocatorHasNoEnd: it is the allocator that is named, and not the callback that waits for it.
func TestAllocatorHasNoEnd(t *testing.T) {
	tail := redteam.Kinds()[1] // which can't be ended inside the process
	if tail.Name != "tail call" {
		t.Fatalf("the kind is %s", tail.Name)
	}
	c := realTable(t, "allow/true").Cases()[0]
	m, err := runner(t, host.Options{Deadline: 100 * time.Millisecond}).Compile(t.Context(), tail.Module("malloc"), nil)
	if err != nil {
		t.Fatal(err)
	}
	o, err := m.Observe(t.Context(), &c, nil)
	if f := o.Failure; err != nil || f == nil || f.In != "malloc" || f.Reason != "the call took longer than 100ms" {
		t.Errorf("%v, %+v, want that malloc took too long", err, f)
	}
}

// works are jobs as those of a user of this package.
var works = map[string]Work{
	"case without deadline": func(ctx context.Context, c *Compiled, request func(any) error,
		tell func(any) error) (any, error) {
		var each table.Case
		if err := request(&each); err != nil {
			return nil, err
		}
		if c.Module == nil || c.Timed == nil {
			return nil, errors.New("it was not compiled twice")
		}
		_ = tell("it begins")
		o, err := suite.Observe(ctx, c.Timed, &each, suite.ObserveOptions{})
		return o.Failure, err
	},
}

// TestTimed: without a deadline, too, a call that does not end costs the process, and names the callback.
func TestTimed(t *testing.T) {
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	r := NewTimed([]string{program, "serve"}, 1, host.Options{Deadline: 100 * time.Millisecond})
	t.Cleanup(r.Close)
	loop := wasmtest.NewGuest("0_2_1")
	loop.Do(headers, wasmtest.Loop, wasmtest.Br(0), wasmtest.End)
	m, err := r.Compile(t.Context(), loop.Bytes(), nil)
	if err != nil {
		t.Fatal(err)
	}
	var failure *host.Failure
	told := ""
	job := sandbox.Job{Kind: "case without deadline", Request: realTable(t, "allow/true").Cases()[0],
		Told: func(read func(any) error) { _ = read(&told) }}
	if err := m.Do(t.Context(), job); !errors.As(err, &failure) || failure.Kind != host.DeadlineExceeded ||
		failure.In != headers || told == "" {
		t.Errorf("told %q, error %v, want that %s took too long", told, err, headers)
	}
}

// TestDamagedCacheIsTold: the one who waits for the process is told once that the cache was damaged, however many use
// it.
func TestDamagedCacheIsTold(t *testing.T) {
	g := wasmtest.NewGuest("0_2_1")
	g.Exports(headers)
	dir := t.TempDir()
	cases := realTable(t, "allow/*")
	judge := func() (faults []string) {
		r := runner(t, host.Options{CacheDir: dir, CacheFault: func(err error) { faults = append(faults, err.Error()) }})
		s := suite.Subject{Build: report.Build{Name: "mine"}, Wasm: g.Bytes(), Engine: r.Engine(nil)}
		suite.Run(t.Context(), cases, []suite.Subject{s}, suite.RunOptions{Workers: 1})
		return faults
	}
	if faults := judge(); len(faults) > 0 {
		t.Fatalf("a new cache: %q", faults)
	}
	hosttest.DamageCache(t, dir)
	faults := judge()
	seen := map[string]bool{} // the module is there twice, with and without a deadline
	for _, f := range faults {
		if seen[f] || !strings.Contains(f, "was damaged; the module is compiled again") {
			t.Errorf("a damaged cache: %q, want that it is said once of each file", faults)
		}
		seen[f] = true
	}
	if len(faults) == 0 {
		t.Error("nothing is said of a damaged cache")
	}
}

func TestInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	r := runner(t, host.Options{})
	s := suite.Subject{Build: report.Build{Name: "mine"}, Wasm: itself(headers, "iii", "i"), Engine: r.Engine(nil)}
	time.AfterFunc(50*time.Millisecond, cancel)
	for _, result := range suite.Run(ctx, realTable(t, "allow/*"), []suite.Subject{s},
		suite.RunOptions{Workers: 2}).Results {
		if result.Outcome != report.Error || result.Reason != "not run: interrupted" {
			t.Errorf("%+v, want that it was interrupted", result)
		}
	}
}

// TestRefused: an error keeps its type and text.
func TestRefused(t *testing.T) {
	_, here := host.Compile(t.Context(), []byte("text"), host.Options{})
	_, apart := runner(t, host.Options{}).Compile(t.Context(), []byte("text"), nil)
	var refused *load.Error
	if !errors.As(apart, &refused) || apart.Error() != here.Error() {
		t.Errorf("%v, want %v", apart, here)
	}
}

// TestPatience: cases that each take less than their limit do not add up without end.
func TestPatience(t *testing.T) {
	m := &Module{}
	if m.slow(patience) {
		t.Error("as much as is allowed is too much")
	}
	if !m.slow(1) {
		t.Error("there is no end")
	}
	c := realTable(t, "allow/true").Cases()[0]
	if o, err := m.Observe(t.Context(), &c, nil); err != nil || !o.Failure.Ends() || !strings.Contains(o.Failure.Reason,
		"longer than usual") {
		t.Errorf("%v, %+v", err, o)
	}
}
