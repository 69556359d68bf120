// Package callbacks is a small module in the binary format, which makes several callbacks of a guest with one call: it
// imports the guest's exports and calls them one after another, as long as none of them stops it.
package callbacks

import (
	"strings"

	"github.com/header-auth/header-auth/host/abi"
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

// Types of functions, by index.
const (
	typeCreate  = iota // (context, parent)
	typeMessage        // (context, count, end) → action
	typeLast           // (context)
	typeDone           // (context) → done
	typeOpen           // (context, parent, headers, end) → (action, callbacks made)
	typeBody           // (context, size) → (action, callbacks made)
)

// needed are the types of Needed, which are functions 0 to 6.
var needed = []byte{typeCreate, typeMessage, typeMessage, typeMessage, typeLast, typeDone, typeLast}

// Instructions, and the two globals.
const (
	opIf, opEnd, opReturn, opCall, opDrop = 0x04, 0x0b, 0x0f, 0x10, 0x1a
	opGet, opTee, opGlobalGet             = 0x20, 0x22, 0x23
	opGlobalSet, opConst, opOr            = 0x24, 0x41, 0x72
	noResult, i32, function, global       = 0x40, 0x7f, 0x00, 0x03
	globalAt, globalStop                  = 0, 1
)

// Module is the module's bytes.
func Module() []byte {
	functionType := func(params, results int) []byte {
		t := append([]byte{0x60, byte(params)}, strings.Repeat(string(rune(i32)), params)...)
		return append(append(t, byte(results)), strings.Repeat(string(rune(i32)), results)...)
	}
	var imports [][]byte
	for i, c := range Needed {
		imports = append(imports, join(name("guest"), name(c.Name()), []byte{function, needed[i]}))
	}
	first := byte(len(imports)) // of the module's own functions
	zero := []byte{i32, 1, opConst, 0, opEnd}
	body := func(callback byte) []byte {
		return code(1, []byte{opConst, 0, opGlobalSet, globalAt,
			opGet, 0, opGet, 1, opConst, 0, opCall, callback, opTee, 2,
			opGlobalGet, globalStop, opOr, opIf, noResult, opGet, 2, opConst, 1, opReturn, opEnd,
			opConst, 1, opGlobalSet, globalAt,
			opGet, 0, opConst, 0, opConst, 1, opCall, callback, opConst, 2})
	}
	stopped := func(made byte, results ...byte) []byte {
		return join([]byte{opGlobalGet, globalStop, opIf, noResult}, results, []byte{opConst, made, opReturn, opEnd})
	}
	return join([]byte("\x00asm\x01\x00\x00\x00"),
		section(1, functionType(2, 0), functionType(3, 1), functionType(1, 0), functionType(1, 1), functionType(4, 2),
			functionType(2, 2)),
		section(2, imports...),
		section(3, []byte{typeOpen}, []byte{typeBody}, []byte{typeBody}, []byte{typeDone}),
		section(6, zero, zero),
		section(7, join(name(Open), []byte{function, first}), join(name(RequestBody), []byte{function, first + 1}),
			join(name(ResponseBody), []byte{function, first + 2}), join(name(End), []byte{function, first + 3}),
			join(name(At), []byte{global, globalAt}), join(name(Stop), []byte{global, globalStop})),
		section(10,
			code(0, []byte{opConst, 0, opGlobalSet, globalAt, opGet, 0, opGet, 1, opCall, 0}, stopped(1, opConst, 0),
				[]byte{opConst, 1, opGlobalSet, globalAt, opGet, 0, opGet, 2, opGet, 3, opCall, 1, opConst, 2}),
			body(2), body(3),
			code(0, []byte{opConst, 0, opGlobalSet, globalAt, opGet, 0, opCall, 4}, stopped(1),
				[]byte{opConst, 1, opGlobalSet, globalAt, opGet, 0, opCall, 5, opDrop}, stopped(2),
				[]byte{opConst, 2, opGlobalSet, globalAt, opGet, 0, opCall, 6, opConst, 3})),
		customSection("name", join([]byte{0, byte(len(Name) + 1)}, name(Name))))
}

// section has its items behind their number. Only whole sections are longer than 127 bytes.
func section(id byte, items ...[]byte) []byte {
	content := append([]byte{byte(len(items))}, join(items...)...)
	return join([]byte{id}, length(len(content)), content)
}

func customSection(title string, content []byte) []byte {
	content = join(name(title), content)
	return join([]byte{0}, length(len(content)), content)
}

// code is a function with so many locals besides its parameters.
func code(locals byte, instructions ...[]byte) []byte {
	head := []byte{0}
	if locals > 0 {
		head = []byte{1, locals, i32}
	}
	content := join(head, join(instructions...), []byte{opEnd})
	return join(length(len(content)), content)
}

func name(s string) []byte { return append([]byte{byte(len(s))}, s...) }

// length is a number below 2¹⁴ in LEB128.
func length(n int) []byte {
	if n < 0x80 {
		return []byte{byte(n)}
	}
	return []byte{byte(n) | 0x80, byte(n >> 7)}
}

func join(parts ...[]byte) []byte {
	var all []byte
	for _, p := range parts {
		all = append(all, p...)
	}
	return all
}
