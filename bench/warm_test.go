package bench

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"testing"

	"github.com/header-auth/header-auth/bench/evidence"
	"github.com/header-auth/header-auth/bench/guest"
	"github.com/header-auth/header-auth/conformance/suite"
	"github.com/header-auth/header-auth/conformance/table"
	"github.com/header-auth/header-auth/host"
	"github.com/header-auth/header-auth/host/headermap"
	"github.com/header-auth/header-auth/host/load"
	"github.com/header-auth/header-auth/host/profile"
	"github.com/header-auth/header-auth/host/wasmtest"
	"github.com/header-auth/header-auth/internal/hosttest"
)

const onRequest = "proxy_on_request_headers"

// allowing lets everything pass; code runs at every request.
func allowing(code ...wasmtest.Code) []byte {
	g := wasmtest.NewGuest("0_2_1")
	g.Exports("proxy_on_context_create", "proxy_on_vm_start", "proxy_on_configure", "proxy_on_done", "proxy_on_delete")
	g.Do(onRequest, code...)
	return g.Bytes()
}

func denying() []byte {
	g := wasmtest.NewGuest("0_2_1")
	g.Call(onRequest, "proxy_send_local_response", 403, "", "", wasmtest.Pairs(), -1)
	g.Returns(onRequest, 1)
	return g.Bytes()
}

// growing asks for a page at every request, and traps when there is none; saying what, if it says something.
func growing(says string) []byte {
	g := wasmtest.NewGuest("0_2_1")
	g.Do(onRequest, wasmtest.I32(1), wasmtest.MemoryGrow, wasmtest.I32(-1), wasmtest.Eq, wasmtest.If)
	if says != "" {
		g.Call(onRequest, "proxy_log", 4, says)
	}
	g.Do(onRequest, wasmtest.Unreachable, wasmtest.End)
	return g.Bytes()
}

func allowCase() *table.Case {
	return &table.Case{ID: "test/allow", Start: table.Start{Accepted: true}, Steps: []table.Step{{
		Request: &table.Request{
			Message:  table.Message{Headers: headermap.Of(":method", "GET", ":path", "/", ":authority", "a.example")},
			Response: table.Message{Headers: headermap.Of(":status", "200")},
		},
		Want: table.Want{Decision: table.Allow},
	}}}
}

func refuseCase() *table.Case {
	c := allowCase()
	c.ID, c.Steps[0].Want = "test/refuse", table.Want{Decision: table.Refuse, Reply: &table.Reply{Status: 403}}
	return c
}

func TestMeasureStartup(t *testing.T) {
	ctx, dir := context.Background(), t.TempDir()
	for _, cached := range []bool{false, true} {
		s, mended, err := measureStartup(ctx, allowing(), host.Options{}, allowCase(), cached, dir)
		if err != nil || mended {
			t.Fatal(err, mended)
		}
		if s.Cached != cached || s.Compile <= 0 || s.Instantiate <= 0 || s.Configure <= 0 || s.First <= 0 {
			t.Errorf("cached %v: %+v", cached, s)
		}
		if size, err := folderSize(dir); err != nil || size > 0 != cached {
			t.Errorf("cached %v: the cache has %d bytes, %v", cached, size, err)
		}
	}
	var wrong *suite.WrongError
	if _, _, err := measureStartup(ctx, denying(), host.Options{}, allowCase(), false, ""); !errors.As(err, &wrong) {
		t.Errorf("a wrong answer ended with %v", err)
	}
	var refused *load.Error
	if _, _, err := measureStartup(ctx, []byte("no module"), host.Options{}, allowCase(), false, ""); !errors.As(err,
		&refused) {
		t.Errorf("no module ended with %v", err)
	}
}

