package cel_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/header-auth/header-auth/host"
	"github.com/header-auth/header-auth/host/abi"
	"github.com/header-auth/header-auth/host/cel"
	"github.com/header-auth/header-auth/host/headermap"
	"github.com/header-auth/header-auth/host/property"
	"github.com/header-auth/header-auth/host/wasmtest"
)

// TestExpressions has what Envoy 1.40 gave: what expr_create returned, and what expr_evaluate, with the value.
func TestExpressions(t *testing.T) {
	const internal, unserializable, refused = "InternalFailure", "SerializationFailure", "refused"
	number := func(n byte) string { return string([]byte{n, 0, 0, 0, 0, 0, 0, 0}) }
	const second = "\x00\xca\x9a;\x00\x00\x00\x00"
	for expression, want := range map[string]string{
		"request.method == 'GET'":                           "\x01",
		"request.path":                                      "/p?q=1",
		"request.headers['x']":                              "1,2",
		"request.headers.x":                                 "1,2",
		"request.headers['none']":                           internal,
		"'a' in request.headers":                            "\x00",
		"has(request.headers.x)":                            "\x01",
		"has(request.nosuch)":                               "\x00",
		"size(request.headers) > 0":                         "\x01",
		"request.headers.exists(k, k == 'x')":               "\x01",
		"request.path.startsWith('/p')":                     "\x01",
		"request.path.matches('^/p.*')":                     "\x01",
		"request.size":                                      number(0),
		"request.time >= timestamp('1970-01-01T00:00:00Z')": "\x01",
		"request":                   unserializable,
		"request.nosuch":            internal,
		"response.code == 200":      internal,
		"connection.mtls":           "\x00",
		"source.address":            "127.0.0.1:50000",
		"xds.node.id":               "n1",
		"xds.node":                  "\n\x02n1\x1a\n\n\b\n\x01A\x12\x03\x1a\x01x2\x05envoy",
		"xds.node.metadata.A":       "x",
		"xds.node.locality.region":  "",
		"xds.route_name":            "rt",
		"plugin_name":               "pl",
		"mine":                      "v",
		"filter_state['wasm.mine']": "v",
		"nosuch":                    internal,
		"1 + 2":                     number(3),
		"2u":                        number(2),
		"1.5":                       "\x00\x00\x00\x00\x00\x00\xf8?",
		"b'ab'":                     "ab",
		"string(3)":                 "3",
		"1 / 0":                     internal,
		"null":                      unserializable,
		"type(1)":                   unserializable,
		"[1, 2]": "\x02\x00\x00\x00\b\x00\x00\x00\x00\x00\x00\x00\b\x00\x00\x00\x00\x00\x00\x00" +
			number(1) + "\x00\x00" + number(2) + "\x00\x00",
		"[1,2].map(x, x * 2)": "\x02\x00\x00\x00\b\x00\x00\x00\x00\x00\x00\x00\b\x00\x00\x00\x00\x00\x00\x00" + number(2) +
			"\x00\x00" +
			number(4) + "\x00\x00",
		"[1,2].exists(x, x == 2)":           "\x01",
		"{'a': 'b'}":                        "\x01\x00\x00\x00\x01\x00\x00\x00\x01\x00\x00\x00a\x00b\x00",
		"duration('1s')":                    second,
		"timestamp('1970-01-01T00:00:01Z')": second,
		strings.Repeat("[1,2,3,4,5,6,7,8,9,0].all(x, ", 8) + "true" + strings.Repeat(")", 8): internal, // too long
		"":                   refused,
		"1 +":                refused,
		"'%d'.format([3])":   refused,
		"math.greatest(1,2)": refused,
		"'a,b'.split(',')":   refused,
		"'A'.lowerAscii()":   refused,
		"upper('a')":         refused,
	} {
		t.Run(expression, func(t *testing.T) {
			g := wasmtest.NewGuest("0_2_1")
			const head = "proxy_on_request_headers"
			g.Call(head, "proxy_set_property", "mine", "v")
			g.Call(head, "proxy_call_foreign_function", "expr_create", expression, wasmtest.Out)
			// The first number is 0: four bytes of memory that nothing has written to.
			g.Call(head, "proxy_call_foreign_function", "expr_evaluate", wasmtest.Raw{At: 800, Len: 4}, wasmtest.Out)
			g.Call(head, "proxy_call_foreign_function", "expr_delete", wasmtest.Raw{At: 800, Len: 4}, wasmtest.Out)
			g.Call(head, "proxy_call_foreign_function", "expr_evaluate", wasmtest.Raw{At: 800, Len: 4}, wasmtest.Out)
			vm := run(t, g)
			create, evaluate, again := abi.Status(wasmtest.Status(vm, 1)), abi.Status(wasmtest.Status(vm, 2)),
				abi.Status(wasmtest.Status(vm, 4))
			got := evaluate.String()
			switch {
			case create == abi.StatusBadArgument && evaluate == abi.StatusNotFound:
				got = refused
			case create != abi.StatusOk:
				got = fmt.Sprint("create: ", create)
			case evaluate == abi.StatusOk:
				got = wasmtest.Output(vm, 2, 0)
			}
			if got != want {
				t.Errorf("got %q, want %q", got, want)
			}
			if again != abi.StatusNotFound {
				t.Errorf("a deleted expression: %v", again)
			}
		})
	}
}

// memory is a VM's memory.
type memory []byte

func (m memory) Read(offset, n uint32) ([]byte, bool) {
	if uint64(offset)+uint64(n) > uint64(len(m)) {
		return nil, false
	}
	return m[offset : offset+n], true
}

// run is a GET through a guest.
func run(t *testing.T, g *wasmtest.Guest) memory {
	t.Helper()
	ctx := context.Background()
	m, err := host.Compile(ctx, g.Bytes(), host.Options{Expressions: cel.New()})
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close(ctx)
	vm, err := m.NewVM(ctx, host.VMConfig{Node: &property.Node{ID: "n1", Metadata: property.Struct{"A": "x"}}})
	if err != nil {
		t.Fatal(err)
	}
	p, err := vm.NewPlugin(ctx, host.PluginConfig{Name: "pl"})
	if err != nil {
		t.Fatal(err)
	}
	s := p.NewStream(host.StreamConfig{Properties: map[string]any{"xds.route_name": "rt"}})
	s.RequestHeaders(headermap.Of(":method", "GET", ":path", "/p?q=1", ":authority", "a", "x", "1", "x", "2"), true)
	if err := vm.Failure(); err != nil {
		t.Fatal(err)
	}
	return memory(strings.Clone(string(vm.Linear())))
}
