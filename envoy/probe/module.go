package probe

import (
	"encoding/binary"
	"fmt"
	"slices"
	"strings"

	"github.com/header-auth/header-auth/host/abi"
	"github.com/header-auth/header-auth/host/wasmtest"
)

// Module is a script as a plugin. It logs what it sees, in lines that Line reads.
type Module struct {
	Wasm   []byte
	name   string
	lines  []form                    // by number
	tokens map[string]map[uint32]int // in which order those of a family were seen first
}

// form says what stands behind a line's number.
type form struct {
	name      string
	kinds     []abi.Kind // of the words of a callback, or of the out words of a call
	families  []string   // of numbers that are told by their order, as kinds; "" for others
	call      bool
	unordered bool // what a call gives is a header map in any order
	node      bool // what it gives is a Node
}

// recordsAt is where lines are put together: behind the memory that package wasmtest gives away.
const (
	recordsAt = 256 << 10
	pages     = 8
	untouched = 0x55555555 // what stands in the out words before a call
)

// writer makes a module.
type writer struct {
	*wasmtest.Guest
	module Module
	at     uint32
	script *Script
	second bool
	last   map[string]uint32 // the global that has the number which was given last, by family
}

// probeName is what a plugin and its VM are called, with secondSuffix those of the second plugin.
const (
	probeName    = "probe"
	secondSuffix = "b"
	calleeSuffix = "-callout"
)

// callee is the cluster that a plugin calls.
func callee(name string, second bool) string {
	if second {
		return name + calleeSuffix + secondSuffix
	}
	return name + calleeSuffix
}

// Build makes the module of a script, or that of its second plugin. The names that begin with "probe" begin with name,
// and the cluster "callout" is called after it, too.
func Build(s *Script, name string, second bool) *Module {
	w := &writer{Guest: wasmtest.NewGuest(s.ABI), at: recordsAt, script: s, second: second, last: map[string]uint32{},
		module: Module{name: name, tokens: map[string]map[uint32]int{}}}
	w.Pages = pages
	for _, family := range families {
		w.last[family] = w.Global(0)
		w.module.tokens[family] = map[uint32]int{}
	}
	for _, name := range callbacks {
		w.callback(name)
	}
	w.module.Wasm = w.Bytes()
	return &w.module
}

// line reserves memory for a line of n words, and gives its address behind the number.
func (w *writer) line(f form, n int) (at uint32) {
	w.Data(w.at, string(binary.LittleEndian.AppendUint32(nil, uint32(len(w.module.lines)))))
	w.module.lines = append(w.module.lines, f)
	at = w.at + 4
	w.at += uint32(4 + 4*n)
	return at
}

func callbackNumber(name string) abi.Callback {
	for c := range abi.Callbacks {
		if c.Name() == "proxy_on_"+name {
			return c
		}
	}
	panic("probe: no callback " + name)
}

// counted is the family of a number that Envoy counts over all its VMs, so that it differs from script to script.
func counted(parameter string) string {
	if parameter == "queue" || parameter == "cas" {
		return parameter
	}
	return ""
}

func (w *writer) callback(name string) {
	export := "proxy_on_" + name
	version := abi.V021
	if w.script.ABI == "0_1_0" {
		version = abi.V010
	}
	params := callbackNumber(name).Params(version)
	f := form{name: name}
	for _, p := range params {
		f.kinds, f.families = append(f.kinds, abi.KindI32), append(f.families, counted(p.Name))
	}
	at := w.line(f, len(params))
	for i := range params {
		w.Do(export, wasmtest.I32(int(at)+4*i), wasmtest.Get(i), wasmtest.Store(0))
	}
	w.log(export, at, len(params))
	var counter uint32
	here := func(h Handler) bool { return h.Callback == name && h.Second == w.second }
	if slices.ContainsFunc(w.script.Handlers, func(h Handler) bool { return here(h) && h.Nth > 0 }) {
		counter = w.Global(0)
		w.Do(export, wasmtest.GetGlobal(counter), wasmtest.I32(1), wasmtest.Add, wasmtest.SetGlobal(counter))
	}
	for _, h := range w.script.Handlers {
		if !here(h) {
			continue
		}
		if h.Nth > 0 {
			w.Do(export, wasmtest.GetGlobal(counter), wasmtest.I32(h.Nth), wasmtest.Eq, wasmtest.If)
		}
		for _, s := range h.Steps {
			w.step(export, s)
		}
		if h.Nth > 0 {
			w.Do(export, wasmtest.End)
		}
	}
}

