package host

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"

	"github.com/header-auth/header-auth/host/headermap"
)

// Crossing is a step over the border between host and guest. A callback is two of them, its call and, after whatever
// happened inside, its return; a host function called by the guest is one.
type Crossing struct {
	ToGuest bool   // a callback of the guest; else a host function
	Return  bool   // of a callback
	Depth   int    // how many calls it lies inside
	Name    string // of the export or import
	Args    string // decoded, such as `RequestHeaders, "allow"`
	Result  string // such as `Ok "true"`; empty if there is none
}

// String is one line without its end, indented by depth.
func (c Crossing) String() string {
	indent := strings.Repeat("  ", c.Depth)
	switch {
	case c.Return && c.Result == "":
		return indent + "<- " + c.Name
	case c.Return:
		return indent + "<- " + c.Name + " = " + c.Result
	case c.ToGuest:
		return indent + "-> " + c.Name + "(" + c.Args + ")"
	case c.Result == "":
		return indent + c.Name + "(" + c.Args + ")"
	}
	return indent + c.Name + "(" + c.Args + ") = " + c.Result
}

// Limits of a trace.
const (
	traceCrossings = 1 << 16
	traceBytes     = 256  // of one value shown
	traceMap       = 4096 // bytes of one map shown
)

// Crossings are those recorded so far; VMConfig.Trace asks for them. At most 65536 are kept.
func (vm *VM) Crossings() []Crossing { return vm.trace }

// record counts and appends a crossing and returns its index, -1 when there is no room.
func (vm *VM) record(c Crossing) int {
	vm.count(&c)
	if len(vm.trace) >= traceCrossings {
		return -1
	}
	c.Depth = vm.nested
	vm.trace = append(vm.trace, c)
	return len(vm.trace) - 1
}

// traceCallback records a callback whose parameters are in vm.stack.
func (vm *VM) traceCallback(info *callbackInfo) {
	params := info.paramsIn(vm.module.abi)
	vm.record(Crossing{ToGuest: true, Name: info.name, Args: vm.traceArgs(params, vm.stack[:], true)})
	vm.nested++
}

func (vm *VM) traceReturn(info *callbackInfo, result uint32, err error) {
	c := Crossing{ToGuest: true, Return: true, Name: info.name}
	switch {
	case err != nil || vm.failure != nil:
		vm.fail(info.name, err)
		c.Result = vm.failure.Kind.String()
	case info.result == resultAction:
		c.Result = Action(result).String()
	case info.result == resultBool:
		c.Result = strconv.FormatBool(result != 0)
	}
	vm.record(c)
}

// traceStart and traceStartEnd are for start functions.
func (vm *VM) traceStart(name string) {
	if vm.config.Trace {
		vm.record(Crossing{ToGuest: true, Name: name})
		vm.nested++
	}
}

func (vm *VM) traceStartEnd(name string, err error) {
	if vm.config.Trace {
		vm.nested = 0
		c := Crossing{ToGuest: true, Return: true, Name: name}
		if err != nil {
			c.Result = vm.failure.Kind.String()
		}
		vm.record(c)
	}
}

func (vm *VM) traceAllocator(n uint32) {
	vm.record(Crossing{ToGuest: true, Name: vm.allocName, Args: "size " + strconv.FormatUint(uint64(n), 10)})
	vm.nested++
}

func (vm *VM) traceAllocated(ptr uint32, err error) {
	c := Crossing{ToGuest: true, Return: true, Name: vm.allocName, Result: "0x" + strconv.FormatUint(uint64(ptr), 16)}
	if err != nil {
		c.Result = vm.failure.Kind.String()
	}
	vm.record(c)
}

func (vm *VM) traceHostCall(f *function, stack []uint64) int {
	i := vm.record(Crossing{Name: f.name, Args: vm.traceArgs(f.params, stack, false)})
	vm.nested++
	return i
}

func (vm *VM) traceHostResult(i int, f *function, stack []uint64, r uint32) {
	vm.nested--
	if i < 0 {
		return
	}
	result := ""
	switch f.result {
	case resultNone:
		return
	case resultStatus:
		result = Status(r).String()
	case resultErrno:
		result = "errno " + strconv.FormatUint(uint64(r), 10)
	case resultValue:
		result = strconv.FormatUint(uint64(r), 10)
	}
	if r == 0 {
		result += vm.traceOuts(f.params, stack)
	}
	vm.trace[i].Result = result
}