func TestSoak(t *testing.T) {
	const page = 64 << 10
	tests := []struct {
		name       string
		wasm       []byte
		c          *table.Case
		pages      uint32
		ready      int64
		last       evidence.Point
		ended, err string
	}{
		{"flat", allowing(), allowCase(), 0, 4 * page, evidence.Point{Requests: 1000, Bytes: 4 * page}, "", ""},
		{"refused", denying(), refuseCase(), 0, 4 * page, evidence.Point{Requests: 1000, Bytes: 4 * page}, "", ""},
		{"grows", growing(""), allowCase(), 0, 5 * page, evidence.Point{Requests: 1000, Bytes: 1005 * page}, "", ""},
		{"dies, and says of what", growing("panic: Out of memory"), allowCase(), 16, 5 * page,
			evidence.Point{Requests: 11, Bytes: 16 * page}, "out of memory after 11 requests, at 1 MiB", ""},
		{"dies of something else", allowing(wasmtest.Unreachable), allowCase(), 0, 0, evidence.Point{}, "", "request 1: "},
		{"answers wrongly", allowing(), refuseCase(), 0, 0, evidence.Point{}, "", "decision: wanted refuse, got allow"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			m := hosttest.CompileWith(t, test.wasm, host.Options{MemoryPages: test.pages})
			calls, last := 0, 0
			found, err := soak(context.Background(), m, test.c, 1000, 1000, func() {}, func(m evidence.Memory) {
				calls, last = calls+1, m.Requests
			})
			if test.err != "" {
				if err == nil || !strings.Contains(err.Error(), test.err) {
					t.Fatalf("it ended with %v, want %q", err, test.err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if end := found.Curve[len(found.Curve)-1]; end != test.last || found.Ended != test.ended ||
				found.Requests != test.last.Requests {
				t.Errorf("last %+v, %d requests, ended %q", end, found.Requests, found.Ended)
			}
			if found.Ready != test.ready || found.Curve[0] != (evidence.Point{Bytes: test.ready}) ||
				found.Scenario != test.c.ID || found.Kept != nil {
				t.Errorf("ready at %d, first %+v, scenario %q, kept %v", found.Ready, found.Curve[0], found.Scenario, found.Kept)
			}
			if test.ended == "" && (calls != 100 || last != 1000) {
				t.Errorf("progress was reported %d times, the last time of %d requests", calls, last)
			}
		})
	}
}

// TestSoakGoesOn: a guest whose memory grew at the beginning gets more requests, until a byte of each would have shown.
func TestSoakGoesOn(t *testing.T) {
	const requests = 20_000
	for _, test := range []struct {
		name     string
		wasm     []byte
		at, want int
	}{
		{"by a page", guest.Grow(100, 1), 100, 100 + 64<<10},
		{"by four pages", guest.Grow(100, 4), 100, longest * requests},
		{"late", guest.Grow(15_001, 1), 15_001, requests},
		{"never", guest.Work(0), 0, requests},
	} {
		t.Run(test.name, func(t *testing.T) {
			found, err := soak(t.Context(), hosttest.Compile(t, test.wasm), allowCase(), requests, longest*requests,
				func() {}, func(evidence.Memory) {})
			if err != nil || found.Requests < test.want-2 || found.Requests > test.want+2 {
				t.Errorf("%d requests, expected %d; %v", found.Requests, test.want, err)
			}
		})
	}
}

// TestSoakSeesWhatTheHostKeeps: a metric, or a value of shared data, that each request adds.
func TestSoakSeesWhatTheHostKeeps(t *testing.T) {
	g := wasmtest.NewGuest("0_2_1")
	name := g.Global(256 << 10)
	g.Exports("proxy_on_context_create", "proxy_on_vm_start", "proxy_on_configure", "proxy_on_done", "proxy_on_delete")
	// Four bytes at 8192 are the key, and count.
	g.Do(onRequest, wasmtest.GetGlobal(name), wasmtest.I32(1), wasmtest.Add, wasmtest.SetGlobal(name), wasmtest.I32(8192),
		wasmtest.GetGlobal(name), wasmtest.Store(0))
	g.Call(onRequest, "proxy_set_shared_data", wasmtest.Raw{At: 8192, Len: 4}, "value", 0)
	c := allowCase()
	c.Steps[0].Want.AnyEffects = true
	found, err := soak(t.Context(), hosttest.Compile(t, g.Bytes()), c, 1000, 1000, func() {},
		func(evidence.Memory) {})
	if err != nil || len(found.Kept) < 100 || found.Kept[len(found.Kept)-1].Bytes-found.Kept[0].Bytes < 1000*5 {
		t.Errorf("%v, %d points of what is kept", err, len(found.Kept))
	}
}

// TestMendedCacheIsNoSample: a cache that was damaged is mended, which is neither a sample nor the module's fault.
func TestMendedCacheIsNoSample(t *testing.T) {
	dir, said := t.TempDir(), 0
	o := host.Options{CacheFault: func(error) { said++ }}
	for _, want := range []bool{false, true, false} {
		if _, mended, err := measureStartup(t.Context(), allowing(), o, allowCase(), true, dir); err != nil ||
			mended != want {
			t.Fatalf("mended %t, %v, want %t", mended, err, want)
		}
		if want {
			continue
		}
		hosttest.DamageCache(t, dir)
	}
	if said != 1 {
		t.Errorf("it was said %d times, want once", said)
	}
}

// TestWithout: a task goes on without a build, and what takes part twice is another.
func TestWithout(t *testing.T) {
	all := task{Modules: []moduleFile{{Build: "a"}, {Build: "b"}, {Build: "c"}}, Twins: []string{"a", "b"}}
	for build, want := range map[string]string{"a": "[{b  []} {c  []}] [b]", "b": "[{a  []} {c  []}] [a]",
		"c": "[{a  []} {b  []}] [a b]"} {
		left := all.without(build)
		if got := fmt.Sprint(left.Modules, left.Twins); got != want {
			t.Errorf("without %s: %s, want %s", build, got, want)
		}
	}
	if left := all.without("a").without("b").without("c"); len(left.Modules) > 0 || len(all.Modules) != 3 {
		t.Errorf("%v of %v are left", left.Modules, all.Modules)
	}
}

// TestStarved: a guest that traps without a word has run out of memory if it has half of the limit.
func TestStarved(t *testing.T) {
	trapped := &host.Failure{Kind: host.Trapped, Reason: "unreachable"}
	tests := []struct {
		name  string
		err   error
		bytes uint32
		words string
		want  bool
	}{
		{"silent, small", trapped, 1 << 20, "", false},
		{"silent, half of it", trapped, 1 << 29, "", true},
		{"said so", trapped, 1 << 20, "fatal error: out of memory", true},
		{"another death", &host.Failure{Kind: host.HostFault, Reason: "x"}, 1 << 30, "", false},
		{"a wrong answer", &suite.WrongError{}, 1 << 30, "", false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if got := suite.Starved(test.err, int64(test.bytes), 1<<30, test.words); got != test.want {
				t.Errorf("%v", got)
			}
		})
	}
}

func TestSoakIsInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	m := hosttest.Compile(t, allowing())
	if _, err := soak(ctx, m, allowCase(), 1000, 1000, func() {}, func(evidence.Memory) { cancel() }); !errors.Is(err,
		context.Canceled) {
		t.Errorf("it ended with %v", err)
	}
}

