package host

import (
	"encoding/binary"
	"math"
	"unsafe"

	"github.com/header-auth/header-auth/host/abi"
	"github.com/header-auth/header-auth/host/headermap"
)

// read is a view of n bytes of linear memory at ptr, good until the guest runs again. An empty range must lie inside
// memory too, as Envoy has it.
func (vm *VM) read(ptr, n uint32) ([]byte, bool) {
	b, ok := vm.view(ptr, n)
	if ok && vm.config.Trace {
		vm.traffic.BytesToHost += len(b)
	}
	return b, ok
}

// writableView is a view like that of read, for a host function that fills it.
func (vm *VM) writableView(ptr, n uint32) ([]byte, bool) {
	b, ok := vm.view(ptr, n)
	if ok && vm.config.Trace {
		vm.traffic.BytesToGuest += len(b)
	}
	return b, ok
}

// view is read without a count. It takes the memory from its allocator: asking wazero costs as much as a small copy.
func (vm *VM) view(ptr, n uint32) ([]byte, bool) {
	all, end := vm.linear.Bytes, uint64(ptr)+uint64(n)
	if end > uint64(len(all)) {
		return nil, false
	}
	return all[ptr:end:end], true
}

func (vm *VM) writeU32(ptr, v uint32) bool {
	b, ok := vm.writableView(ptr, 4)
	if ok {
		binary.LittleEndian.PutUint32(b, v)
	}
	return ok
}

func (vm *VM) writeU64(ptr uint32, v uint64) bool {
	b, ok := vm.writableView(ptr, 8)
	if ok {
		binary.LittleEndian.PutUint64(b, v)
	}
	return ok
}

// allocate gets n bytes (not 0) from the guest's allocator and returns their address and a view of them. It fails when
// the allocator traps, which also ends the VM, or gives 0 or an address outside memory.
func (vm *VM) allocate(n uint32) (uint32, []byte, bool) {
	if n == 0 || vm.failure != nil {
		return 0, nil, false
	}
	ptr, ok := vm.callAllocator(n)
	if !ok || ptr == 0 {
		return 0, nil, false
	}
	view, ok := vm.writableView(ptr, n)
	return ptr, view, ok
}

// copyToGuest copies b into a new block of the guest and writes its address and length into the two out words. For no
// bytes the allocator is not called and both words become 0 (proxy-wasm-cpp-host, include/proxy-wasm/wasm.h,
// WasmBase::copyToPointerSize).
func (vm *VM) copyToGuest(b []byte, outPtr, outLen uint32) abi.Status {
	if uint64(len(b)) > math.MaxUint32 {
		return abi.StatusInvalidMemoryAccess
	}
	var ptr uint32
	if len(b) > 0 {
		p, view, ok := vm.allocate(uint32(len(b)))
		if !ok {
			return abi.StatusInvalidMemoryAccess
		}
		copy(view, b)
		ptr = p
	}
	return vm.writeRange(ptr, uint32(len(b)), outPtr, outLen)
}

// copyStringToGuest is copyToGuest for strings.
func (vm *VM) copyStringToGuest(s string, outPtr, outLen uint32) abi.Status {
	return vm.copyToGuest(unsafe.Slice(unsafe.StringData(s), len(s)), outPtr, outLen)
}

// writeRange writes an address and a length into the two out words.
func (vm *VM) writeRange(ptr, n, outPtr, outLen uint32) abi.Status {
	if outPtr+4 == outLen && vm.writeU64(outPtr, uint64(n)<<32|uint64(ptr)) {
		return abi.StatusOk // both at once
	}
	if !vm.writeU32(outPtr, ptr) || !vm.writeU32(outLen, n) {
		return abi.StatusInvalidMemoryAccess
	}
	return abi.StatusOk
}

// copyPairsToGuest is copyToGuest for a header map in its serialized form; an empty one is address 0 and length 0.
func (vm *VM) copyPairsToGuest(headers []Header, outPtr, outLen uint32) abi.Status {
	n := headermap.PairsSize(headers)
	if n > math.MaxInt32 {
		return abi.StatusInvalidMemoryAccess
	}
	var ptr uint32
	if n > 0 {
		p, view, ok := vm.allocate(uint32(n))
		if !ok {
			return abi.StatusInvalidMemoryAccess
		}
		headermap.PutPairs(view, headers)
		ptr = p
	}
	return vm.writeRange(ptr, uint32(n), outPtr, outLen)
}
