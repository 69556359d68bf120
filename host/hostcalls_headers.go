package host

import (
	"unsafe"

	"github.com/header-auth/header-auth/host/abi"
	"github.com/header-auth/header-auth/host/headermap"
)

// readableMap is the map of that type as the acting context may read it now, nil when it cannot (Envoy
// source/extensions/common/wasm/context.cc, Context::getConstMap).
func (vm *VM) readableMap(t abi.MapType) *headermap.Map {
	acting := vm.actingContext()
	if t > abi.ResponseTrailers {
		return acting.plugin.receivedMap(t)
	}
	s := acting.stream
	if s == nil {
		return nil
	}
	if s.inLog {
		d := s.furthest(t == abi.ResponseHeaders || t == abi.ResponseTrailers)
		switch {
		case (t == abi.RequestHeaders || t == abi.ResponseHeaders) && d.hasHeaders:
			return &d.headers
		case t == abi.ResponseTrailers && d.hasTrailers:
			return &d.trailers
		}
		return nil
	}
	return s.mappedHeaders(t)
}

// mappedHeaders is a map of the stream from the callback it belongs to until that callback, or proxy_continue_stream,
// lets the message go on; else nil.
func (s *Stream) mappedHeaders(t abi.MapType) *headermap.Map {
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

// writableMap is the map of that type when it can be changed now, else nil (Envoy, Context::getMap). Trailers that are
// not there are made when they are asked for while the plugin has a body, and the last of the message, or of the other
// direction's, has come.
func (vm *VM) writableMap(t abi.MapType) *headermap.Map {
	s := vm.actingContext().stream
	if s == nil || t > abi.ResponseTrailers {
		return nil
	}
	d := &s.request
	if t == abi.ResponseTrailers {
		d = &s.response
	}
	if (t == abi.RequestTrailers || t == abi.ResponseTrailers) && !d.trailersMapped && d.body != nil && s.endOfStream {
		d.trailers.Reset(d.trailers.Kind())
		d.hasTrailers, d.trailersMapped = true, true
	}
	return s.mappedHeaders(t)
}

// mapToChange is writableMap for a function that will change the map: it notes that the router has to check the
// headers.
func (vm *VM) mapToChange(t abi.MapType) *headermap.Map {
	m := vm.writableMap(t)
	if m == nil {
		return nil
	}
	s := vm.actingContext().stream
	switch t {
	case abi.RequestHeaders:
		if !s.request.headersChanged {
			_, s.hadForwardedProto = m.Get("x-forwarded-proto")
			_, s.hadScheme = m.Get(":scheme")
		}
		s.request.headersChanged = true
		s.request.out.keepHeaders()
	case abi.RequestTrailers:
		s.request.out.keepTrailers()
	case abi.ResponseHeaders:
		s.response.headersChanged = true
		s.response.out.keepHeaders()
	case abi.ResponseTrailers:
		s.response.out.keepTrailers()
	}
	return m
}

// proxyGetHeaderMapValue is proxy_get_header_map_value(map, name, value): the first value of the name, in any case,
// goes into a new block of the guest, its address and length to value (two u32; 0 and 0 for an empty one). BadArgument
// for a map that does not exist or cannot be read now (in proxy_on_log: NotFound); NotFound for a name that is not
// there (ABI 0.1.0: Ok and an empty value in place of NotFound); InvalidMemoryAccess when a range or an out word is
// outside memory, or when the allocator gives none.
// Source: Envoy source/extensions/common/wasm/context.cc, Context::getHeaderMapValue and getConstMap.
func proxyGetHeaderMapValue(vm *VM, stack []uint64) uint32 {
	t := abi.MapType(stack[0])
	if !t.Valid() {
		return badArgument
	}
	name, valid := readRange(vm, stack[1:])
	if !valid {
		return invalidMemoryAccess
	}
	m := vm.readableMap(t)
	if m == nil {
		return vm.missingValue(badArgument, stack)
	}
	value, found := m.Get(unsafe.String(unsafe.SliceData(name), len(name)))
	if !found {
		return vm.missingValue(notFound, stack)
	}
	return uint32(vm.copyStringToGuest(value, uint32(stack[3]), uint32(stack[4])))
}

// missingValue is the answer for a value that is not there, with the status that it has outside proxy_on_log; there
// that is NotFound, for a missing map too. In ABI 0.1.0 an empty value stands in place of NotFound.
func (vm *VM) missingValue(status uint32, stack []uint64) uint32 {
	if s := vm.actingContext().stream; s != nil && s.inLog {
		status = notFound
	}
	if status == notFound && vm.module.abi == abi.V010 {
		return uint32(vm.writeRange(0, 0, uint32(stack[3]), uint32(stack[4])))
	}
	return status
}

// proxyAddHeaderMapValue is proxy_add_header_map_value(map, name, value): adds an entry, in lower case and last in the
// map; a second value of a name that Envoy keeps once is joined with a comma. BadArgument for a map that does not
// exist or cannot be changed now; InvalidMemoryAccess when name or value is outside memory.
// Source: Envoy source/extensions/common/wasm/context.cc, Context::addHeaderMapValue and getMap;
// source/common/http/header_map_impl.cc, HeaderMapImpl::addCopy.
func proxyAddHeaderMapValue(vm *VM, stack []uint64) uint32 {
	m, name, value, status := vm.headerToChange(stack)
	if status == ok {
		m.AddCopy(name, value)
	}
	return status
}

// proxyReplaceHeaderMapValue is proxy_replace_header_map_value(map, name, value): all entries of the name go, and one
// with the value is added last. A name that is not there is added. Statuses as of proxyAddHeaderMapValue.
// Source: Envoy source/extensions/common/wasm/context.cc, Context::replaceHeaderMapValue;
// source/common/http/header_map_impl.cc, HeaderMapImpl::setCopy.
func proxyReplaceHeaderMapValue(vm *VM, stack []uint64) uint32 {
	m, name, value, status := vm.headerToChange(stack)
	if status == ok {
		m.ReplaceCopy(name, value)
	}
	return status
}

// headerToChange reads the type of a map, a name and a value.
func (vm *VM) headerToChange(stack []uint64) (m *headermap.Map, name, value []byte, status uint32) {
	t := abi.MapType(stack[0])
	if !t.Valid() {
		return nil, nil, nil, badArgument
	}
	name, valid := readRange(vm, stack[1:])
	if !valid {
		return nil, nil, nil, invalidMemoryAccess
	}
	if value, valid = readRange(vm, stack[3:]); !valid {
		return nil, nil, nil, invalidMemoryAccess
	}
	if m = vm.mapToChange(t); m == nil {
		return nil, nil, nil, badArgument
	}
	vm.chargeBytes(len(name) + len(value))
	return m, name, value, ok
}

// proxyRemoveHeaderMapValue is proxy_remove_header_map_value(map, name): all entries of the name go. Ok also when
// there is none; BadArgument for a map that does not exist or cannot be changed now; InvalidMemoryAccess when name is
// outside memory.
// Source: Envoy source/extensions/common/wasm/context.cc, Context::removeHeaderMapValue.
func proxyRemoveHeaderMapValue(vm *VM, stack []uint64) uint32 {
	m, name, status := readMapAndRange(vm, stack)
	if m == nil {
		return status
	}
	m.Remove(unsafe.String(unsafe.SliceData(name), len(name)))
	return ok
}

// readMapAndRange reads the arguments of a function that changes a map (map, range). Without a map status says why.
func readMapAndRange(vm *VM, stack []uint64) (m *headermap.Map, b []byte, status uint32) {
	t := abi.MapType(stack[0])
	if !t.Valid() {
		return nil, nil, badArgument
	}
	b, valid := readRange(vm, stack[1:])
	if !valid {
		return nil, nil, invalidMemoryAccess
	}
	if m = vm.mapToChange(t); m == nil {
		return nil, nil, badArgument
	}
	return m, b, ok
}

// proxyGetHeaderMapPairs is proxy_get_header_map_pairs(map, pairs): the whole map, serialized (headermap.ParsePairs
// has the form), goes into a new block of the guest, its address and length to pairs (two u32). 0, 0 and Ok for an
// empty map and for one that cannot be read now; BadArgument for a map that does not exist; InvalidMemoryAccess when
// an out word is outside memory or the allocator gives none.
// Source: Envoy source/extensions/common/wasm/context.cc, Context::getHeaderMapPairs; proxy-wasm-cpp-host
// src/exports.cc, get_header_map_pairs.
func proxyGetHeaderMapPairs(vm *VM, stack []uint64) uint32 {
	t := abi.MapType(stack[0])
	if !t.Valid() {
		return badArgument
	}
	var entries []Header
	if m := vm.readableMap(t); m != nil {
		entries = m.Entries
	}
	return uint32(vm.copyPairsToGuest(entries, uint32(stack[1]), uint32(stack[2])))
}

// proxySetHeaderMapPairs is proxy_set_header_map_pairs(map, pairs): the map is emptied and filled with the pairs; a
// serialized map that is damaged has none. BadArgument for a map that does not exist or cannot be changed now;
// InvalidMemoryAccess when pairs is outside memory.
// Source: Envoy source/extensions/common/wasm/context.cc, Context::setHeaderMapPairs; proxy-wasm-cpp-host
// src/pairs_util.cc, PairsUtil::toPairs.
func proxySetHeaderMapPairs(vm *VM, stack []uint64) uint32 {
	m, b, status := readMapAndRange(vm, stack)
	if m == nil {
		return status
	}
	vm.pairs = headermap.ParsePairs(vm.pairs, b)
	vm.chargeBytes(len(b))
	m.Clear()
	m.AddPairs(vm.pairs)
	return ok
}

// proxyGetHeaderMapSize is proxy_get_header_map_size(map, size): the bytes of all names and values go to size (u32).
// BadArgument for a map that does not exist or cannot be changed now, though nothing is changed; InvalidMemoryAccess
// when size is outside memory.
// Source: Envoy source/extensions/common/wasm/context.cc, Context::getHeaderMapSize.
func proxyGetHeaderMapSize(vm *VM, stack []uint64) uint32 {
	t := abi.MapType(stack[0])
	if !t.Valid() {
		return badArgument
	}
	m := vm.writableMap(t)
	if m == nil {
		return badArgument
	}
	if !vm.writeU32(uint32(stack[1]), uint32(m.Size())) {
		return invalidMemoryAccess
	}
	return ok
}
