package rewrite

import (
	"fmt"
	"slices"

	"github.com/header-auth/header-auth/host/wasmfile"
)

// Sections, in the order in which they come (core specification 5.5.16).
const (
	sectionType     = 1
	sectionImport   = 2
	sectionFunction = 3
	sectionGlobal   = 6
	sectionExport   = 7
	sectionStart    = 8
	sectionElement  = 9
	sectionCode     = 10
)

var sectionOrder = []byte{1, 2, 3, 4, 5, 13, 6, 7, 8, 9, 12, 10, 11}

// module is a module being changed.
type module struct {
	file      *wasmfile.File
	wasm      []byte
	sections  map[byte][]byte // what they contain, without id and size
	functions []wasmfile.Import
	allocator uint32 // the function that Envoy takes memory from; 0: there is none

	imports []wasmfile.Import // that are added
	added   []function        // behind the module's own functions
	globals int               // that are added
}

type function struct {
	replaces uint32 // import
	export   string // that it takes the place of; "": it replaces the import
	t        wasmfile.FuncType
	code     []byte
}

func open(wasm []byte) (*module, error) {
	file, err := wasmfile.Parse(wasm)
	if err != nil {
		return nil, err
	}
	m := &module{file: file, wasm: wasm, sections: map[byte][]byte{}}
	for _, s := range file.Sections {
		if !s.Custom() {
			r := reader{wasm: wasm[s.Offset+1 : s.Offset+s.Size]}
			r.number()
			m.sections[s.ID] = r.rest()
		}
	}
	for _, i := range file.Imports {
		if i.Kind == wasmfile.KindFunction {
			m.functions = append(m.functions, i)
		}
	}
	return m, nil
}

var valTypes = map[rune]wasmfile.ValType{'i': wasmfile.I32, 'I': wasmfile.I64}

// find gives an import, of env or of another module of the host's.
func (m *module) find(module, name string) (index uint32, t wasmfile.FuncType, there bool) {
	at := slices.IndexFunc(m.functions, func(i wasmfile.Import) bool { return i.Module == module && i.Name == name })
	if at < 0 {
		return 0, t, false
	}
	return uint32(at), m.functions[at].Type, true
}

// imported gives a function of env whose parameters are all i32, and imports it when it is not.
func (m *module) imported(name, params string) uint32 {
	t := wasmfile.FuncType{Results: []wasmfile.ValType{wasmfile.I32}}
	for _, p := range params {
		t.Params = append(t.Params, valTypes[p])
	}
	for i, f := range slices.Concat(m.functions, m.imports) {
		if f.Module == "env" && f.Name == name && f.Type.Equal(t) {
			return uint32(i)
		}
	}
	m.imports = append(m.imports, wasmfile.Import{Module: "env", Name: name, Type: t})
	return uint32(len(m.functions) + len(m.imports) - 1)
}

// global adds a mutable i64, 0 at first.
func (m *module) global() uint32 {
	n := m.file.Globals
	for _, i := range m.file.Imports {
		if i.Kind == wasmfile.KindGlobal {
			n++
		}
	}
	m.globals++
	return uint32(n + m.globals - 1)
}

// replace makes the module's calls of an import run code.
func (m *module) replace(imported uint32, t wasmfile.FuncType, code []byte) {
	m.added = append(m.added, function{replaces: imported, t: t, code: code})
}

// lead makes an export run code.
func (m *module) lead(export string, t wasmfile.FuncType, code []byte) {
	m.added = append(m.added, function{export: export, t: t, code: code})
}

// addedAt is the index of the nth function that is added.
func (m *module) addedAt(n int) uint32 {
	return uint32(len(m.functions) + len(m.imports) + m.file.Functions + n)
}

// moved is where a function is that had an index before imports were added; called says that it is about a call.
func (m *module) moved(index uint32, called bool) uint32 {
	if int(index) >= len(m.functions) {
		return index + uint32(len(m.imports))
	}
	if called {
		for i, f := range m.added {
			if f.export == "" && f.replaces == index {
				return m.addedAt(i)
			}
		}
	}
	return index
}

// bytes writes the module.
func (m *module) bytes() ([]byte, error) {
	m.writeTypes()
	if err := m.writeCode(); err != nil {
		return nil, err
	}
	m.writeExports()
	if err := m.writeElements(); err != nil {
		return nil, err
	}
	if start := m.file.Start; start != nil {
		m.sections[sectionStart] = number(uint64(m.moved(start.Index, false)))
	}
	for range m.globals {
		m.append(sectionGlobal, []byte{byte(wasmfile.I64), 1, 0x42, 0, 0x0b})
	}
	out := []byte("\x00asm\x01\x00\x00\x00")
	for _, id := range sectionOrder {
		if s, ok := m.sections[id]; ok {
			out = append(out, id)
			out = append(append(out, number(uint64(len(s)))...), s...)
		}
	}
	return out, nil
}