// traceArgs shows what goes in. Callbacks name their parameters; of host functions the name says enough.
func (vm *VM) traceArgs(params []param, stack []uint64, named bool) string {
	var args []string
	for _, p := range params {
		text := vm.traceArg(p.kind, stack)
		stack = stack[p.kind.words():]
		switch {
		case text == "":
		case named:
			args = append(args, p.name+" "+text)
		default:
			args = append(args, text)
		}
	}
	return strings.Join(args, ", ")
}

func (vm *VM) traceArg(k kind, stack []uint64) string {
	v := uint32(stack[0])
	switch k {
	case kindI32:
		return strconv.FormatUint(uint64(v), 10)
	case kindSigned:
		return strconv.FormatInt(int64(int32(v)), 10)
	case kindI64:
		return strconv.FormatInt(int64(stack[0]), 10)
	case kindBool:
		return strconv.FormatBool(v != 0)
	case kindLevel:
		return LogLevel(v).String()
	case kindMap:
		return MapType(v).String()
	case kindBuffer:
		return BufferType(v).String()
	case kindStream:
		return StreamType(v).String()
	case kindMetric:
		return MetricType(v).String()
	case kindBytes:
		return vm.traceRange(v, uint32(stack[1]), showBytes)
	case kindPairs:
		return vm.traceRange(v, uint32(stack[1]), showPairs)
	case kindPath:
		return vm.traceRange(v, uint32(stack[1]), showPath)
	}
	return ""
}

// traceOuts shows what came out, read from where the guest finds it.
func (vm *VM) traceOuts(params []param, stack []uint64) string {
	out := ""
	for _, p := range params {
		text := ""
		at := uint32(stack[0])
		switch p.kind {
		case kindOutBytes:
			text = vm.traceOut(at, uint32(stack[1]), showBytes)
		case kindOutPairs:
			text = vm.traceOut(at, uint32(stack[1]), showPairs)
		case kindOut32:
			if n, valid := vm.memory.ReadUint32Le(at); valid {
				text = strconv.FormatUint(uint64(n), 10)
			}
		case kindOut64:
			if n, valid := vm.memory.ReadUint64Le(at); valid {
				text = strconv.FormatUint(n, 10)
			}
		}
		stack = stack[p.kind.words():]
		if text != "" {
			out += " " + text
		}
	}
	return out
}

func (vm *VM) traceOut(outPtr, outLen uint32, show func([]byte) string) string {
	ptr, ok1 := vm.memory.ReadUint32Le(outPtr)
	n, ok2 := vm.memory.ReadUint32Le(outLen)
	if !ok1 || !ok2 {
		return ""
	}
	return vm.traceRange(ptr, n, show)
}

func (vm *VM) traceRange(ptr, n uint32, show func([]byte) string) string {
	if n == 0 {
		return `""`
	}
	b, valid := vm.memory.Read(ptr, n) // not vm.read: looking on is no traffic
	if !valid {
		return fmt.Sprintf("[%d bytes at 0x%x, outside memory]", n, ptr)
	}
	return show(b)
}

func showBytes(b []byte) string {
	if len(b) > traceBytes {
		return strconv.Quote(string(b[:traceBytes])) + fmt.Sprintf("… (%d bytes)", len(b))
	}
	return strconv.Quote(string(b))
}

// showPath shows a property's path with dots.
func showPath(b []byte) string {
	if len(b) > traceBytes {
		return showBytes(b)
	}
	return showBytes(bytes.ReplaceAll(bytes.TrimSuffix(b, []byte{0}), []byte{0}, []byte{'.'}))
}

func showPairs(b []byte) string {
	pairs := headermap.ParsePairs(nil, b)
	if len(pairs) == 0 {
		return "malformed " + showBytes(b)
	}
	var out strings.Builder
	out.WriteByte('{')
	for i, p := range pairs {
		if i > 0 {
			out.WriteString(", ")
		}
		if out.Len() > traceMap {
			fmt.Fprintf(&out, "… (%d pairs)", len(pairs))
			break
		}
		out.WriteString(showBytes(p.Name) + ": " + showBytes(p.Value))
	}
	out.WriteByte('}')
	return out.String()
}