// log logs a line of n words.
func (w *writer) log(export string, at uint32, n int) {
	w.Call(export, "proxy_log", int(abi.LogInfo), wasmtest.Raw{At: int(at) - 4, Len: 4 + 4*n})
}

func (w *writer) step(export string, s Step) {
	switch s.Name {
	case "return":
		if callbackNumber(strings.TrimPrefix(export, "proxy_on_")).Result() != abi.ResultNone {
			w.Do(export, wasmtest.I32(int(s.Args[0].Number)))
		}
		w.Do(export, wasmtest.Return)
		return
	case "trap":
		w.Do(export, wasmtest.Unreachable)
		return
	}
	f := functions[s.Name]
	shape := form{name: s.String(), call: true}
	if s.Name == "get_property" {
		shape.unordered, shape.node = wholeMap(s.Args[0].Text), s.Args[0].Text == nodePath
	}
	n := 1
	keep := map[string]int{} // the word of a number that is kept for last
	for _, p := range f.Params {
		if p.Kind.Out() {
			shape.kinds, shape.families = append(shape.kinds, p.Kind), append(shape.families, counted(p.Name))
			if slices.Contains(families, p.Name) {
				keep[p.Name] = n
			}
			n += outWords(p.Kind)
		}
	}
	at := w.line(shape, n)
	for i := 1; i < n; i++ {
		w.Do(export, wasmtest.I32(int(at)+4*i), wasmtest.I32(untouched), wasmtest.Store(0))
	}
	var args []any
	given, word := 0, 1
	for _, p := range f.Params {
		if p.Kind.Out() {
			for i := range p.Kind.Words() {
				args = append(args, int(at)+4*(word+i))
			}
			word += outWords(p.Kind)
			continue
		}
		args = append(args, w.argument(s.Name, p, s.Args[given]))
		given++
	}
	results := "i"
	if f.Result == abi.ResultNone {
		results = ""
	}
	call := w.CallFrom(f.module, export, f.Name, results, args...)
	w.Do(export, wasmtest.I32(int(at)), wasmtest.I32(int(wasmtest.StatusAt(call))), wasmtest.Load(0), wasmtest.Store(0))
	w.log(export, at, n)
	for family, word := range keep {
		w.Do(export, wasmtest.I32(int(at)), wasmtest.Load(0), wasmtest.Eqz, wasmtest.If,
			wasmtest.I32(int(at)+4*word), wasmtest.Load(0), wasmtest.SetGlobal(w.last[family]), wasmtest.End)
	}
	word = 1
	for _, k := range shape.kinds {
		if k == abi.KindOutBytes || k == abi.KindOutPairs {
			load := func(i int) wasmtest.Code { return wasmtest.Join(wasmtest.I32(int(at)+4*i), wasmtest.Load(0)) }
			w.Do(export, load(0), wasmtest.Eqz, wasmtest.If)
			w.Call(export, "proxy_log", int(abi.LogInfo), load(word), load(word+1))
			w.Do(export, wasmtest.End)
		}
		word += outWords(k)
	}
}

// outWords is how many words of memory an out argument is written to.
func outWords(k abi.Kind) int {
	if k == abi.KindOut64 {
		return 2
	}
	return k.Words()
}

// argument is what the guest passes for an argument of a script.
func (w *writer) argument(call string, p abi.Param, a Arg) any {
	switch {
	case a.Kind == 'l':
		return wasmtest.GetGlobal(w.last[p.Name])
	case a.Kind == 'm':
		return wasmtest.Pairs(a.Pairs...)
	case a.Kind == 's' && p.Kind == abi.KindBytes:
		return w.text(call, p.Name, a.Text)
	case a.Kind == 's':
		return a.Text
	case p.Kind == abi.KindI64:
		return a.Number
	}
	return int(a.Number)
}

// text is a string with the names of this script.
func (w *writer) text(call, parameter, s string) string {
	cluster, isGrpc := strings.CutPrefix(s, "grpc:")
	switch {
	case s == calleeName:
		return callee(w.module.name, w.second)
	case parameter == "upstream" && isGrpc:
		return grpcService(w.text(call, "", cluster))
	case call == "define_metric" && parameter == "name":
		return w.module.name + "." + s
	case parameter == "vm_id" && strings.HasPrefix(s, probeName):
		return w.module.name + strings.TrimPrefix(s, probeName)
	}
	return s
}