// append adds an entry to a section.
func (m *module) append(id byte, entry []byte) {
	r := reader{wasm: m.sections[id]}
	n := uint64(0)
	if len(r.wasm) > 0 {
		n = r.number()
	}
	m.sections[id] = slices.Concat(number(n+1), r.rest(), entry)
}

// typeIndex finds a function type, or adds it.
func (m *module) typeIndex(t wasmfile.FuncType) uint64 {
	if at := slices.IndexFunc(m.file.Types, t.Equal); at >= 0 {
		return uint64(at)
	}
	entry := append([]byte{0x60}, number(uint64(len(t.Params)))...)
	for _, v := range t.Params {
		entry = append(entry, byte(v))
	}
	entry = append(entry, number(uint64(len(t.Results)))...)
	for _, v := range t.Results {
		entry = append(entry, byte(v))
	}
	m.append(sectionType, entry)
	m.file.Types = append(m.file.Types, t)
	return uint64(len(m.file.Types) - 1)
}

func (m *module) writeTypes() {
	for _, i := range m.imports {
		m.append(sectionImport, slices.Concat(text(i.Module), text(i.Name), []byte{0}, number(m.typeIndex(i.Type))))
	}
	for _, f := range m.added {
		m.append(sectionFunction, number(m.typeIndex(f.t)))
	}
}

func (m *module) writeCode() error {
	bodies, err := m.file.Bodies(m.wasm)
	if err != nil {
		return err
	}
	out := number(uint64(len(bodies)))
	for _, b := range bodies {
		var body []byte
		from := b.At
		for _, c := range b.Calls {
			body = append(append(body, m.wasm[from:c.At]...), number(uint64(m.moved(c.Index, true)))...)
			from = c.At + c.Size
		}
		body = append(body, m.wasm[from:b.At+b.Size]...)
		out = append(append(out, number(uint64(len(body)))...), body...)
	}
	m.sections[sectionCode] = out
	for _, f := range m.added {
		body := slices.Concat(locals, f.code, []byte{0x0b})
		m.append(sectionCode, append(number(uint64(len(body))), body...))
	}
	return nil
}

// exports calls do for each export with its function's index, as far as it is one.
func (m *module) exports(do func(name string, kind byte, index uint32)) {
	r := reader{wasm: m.sections[sectionExport]}
	for range r.number() {
		name := string(r.take(int(r.number())))
		do(name, r.take(1)[0], uint32(r.number()))
	}
}

// findAllocator must come before the exports are written, and after the last import. malloc comes first for Envoy.
func (m *module) findAllocator() {
	m.exports(func(name string, _ byte, index uint32) {
		if name == "malloc" || name == "proxy_on_memory_allocate" && !m.file.ExportsFunction("malloc") {
			m.allocator = m.moved(index, false)
		}
	})
}

func (m *module) writeExports() {
	var out []byte
	n := uint64(0)
	m.exports(func(name string, kind byte, index uint32) {
		if kind == byte(wasmfile.KindFunction) {
			index = m.moved(index, false)
			if at := slices.IndexFunc(m.added, func(f function) bool { return f.export == name }); at >= 0 {
				index = m.addedAt(at)
			}
		}
		out = append(append(append(out, text(name)...), kind), number(uint64(index))...)
		n++
	})
	m.sections[sectionExport] = append(number(n), out...)
}

// writeElements reads the segments that linkers write: function indices, not expressions.
func (m *module) writeElements() error {
	s, there := m.sections[sectionElement]
	if !there {
		return nil
	}
	r := reader{wasm: s}
	n := r.number()
	out := number(n)
	for range n {
		from := r.at
		flags := r.number()
		if flags > 3 {
			return fmt.Errorf("element segments with expressions are not known, found flags %d", flags)
		}
		if flags == 2 {
			r.number() // table
		}
		if flags&1 == 0 {
			r.expression()
		}
		if flags != 0 {
			r.take(1) // kind
		}
		out = append(out, s[from:r.at]...)
		count := r.number()
		out = append(out, number(count)...)
		for range count {
			out = append(out, number(uint64(m.moved(uint32(r.number()), false)))...)
		}
	}
	m.sections[sectionElement] = out
	return nil
}