func TestNewExchangeWantsOneRequest(t *testing.T) {
	two, cluster, none := allowCase(), allowCase(), allowCase()
	two.Steps = append(two.Steps, two.Steps[0])
	cluster.Clusters = []table.Cluster{{Name: "a"}}
	none.Steps = nil
	for _, c := range []*table.Case{two, cluster, none} {
		if _, err := newExchange(c); err == nil || !strings.Contains(err.Error(), c.ID) {
			t.Errorf("%d steps, %d clusters: %v", len(c.Steps), len(c.Clusters), err)
		}
	}
}

func TestResident(t *testing.T) {
	if runtime.GOOS != "linux" {
		if _, err := anonymousMemory(); err == nil || !strings.Contains(err.Error(), "needs Linux") {
			t.Errorf("it can be read here: %v", err)
		}
		return
	}
	found, err := resident(context.Background(), allowing(), host.Options{}, allowCase(), []int{1, 3}, func() {})
	if err != nil {
		t.Fatal(err)
	}
	if len(found.VMs) != 2 || len(found.Bytes) != 2 || found.Bytes[0] < 1<<20 {
		t.Errorf("%+v", found)
	}
	for _, vms := range [][]int{nil, {0}, {3, 1}} {
		if _, err := resident(context.Background(), allowing(), host.Options{}, allowCase(), vms, func() {}); err == nil {
			t.Errorf("%v VMs were measured", vms)
		}
	}
}

func TestKilobytes(t *testing.T) {
	const text = "Rss:  10 kB\nAnonymous:     1234 kB\nAnonHugePages: 7 kB\nBad: x kB\nWorse: 5\n"
	for key, want := range map[string]int64{"Anonymous": 1234 << 10, "Rss": 10 << 10, "Bad": -1, "Worse": -1, "Anon": -1} {
		got, ok := kilobytes(text, key)
		if ok != (want >= 0) || ok && got != want {
			t.Errorf("%s: %d, %v", key, got, ok)
		}
	}
}

func intoFolder(wasm []byte) func(context.Context, string) error {
	return func(ctx context.Context, folder string) error {
		m, err := host.Compile(ctx, wasm, host.Options{CacheDir: folder})
		if err != nil {
			return err
		}
		return m.Close(ctx)
	}
}

func TestSize(t *testing.T) {
	wasm := allowing()
	s, err := Size(context.Background(), "a", "go", wasm, intoFolder(wasm))
	if err != nil {
		t.Fatal(err)
	}
	sections := 8 // the header
	for _, section := range s.Sections {
		sections += section.Bytes
	}
	if s.Build != "a" || s.Raw != len(wasm) || sections != s.Raw || s.Zip == 0 || s.Image < s.StrippedZip ||
		s.CacheOnDisk == 0 {
		t.Errorf("%+v", s)
	}
	if len(s.Profiles) != len(profile.All()) || !s.Profiles[0].Loads {
		t.Errorf("%+v", s.Profiles)
	}
	unloadable := wasmtest.NewGuest("0_2_1")
	unloadable.CallFrom("wasi_snapshot_preview1", onRequest, "no_such_function", "")
	if s, err = Size(context.Background(), "b", "go", unloadable.Bytes(), intoFolder(unloadable.Bytes())); err != nil ||
		s.CacheOnDisk != 0 || s.Profiles[0].Loads || s.Profiles[0].Reason == "" {
		t.Errorf("%+v, %v", s, err)
	}
	if _, err := Size(context.Background(), "c", "go", []byte("no module"), intoFolder(nil)); err == nil {
		t.Error("no module has a size")
	}
}
