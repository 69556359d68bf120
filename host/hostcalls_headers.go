package host

import (
	"unsafe"

	"github.com/header-auth/header-auth/host/abi"
	"github.com/header-auth/header-auth/host/headermap"
)

// readable is the map of that type as the acting context may read it now, nil if it isn't there.
func (vm *VM) readable(t abi.MapType) *headermap.Map {
	scope := vm.acting()
	if t > abi.ResponseTrailers {
		return scope.plugin.received(t)
	}
	s := scope.stream
	if s == nil {
		return nil
	}
	if s.logging {
		switch {
		case t == abi.RequestHeaders && s.request.hasHeaders:
			return &s.request.headers
		case t == abi.ResponseHeaders && s.response.hasHeaders:
			return &s.response.headers
		case t == abi.ResponseTrailers && s.response.hasTrailers:
			return &s.response.trailers
		}
		return nil
	}
	return s.mapped(t)
}

// mapped is a map of the stream between the callback it belongs to and the end of its phase.
func (s *Stream) mapped(t abi.MapType) *headermap.Map {
	d := &s.request
	if t == abi.ResponseHeaders || t == abi.ResponseTrailers {
		d = &s.response
	}
	switch {
	case (t == abi.RequestHeaders || t == abi.ResponseHeaders) && d.headersMapped:
		return &d.headers
	case (t == abi.RequestTrailers || t == abi.ResponseTrailers) && d.trailersMapped:
		return &d.trailers
	}
	return nil
}

// writable is the map of that type for a change, nil when it cannot be changed now. Asking for the trailers at the end
// of a body makes them.
func (vm *VM) writable(t abi.MapType) *headermap.Map {
	s := vm.acting().stream
	if s == nil || s.logging || t > abi.ResponseTrailers {
		return nil
	}
	d := &s.request
	if t == abi.ResponseTrailers {
		d = &s.response
	}
	if (t == abi.RequestTrailers || t == abi.ResponseTrailers) && d.addTrailers && !d.hasTrailers {
		d.hasTrailers, d.trailersMapped = true, true
	}
	return s.mapped(t)
}

// change is writable for a function that will change the map.
func (vm *VM) change(t abi.MapType) *headermap.Map {
	m := vm.writable(t)
	if m == nil {
		return nil
	}
	s := vm.acting().stream
	switch t {
	case abi.RequestHeaders:
		if !s.request.headersChanged {
			_, s.hadProto = m.Get("x-forwarded-proto")
		}
		s.request.headersChanged = true
	case abi.ResponseHeaders:
		s.response.headersChanged = true
	}
	return m
}

func proxyGetHeaderMapValue(vm *VM, stack []uint64) uint32 {
	t := abi.MapType(stack[0])
	if !t.Valid() {
		return badArgument
	}
	name, valid := input(vm, stack[1:])
	if !valid {
		return invalidMemoryAccess
	}
	m := vm.readable(t)
	if m == nil {
		return vm.noValue(badArgument, stack)
	}
	value, found := m.Get(unsafe.String(unsafe.SliceData(name), len(name)))
	if !found {
		return vm.noValue(notFound, stack)
	}
	return uint32(vm.giveString(value, uint32(stack[3]), uint32(stack[4])))
}

// noValue is how a missing value is told: ABI 0.1.0 makes an empty one of it.
func (vm *VM) noValue(status uint32, stack []uint64) uint32 {
	if vm.module.abi == abi.V010 {
		return uint32(vm.giveRange(0, 0, uint32(stack[3]), uint32(stack[4])))
	}
	if s := vm.acting().stream; s != nil && s.logging {
		return notFound
	}
	return status
}

func proxyAddHeaderMapValue(vm *VM, stack []uint64) uint32 {
	m, name, value, status := vm.headerToChange(stack)
	if status == ok {
		m.AddCopy(name, value)
	}
	return status
}

func proxyReplaceHeaderMapValue(vm *VM, stack []uint64) uint32 {
	m, name, value, status := vm.headerToChange(stack)
	if status == ok {
		m.ReplaceCopy(name, value)
	}
	return status
}

// headerToChange reads map type, name and value.
func (vm *VM) headerToChange(stack []uint64) (m *headermap.Map, name, value []byte, status uint32) {
	t := abi.MapType(stack[0])
	if !t.Valid() {
		return nil, nil, nil, badArgument
	}
	name, valid := input(vm, stack[1:])
	if !valid {
		return nil, nil, nil, invalidMemoryAccess
	}
	if value, valid = input(vm, stack[3:]); !valid {
		return nil, nil, nil, invalidMemoryAccess
	}
	if m = vm.change(t); m == nil {
		return nil, nil, nil, badArgument
	}
	vm.charge(len(name) + len(value))
	return m, name, value, ok
}

func proxyRemoveHeaderMapValue(vm *VM, stack []uint64) uint32 {
	t := abi.MapType(stack[0])
	if !t.Valid() {
		return badArgument
	}
	name, valid := input(vm, stack[1:])
	if !valid {
		return invalidMemoryAccess
	}
	m := vm.change(t)
	if m == nil {
		return badArgument
	}
	m.Remove(unsafe.String(unsafe.SliceData(name), len(name)))
	return ok
}

func proxyGetHeaderMapPairs(vm *VM, stack []uint64) uint32 {
	t := abi.MapType(stack[0])
	if !t.Valid() {
		return badArgument
	}
	var entries []Header
	if m := vm.readable(t); m != nil {
		entries = m.Entries
	}
	return uint32(vm.givePairs(entries, uint32(stack[1]), uint32(stack[2])))
}

func proxySetHeaderMapPairs(vm *VM, stack []uint64) uint32 {
	t := abi.MapType(stack[0])
	if !t.Valid() {
		return badArgument
	}
	b, valid := input(vm, stack[1:])
	if !valid {
		return invalidMemoryAccess
	}
	m := vm.change(t)
	if m == nil {
		return badArgument
	}
	vm.pairs = headermap.ParsePairs(vm.pairs, b)
	vm.charge(len(b))
	m.Clear()
	m.AddPairs(vm.pairs)
	return ok
}

func proxyGetHeaderMapSize(vm *VM, stack []uint64) uint32 {
	t := abi.MapType(stack[0])
	if !t.Valid() {
		return badArgument
	}
	m := vm.writable(t)
	if m == nil {
		return badArgument
	}
	if !vm.writeU32(uint32(stack[1]), uint32(m.Size())) {
		return invalidMemoryAccess
	}
	return ok
}
