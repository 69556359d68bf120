package guest_test

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"github.com/tetratelabs/wazero"

	"github.com/header-auth/header-auth/bench/guest"
	"github.com/header-auth/header-auth/conformance/suite"
	"github.com/header-auth/header-auth/conformance/table"
	"github.com/header-auth/header-auth/host"
	"github.com/header-auth/header-auth/internal/hosttest"
)

const page = 64 << 10

// live is a guest in a VM that gets the request of typical/allow over and over.
type live struct {
	t      testing.TB
	vm     *host.VM
	plugin *host.Plugin
	sent   *table.Request
}

func start(t *testing.T, wasm []byte) *live {
	t.Helper()
	ctx := context.Background()
	vm, err := hosttest.Compile(t, wasm).NewVM(ctx, host.VMConfig{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = vm.Close(ctx) })
	p, err := vm.NewPlugin(ctx, host.PluginConfig{Name: "plugin"})
	if err != nil {
		t.Fatal(err)
	}
	return &live{t, vm, p, allowCase(t).Steps[0].Request}
}

func allowCase(t testing.TB) *table.Case {
	t.Helper()
	cases := scenarios(t)
	at := slices.IndexFunc(cases, func(c table.Case) bool { return c.ID == "typical/allow" })
	return &cases[at]
}

// request returns the client's status.
func (l *live) request() int {
	s := l.plugin.NewStream(host.StreamConfig{Raw: true})
	suite.Drive(s, l.sent)
	status := s.Downstream().Status()
	s.Release()
	return status
}

// allowed sends n requests and expects 200 for each.
func (l *live) allowed(n int) {
	l.t.Helper()
	for i := range n {
		if status := l.request(); status != 200 {
			l.t.Fatalf("request %d: status %d, want 200 (%v)", i+1, status, l.vm.Failure())
		}
	}
}

// Every guest makes the same host calls as the floor of typical/allow, except where its fault is.
func TestFaultyGuestsPassForTheFloor(t *testing.T) {
	c := allowCase(t)
	floor, _ := guest.Floor(c.ID)
	want := crossings(t, hosttest.Compile(t, floor), c)
	for name, wasm := range map[string][]byte{
		"Work(0)": guest.Work(0), "Work(1000)": guest.Work(1000), "Leak(16)": guest.Leak(16), "Leak(0)": guest.Leak(0),
		"Grow": guest.Grow(0, 3), "WrongAfter": guest.WrongAfter(2), "WrongOnce": guest.WrongOnce(2),
	} {
		t.Run(name, func(t *testing.T) {
			if got := crossings(t, hosttest.Compile(t, wasm), c); !slices.EqualFunc(want, got, slices.Equal[[]string]) {
				t.Errorf("crossings %q, want the floor's %q", got, want)
			}
		})
	}
}

// The word in memory shows how many rounds were done. Package host gives no access to a guest's memory, so this test
// runs the guest on wazero itself.
func TestWork(t *testing.T) {
	ctx := context.Background()
	for _, rounds := range []int{0, 1, 2, 1000} {
		r := wazero.NewRuntime(ctx)
		defer r.Close(ctx)
		env := r.NewHostModuleBuilder("env")
		env.NewFunctionBuilder().WithFunc(func(_, _, _, _, _ uint32) uint32 { return 0 }).Export("proxy_get_buffer_bytes")
		env.NewFunctionBuilder().WithFunc(func(_, _, _ uint32) uint32 { return 0 }).Export("proxy_get_header_map_pairs")
		if _, err := env.Instantiate(ctx); err != nil {
			t.Fatal(err)
		}
		m, err := r.Instantiate(ctx, guest.Work(rounds))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := m.ExportedFunction("proxy_on_request_headers").Call(ctx, 2, 12, 1); err != nil {
			t.Fatal(err)
		}
		var want uint32
		for left := rounds; left > 0; left-- {
			want = want*31 + uint32(left)
		}
		if got, _ := m.Memory().ReadUint32Le(512); got != want {
			t.Errorf("%d rounds leave %d, want %d", rounds, got, want)
		}
	}
}

func TestLeak(t *testing.T) {
	for _, test := range []struct{ bytes, requests int }{
		{0, 1000}, {1, 1000}, {16, 3 * page / 16}, {16, 3*page/16 + 1}, {1000, 1000}, {page, 10}, {3*page + 5, 20},
	} {
		t.Run(fmt.Sprint(test.bytes), func(t *testing.T) {
			l := start(t, guest.Leak(test.bytes))
			before := int(l.vm.Memory())
			l.allowed(test.requests)
			grown, leaked := int(l.vm.Memory())-before, test.bytes*test.requests
			if step := (test.bytes/page + 1) * page; grown < leaked || grown >= leaked+step {
				t.Errorf("%d bytes in %d requests: memory grew by %d, want %d and less than %d more", test.bytes,
					test.requests, grown, leaked, step)
			}
		})
	}
}

// A guest that leaks 16 bytes a request must have memory enough for a soak of two million requests.
func TestLeakLasts(t *testing.T) {
	const requests = 2_000_000
	each := 1000 // times as many bytes in a thousandth of the requests
	l := start(t, guest.Leak(16*each))
	l.allowed(requests / each)
	if got := int(l.vm.Memory()); got < 16*requests {
		t.Errorf("memory of %d bytes, want %d at least", got, 16*requests)
	}
}

func TestLeakTrapsWithoutMemory(t *testing.T) {
	l := start(t, guest.Leak(512<<20))
	l.allowed(1)
	if status := l.request(); status != 503 || l.vm.Failure() == nil {
		t.Errorf("status %d, failure %v; want 503 of a guest that trapped", status, l.vm.Failure())
	}
}

func TestGrow(t *testing.T) {
	for _, test := range []struct{ after, pages int }{{0, 1}, {1, 1}, {100, 7}} {
		l := start(t, guest.Grow(test.after, test.pages))
		before := int(l.vm.Memory())
		l.allowed(test.after)
		if grown := int(l.vm.Memory()) - before; grown != 0 {
			t.Errorf("%+v: memory grew by %d at first, want 0", test, grown)
		}
		for _, more := range []int{1, 1000} {
			l.allowed(more)
			if grown := int(l.vm.Memory()) - before; grown != test.pages*page {
				t.Errorf("%+v: memory grew by %d in all, want %d", test, grown, test.pages*page)
			}
		}
	}
}

func TestWrong(t *testing.T) {
	for _, test := range []struct {
		name string
		wasm []byte
		want []int
	}{
		{"after 1", guest.WrongAfter(1), []int{403, 403, 403, 403}},
		{"after 3", guest.WrongAfter(3), []int{200, 200, 403, 403}},
		{"once 1", guest.WrongOnce(1), []int{403, 200, 200, 200}},
		{"once 3", guest.WrongOnce(3), []int{200, 200, 403, 200}},
		{"once 5", guest.WrongOnce(5), []int{200, 200, 200, 200}},
	} {
		l := start(t, test.wasm)
		var got []int
		for range test.want {
			got = append(got, l.request())
		}
		if !slices.Equal(got, test.want) {
			t.Errorf("%s: statuses %v, want %v", test.name, got, test.want)
		}
	}
}
