package host

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"

	"github.com/header-auth/header-auth/host/abi"
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
func (vm *VM) traceCallback(c abi.Callback) {
	params := c.Params(vm.module.abi)
	vm.record(Crossing{ToGuest: true, Name: c.Name(), Args: vm.traceArgs(params, vm.stack[:], true)})
	vm.nested++
}

func (vm *VM) traceReturn(callback abi.Callback, result uint32, err error) {
	c := Crossing{ToGuest: true, Return: true, Name: callback.Name()}
	switch {
	case err != nil || vm.failure != nil:
		vm.fail(callback.Name(), err)
		c.Result = vm.failure.Kind.String()
	case callback.Result() == abi.ResultAction:
		c.Result = abi.Action(result).String()
	case callback.Result() == abi.ResultBool:
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

func (vm *VM) traceHostCall(f *abi.Function, stack []uint64) int {
	i := vm.record(Crossing{Name: f.Name, Args: vm.traceArgs(f.Params, stack, false)})
	vm.nested++
	return i
}

func (vm *VM) traceHostResult(i int, f *abi.Function, stack []uint64, r uint32) {
	vm.nested--
	if i < 0 {
		return
	}
	result := ""
	switch f.Result {
	case abi.ResultNone:
		return
	case abi.ResultStatus:
		result = abi.Status(r).String()
	case abi.ResultErrno:
		result = "errno " + strconv.FormatUint(uint64(r), 10)
	case abi.ResultValue:
		result = strconv.FormatUint(uint64(r), 10)
	}
	if r == 0 {
		result += vm.traceOuts(f.Params, stack)
	}
	vm.trace[i].Result = result
}

// traceArgs shows what goes in. Callbacks name their parameters; of host functions the name says enough.
func (vm *VM) traceArgs(params []abi.Param, stack []uint64, named bool) string {
	var args []string
	for _, p := range params {
		text := vm.traceArg(p.Kind, stack)
		stack = stack[p.Kind.Words():]
		switch {
		case text == "":
		case named:
			args = append(args, p.Name+" "+text)
		default:
			args = append(args, text)
		}
	}
	return strings.Join(args, ", ")
}

func (vm *VM) traceArg(k abi.Kind, stack []uint64) string {
	v := uint32(stack[0])
	switch k {
	case abi.KindI32:
		return strconv.FormatUint(uint64(v), 10)
	case abi.KindSigned:
		return strconv.FormatInt(int64(int32(v)), 10)
	case abi.KindI64:
		return strconv.FormatInt(int64(stack[0]), 10)
	case abi.KindBool:
		return strconv.FormatBool(v != 0)
	case abi.KindLevel:
		return abi.LogLevel(v).String()
	case abi.KindMap:
		return abi.MapType(v).String()
	case abi.KindBuffer:
		return abi.BufferType(v).String()
	case abi.KindStream:
		return abi.StreamType(v).String()
	case abi.KindMetric:
		return abi.MetricType(v).String()
	case abi.KindBytes:
		return vm.traceRange(v, uint32(stack[1]), showBytes)
	case abi.KindPairs:
		return vm.traceRange(v, uint32(stack[1]), showPairs)
	case abi.KindPath:
		return vm.traceRange(v, uint32(stack[1]), showPath)
	}
	return ""
}

// traceOuts shows what came out, read from where the guest finds it.
func (vm *VM) traceOuts(params []abi.Param, stack []uint64) string {
	out := ""
	for _, p := range params {
		text := ""
		at := uint32(stack[0])
		switch p.Kind {
		case abi.KindOutBytes:
			text = vm.traceOut(at, uint32(stack[1]), showBytes)
		case abi.KindOutPairs:
			text = vm.traceOut(at, uint32(stack[1]), showPairs)
		case abi.KindOut32:
			if n, valid := vm.memory.ReadUint32Le(at); valid {
				text = strconv.FormatUint(uint64(n), 10)
			}
		case abi.KindOut64:
			if n, valid := vm.memory.ReadUint64Le(at); valid {
				text = strconv.FormatUint(n, 10)
			}
		}
		stack = stack[p.Kind.Words():]
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
