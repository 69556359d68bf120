package trace

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"strconv"
	"strings"

	"github.com/header-auth/header-auth/host/abi"
	"github.com/header-auth/header-auth/host/headermap"
)

// Memory is linear memory, as wazero's api.Memory has it.
type Memory interface {
	Read(offset, byteCount uint32) ([]byte, bool)
	ReadUint32Le(offset uint32) (uint32, bool)
	ReadUint64Le(offset uint32) (uint64, bool)
}

// What is shown of one value and of one map, in bytes.
const (
	maxValue = 256
	maxMap   = 4096
)

// Args shows the arguments. Those of callbacks are shown with their names.
func Args(m Memory, params []abi.Param, stack []uint64, named bool) string {
	var args []string
	for _, p := range params {
		text := arg(m, p.Kind, stack)
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

// arg shows one argument, as its kind says; "" for an out pointer.
func arg(m Memory, k abi.Kind, stack []uint64) string {
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
		return bytesAt(m, v, uint32(stack[1]), showBytes)
	case abi.KindPairs:
		return bytesAt(m, v, uint32(stack[1]), showPairs)
	case abi.KindPath:
		return bytesAt(m, v, uint32(stack[1]), showPath)
	}
	return ""
}

// Outs shows what a host function has given, read from linear memory as the guest reads it.
func Outs(m Memory, params []abi.Param, stack []uint64) string {
	text := ""
	for _, p := range params {
		value := ""
		at := uint32(stack[0])
		switch p.Kind {
		case abi.KindOutBytes:
			value = out(m, at, uint32(stack[1]), showBytes)
		case abi.KindOutPairs:
			value = out(m, at, uint32(stack[1]), showPairs)
		case abi.KindOut32:
			if n, valid := m.ReadUint32Le(at); valid {
				value = strconv.FormatUint(uint64(n), 10)
			}
		case abi.KindOut64:
			if n, valid := m.ReadUint64Le(at); valid {
				value = strconv.FormatUint(n, 10)
			}
		}
		stack = stack[p.Kind.Words():]
		if value != "" {
			text += " " + value
		}
	}
	return text
}

func out(m Memory, outPtr, outLen uint32, show func([]byte) string) string {
	ptr, ok1 := m.ReadUint32Le(outPtr)
	n, ok2 := m.ReadUint32Le(outLen)
	if !ok1 || !ok2 {
		return ""
	}
	return bytesAt(m, ptr, n, show)
}

func bytesAt(m Memory, ptr, n uint32, show func([]byte) string) string {
	if n == 0 {
		return `""`
	}
	b, valid := m.Read(ptr, n)
	if !valid {
		return fmt.Sprintf("[%d bytes at 0x%x, outside memory]", n, ptr)
	}
	return show(b)
}

// Text is a value as it is shown: quoted, and cut with its length and digest when it is long.
func Text(b []byte) string { return showBytes(b) }

func showBytes(b []byte) string {
	if len(b) > maxValue {
		return strconv.Quote(string(b[:maxValue])) + fmt.Sprintf("… (%d bytes, %s)", len(b), digest(b))
	}
	return strconv.Quote(string(b))
}

// digest tells two values apart that are shown only in part.
func digest(b []byte) string { return fmt.Sprintf("sha256 %.6x", sha256.Sum256(b)) }

// showPath shows a property's path with dots.
func showPath(b []byte) string {
	if len(b) > maxValue {
		return showBytes(b)
	}
	return showBytes(bytes.ReplaceAll(bytes.TrimSuffix(b, []byte{0}), []byte{0}, []byte{'.'}))
}

func showPairs(b []byte) string {
	if len(b) == 0 || string(b) == "\x00\x00\x00\x00" { // the number of pairs
		return "{}"
	}
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
		if out.Len() > maxMap {
			fmt.Fprintf(&out, "… (%d pairs, %s)", len(pairs), digest(b))
			break
		}
		out.WriteString(showBytes(p.Name) + ": " + showBytes(p.Value))
	}
	out.WriteByte('}')
	return out.String()
}
