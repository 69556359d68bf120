// Package callbacks is a small module in the binary format, which makes several callbacks of a guest with one call: it
// imports the guest's exports and calls them one after another, as long as none of them stops it.
package callbacks

import (
	"strings"

	"github.com/header-auth/header-auth/host/abi"
	"github.com/header-auth/header-auth/host/wasmfile"
	"github.com/header-auth/header-auth/host/wasmtest"
)

// Name is the module's name in stack traces.
const Name = "callbacks"

// Exports. All numbers are i32; made is how many callbacks have been made.
const (
	Open         = "open"          // (context, parent, headers, end) → (action, made): create, headers of the request
	RequestBody  = "request_body"  // (context, size) → (action, made): a piece of the body, the empty piece that ends it
	ResponseBody = "response_body" // the same
	End          = "end"           // (context) → made: log, done, delete
	At           = "at"            // global: which of the callbacks runs, or ran last, 0 being the first
	Stop         = "stop"          // global: the host makes it 1, and the function returns behind the callback that runs
)

// Needed are the callbacks that the module imports, from a module of any name.
var Needed = []abi.Callback{abi.OnContextCreate, abi.OnRequestHeaders, abi.OnRequestBody, abi.OnResponseBody, abi.OnLog,
	abi.OnDone, abi.OnDelete}

// Module is the module's bytes.
func Module() []byte {
	m := wasmtest.Module{Name: Name}
	call := map[abi.Callback]wasmtest.Code{}
	for _, c := range Needed {
		t := c.Type(abi.V021)
		call[c] = wasmtest.Call(m.Import("guest", c.Name(), i32s(t.Params), i32s(t.Results)))
	}
	at, stop := m.Global(0), m.Global(0)
	m.ExportGlobal(At, at)
	m.ExportGlobal(Stop, stop)

	get, number, join := wasmtest.Get, wasmtest.I32, wasmtest.Join
	begins := func(n int) wasmtest.Code { return join(number(n), wasmtest.SetGlobal(at)) }
	stopped := wasmtest.GetGlobal(stop)
	returnIf := func(condition wasmtest.Code, results ...wasmtest.Code) wasmtest.Code {
		return join(condition, wasmtest.If, join(results...), wasmtest.Return, wasmtest.End)
	}
	m.Func(Open, "iiii", "ii", 0,
		begins(0), get(0), get(1), call[abi.OnContextCreate], returnIf(stopped, number(0), number(1)),
		begins(1), get(0), get(2), get(3), call[abi.OnRequestHeaders], number(2))
	body := func(name string, c abi.Callback) {
		m.Func(name, "ii", "ii", 1,
			begins(0), get(0), get(1), number(0), call[c], wasmtest.Tee(2),
			returnIf(join(stopped, wasmtest.Or), get(2), number(1)),
			begins(1), get(0), number(0), number(1), call[c], number(2))
	}
	body(RequestBody, abi.OnRequestBody)
	body(ResponseBody, abi.OnResponseBody)
	m.Func(End, "i", "i", 0,
		begins(0), get(0), call[abi.OnLog], returnIf(stopped, number(1)),
		begins(1), get(0), call[abi.OnDone], wasmtest.Drop, returnIf(stopped, number(2)),
		begins(2), get(0), call[abi.OnDelete], number(3))
	return m.Bytes()
}

// i32s are types as package wasmtest writes them: those of the callbacks are all i32.
func i32s(types []wasmfile.ValType) string { return strings.Repeat("i", len(types)) }
