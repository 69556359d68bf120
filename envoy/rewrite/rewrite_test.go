package rewrite

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/header-auth/header-auth/conformance/table"
	"github.com/header-auth/header-auth/host"
	"github.com/header-auth/header-auth/host/headermap"
	"github.com/header-auth/header-auth/host/wasmfile"
	"github.com/header-auth/header-auth/host/wasmtest"
)

// guest answers each request, and reads its header map before.
func guest() []byte {
	g := wasmtest.NewGuest("0_2_1")
	g.Call("proxy_on_request_headers", "proxy_get_header_map_pairs", 0, wasmtest.Out)
	g.Call("proxy_on_request_headers", "proxy_send_local_response", 403, "details", "body", wasmtest.Pairs("a", "b"), 7)
	return g.Bytes()
}

// run sends a request to a module and gives its log lines.
func run(t *testing.T, wasm []byte) (lines []string) {
	t.Helper()
	m, err := host.Compile(t.Context(), wasm, host.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { m.Close(t.Context()) })
	vm, err := m.NewVM(t.Context(), host.VMConfig{Log: func(l host.LogLine) { lines = append(lines, l.Text) }})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { vm.Close(t.Context()) })
	p, err := vm.NewPlugin(t.Context(), host.PluginConfig{Name: "p"})
	if err != nil {
		t.Fatal(err)
	}
	s := p.NewStream(host.StreamConfig{})
	s.RequestHeaders(nil, true)
	if vm.Failure() != nil {
		t.Fatal(vm.Failure())
	}
	return lines
}

func TestWatch(t *testing.T) {
	wasm, err := Watch(guest())
	if err != nil {
		t.Fatal(err)
	}
	got := run(t, wasm)
	want := []string{"details", "body", wasmtest.Pairs("a", "b")}
	if !slices.Equal(got, want) {
		t.Errorf("got lines %q, expected %q", got, want)
	}
}

