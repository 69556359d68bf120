package host

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"

	"github.com/header-auth/header-auth/host/abi"
	"github.com/header-auth/header-auth/host/headermap"
)

// traceArgs shows the arguments. Those of callbacks are shown with their names.
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

// traceArg shows one argument, as its kind says; "" for an out pointer.
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

// traceOuts shows what a host function has given, read from linear memory as the guest reads it.
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
	b, valid := vm.memory.Read(ptr, n) // not vm.read, which counts as traffic
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