// grpcService is an envoy.config.core.v3.GrpcService with the field envoy_grpc.
func grpcService(cluster string) string {
	field := func(s string) string { return "\n" + string(rune(len(s))) + s }
	return field(field(cluster))
}

// calleeName is the cluster that a script calls.
const calleeName = "callout"

// wholeMap says whether a property is a header map.
func wholeMap(path string) bool {
	return slices.Contains([]string{"request\x00headers", "response\x00headers", "response\x00trailers"}, path)
}

// Lines reads the lines that a module has logged.
func (m *Module) Lines(logged []string) (out []string) {
	for i := 0; i < len(logged); i++ {
		b := []byte(logged[i])
		if len(b) < 4 || int(binary.LittleEndian.Uint32(b)) >= len(m.lines) {
			out = append(out, fmt.Sprintf("unreadable %q", b))
			continue
		}
		f := m.lines[binary.LittleEndian.Uint32(b)]
		var w []uint32
		for b = b[4:]; len(b) >= 4; b = b[4:] {
			w = append(w, binary.LittleEndian.Uint32(b))
		}
		if !f.call {
			for j := range min(len(w), len(f.families)) {
				w[j] = m.order(f.families[j], w[j])
			}
			out = append(out, fmt.Sprintf("%s%v", f.name, w))
			continue
		}
		if len(w) == 0 {
			out = append(out, "unreadable "+f.name)
			continue
		}
		line := fmt.Sprintf("  %s = %d", f.name, int32(w[0]))
		ok, at := w[0] == 0, 1
		for j, k := range f.kinds {
			touched := slices.ContainsFunc(w[at:at+outWords(k)], func(v uint32) bool { return v != untouched })
			switch {
			case ok && (k == abi.KindOutBytes || k == abi.KindOutPairs):
				data := "nothing"
				if i+1 < len(logged) {
					if i++; f.node {
						logged[i] = withoutBuild(logged[i])
					}
					data = show(k, logged[i], f.unordered)
				}
				line += " " + strings.ReplaceAll(data, m.name, probeName)
			case !touched:
				line += " -"
			case k == abi.KindOut64:
				line += fmt.Sprint(" ", uint64(w[at])|uint64(w[at+1])<<32)
			case k == abi.KindOut32 && ok:
				line += fmt.Sprint(" ", m.order(f.families[j], w[at]))
			case k == abi.KindOut32:
				line += fmt.Sprint(" ", w[at])
			default: // an address and a length with an error
				line += fmt.Sprint(" ", w[at+1], " bytes")
			}
			at += outWords(k)
		}
		out = append(out, line)
	}
	return out
}

// order is a number of a family as the order in which it was seen first, from 1; any other number as it is.
func (m *Module) order(family string, n uint32) uint32 {
	seen := m.tokens[family]
	if seen == nil || n == 0 {
		return n
	}
	if seen[n] == 0 {
		seen[n] = len(seen) + 1
	}
	return uint32(seen[n])
}

// show is bytes, or a header map, as text.
func show(k abi.Kind, data string, unordered bool) string {
	if k != abi.KindOutPairs && !unordered || len(data) < 4 {
		return fmt.Sprintf("%q", data)
	}
	n := int(binary.LittleEndian.Uint32([]byte(data)))
	if 4+8*n > len(data) {
		return fmt.Sprintf("%q", data)
	}
	var list []string
	at, dated := 4+8*n, false
	for i := range 2 * n {
		size := int(binary.LittleEndian.Uint32([]byte(data[4+4*i:])))
		if at+size+1 > len(data) {
			return fmt.Sprintf("%q", data)
		}
		word := data[at : at+size]
		at += size + 1
		if dated = i%2 == 0 && word == "date" || i%2 == 1 && dated; dated { // Envoy adds it behind the filters
			continue
		}
		if i%2 == 0 {
			list = append(list, fmt.Sprintf("%q", word))
		} else {
			list[len(list)-1] += fmt.Sprintf(" %q", word)
		}
	}
	if unordered {
		slices.Sort(list)
	}
	return "[" + strings.Join(list, " ") + "]"
}