// TestNumbers: the number that a function gives is logged after it, and what it returned stays.
func TestNumbers(t *testing.T) {
	g := wasmtest.NewGuest("0_2_1")
	q := g.Call("proxy_on_configure", "proxy_register_shared_queue", "jobs", wasmtest.Out1)
	g.Call("proxy_on_request_headers", "proxy_enqueue_shared_queue", wasmtest.OutWord(q, 0), "a job")
	s := g.Call("proxy_on_request_headers", "proxy_resolve_shared_queue", "", "none", wasmtest.Out1)
	// NotFound
	g.Do("proxy_on_request_headers", wasmtest.Result(s), wasmtest.I32(1), wasmtest.Ne, wasmtest.If, wasmtest.Unreachable,
		wasmtest.End)
	wasm, err := Watch(g.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	if got, want := run(t, wasm), []string{"jobs", "\x01\x00\x00\x00", "a job", "none",
		"\x00\x00\x00\x00"}; !slices.Equal(got, want) {
		t.Errorf("got lines %q, expected %q", got, want)
	}
}

// TestMark: each callback begins with the mark, which is no line, and what it returns stays.
func TestMark(t *testing.T) {
	wasm, err := Watch(guest())
	if err != nil {
		t.Fatal(err)
	}
	if wasm, err = Mark(wasm, 7); err != nil {
		t.Fatal(err)
	}
	m, err := host.Compile(t.Context(), wasm, host.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close(t.Context())
	vm, err := m.NewVM(t.Context(), host.VMConfig{Trace: true})
	if err != nil {
		t.Fatal(err)
	}
	defer vm.Close(t.Context())
	p, err := vm.NewPlugin(t.Context(), host.PluginConfig{Name: "p"})
	if err != nil {
		t.Fatal(err)
	}
	s := p.NewStream(host.StreamConfig{})
	s.RequestHeaders(nil, true)
	all := vm.Crossings()
	for i, c := range all {
		if c.ToGuest && !c.Return && c.Name != "malloc" && all[i+1].Name != "proxy_log" {
			t.Errorf("%s is followed by %s", c.String(), all[i+1].String())
		}
	}
	if n := len(s.Downstream().Body()); n != len("body") {
		t.Errorf("the client got a body of %d bytes", n)
	}
}

// TestRandom: the given bytes come again and again, in all of a module's calls, and not where there is no place for
// them.
func TestRandom(t *testing.T) {
	g := wasmtest.NewGuest("0_2_1")
	random := func(at, size int) int {
		return g.CallFrom("wasi_snapshot_preview1", "proxy_on_request_headers", "random_get", "i", at, size)
	}
	const at, beyond = 9 << 10, 1 << 30
	for _, size := range []int{2, 0, 5} {
		random(at, size)
		g.Call("proxy_on_request_headers", "proxy_log", 2, at, size)
	}
	failed := random(beyond, 1)
	g.Do("proxy_on_request_headers", wasmtest.Result(failed), wasmtest.Eqz, wasmtest.If, wasmtest.Unreachable,
		wasmtest.End)
	random(at, 1)
	g.Call("proxy_on_request_headers", "proxy_log", 2, at, 1)
	wasm, err := Random(g.Bytes(), []byte("a\x00\xff"))
	if err != nil {
		t.Fatal(err)
	}
	if got, want := run(t, wasm), []string{"a\x00", "", "\xffa\x00\xffa", "\x00"}; !slices.Equal(got, want) {
		t.Errorf("got %q, expected %q", got, want)
	}
	if wasm, err = Random(guest(), []byte("a")); err != nil {
		t.Fatal(err)
	}
	if got := run(t, wasm); len(got) > 0 {
		t.Errorf("a module without random bytes logs %q", got)
	}
}

// TestCarrier: one carrier puts in place what another has packed, whatever the bytes are. No codec passes them in
// between, so the two stand in one chain.
func TestCarrier(t *testing.T) {
	odd := headermap.Of(":method", "GET", ":path", "/", ":authority", "a", "x-\x00", "\x00\xff", "x", "", "x", "2")
	kept := headermap.Of(":method", "GET", ":path", "/", ":authority", "packed")
	inner := Carrier(ResponseHeaders, RequestHeaders, kept)
	packed := through(t, odd, inner)
	if len(packed) != 4 || !slices.Equal(packed[:3], kept) || packed[3].Name != CarriedHeader {
		t.Fatalf("got %q", packed)
	}
	outer := Carrier(RequestHeaders, ResponseHeaders, headermap.Of(":status", "200"))
	if got := through(t, packed, outer, inner); !slices.Equal(got, packed) {
		t.Errorf("got %q, expected %q", got, packed)
	}
	if got := through(t, kept, outer); !slices.Equal(got, kept) {
		t.Errorf("headers that carry none became %q", got)
	}
}

// through sends a request through a chain of carriers.
func through(t *testing.T, headers []headermap.Header, carriers ...[]byte) []headermap.Header {
	t.Helper()
	var chain []*host.Plugin
	for _, wasm := range carriers {
		m, err := host.Compile(t.Context(), wasm, host.Options{})
		if err != nil {
			t.Fatal(err)
		}
		defer m.Close(t.Context())
		vm, err := m.NewVM(t.Context(), host.VMConfig{})
		if err != nil {
			t.Fatal(err)
		}
		defer vm.Close(t.Context())
		p, err := vm.NewPlugin(t.Context(), host.PluginConfig{})
		if err != nil {
			t.Fatal(err)
		}
		chain = append(chain, p)
	}
	c := host.NewChain(host.StreamConfig{Raw: true}, chain...)
	c.Streams()[0].RequestHeaders(headers, true)
	return slices.Clone(c.Streams()[0].Upstream().Headers())
}

// TestBuildsStayModules rewrites what compilers have made: the result is well-formed, valid, and changes no data.
func TestBuildsStayModules(t *testing.T) {
	files, err := filepath.Glob("../../dist/*.wasm")
	if err != nil || len(files) == 0 {
		t.Skipf("NO MODULES, SO THIS IS NOT TESTED (parity build makes them): %v", err)
	}
	sets := [][]table.HostFault{
		{{Function: "proxy_log", Status: 10}, {Function: "proxy_send_local_response", Status: 2, Nth: 3}},
		{{Function: "proxy_get_header_map_pairs", Bytes: []byte("0123456789")},
			{Function: "proxy_get_buffer_bytes", Bytes: []byte{}}},
		{{Function: "proxy_increment_metric", Status: 10}},
	}
	for _, file := range files {
		before, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		after, err := Fail(before, sets)
		if err != nil {
			t.Errorf("%s: %v", file, err)
			continue
		}
		if m, err := host.Compile(t.Context(), after, host.Options{}); err != nil {
			t.Errorf("%s: %v", file, err)
		} else {
			m.Close(t.Context())
		}
		if a, b := data(t, before), data(t, after); !bytes.Equal(a, b) {
			t.Errorf("%s: its data has changed", file)
		}
	}
}

func data(t *testing.T, wasm []byte) (all []byte) {
	t.Helper()
	f, err := wasmfile.Parse(wasm)
	if err != nil {
		t.Fatal(err)
	}
	segments, err := f.Data(wasm)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range segments {
		all = append(all, s.Bytes...)
	}
	return all
}

func TestWhatCannotBeRewritten(t *testing.T) {
	if _, err := Watch([]byte("no module")); err == nil {
		t.Error("something that is no module was taken")
	}
	if _, err := Fail(guest(), [][]table.HostFault{{{Function: "proxy_log", Bytes: []byte("x")}}}); err == nil {
		t.Error("proxy_log hands over no bytes")
	}
}

func TestToken(t *testing.T) {
	if got := Token(7, 12); got != "00070012" {
		t.Errorf("got %q", got)
	}
	if m, err := host.Compile(t.Context(), Control(), host.Options{}); err != nil {
		t.Error(err)
	} else {
		m.Close(t.Context())
	}
}
