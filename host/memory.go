package host

import (
	"encoding/binary"
	"math"

	"github.com/header-auth/header-auth/host/abi"
	"github.com/header-auth/header-auth/host/headermap"
)

// read is a view of n bytes of linear memory at ptr, good until the guest runs again. An empty range must lie inside
// memory too, as Envoy has it.
func (vm *VM) read(ptr, n uint32) ([]byte, bool) {
	b, ok := vm.memory.Read(ptr, n)
	if ok && vm.config.Trace {
		vm.traffic.BytesToHost += len(b)
	}
	return b, ok
}

// room is the same view for somebody who fills it.
func (vm *VM) room(ptr, n uint32) ([]byte, bool) {
	b, ok := vm.memory.Read(ptr, n)
	if ok && vm.config.Trace {
		vm.traffic.BytesToGuest += len(b)
	}
	return b, ok
}

func (vm *VM) writeU32(ptr, v uint32) bool {
	ok := vm.memory.WriteUint32Le(ptr, v)
	if ok && vm.config.Trace {
		vm.traffic.BytesToGuest += 4
	}
	return ok
}

func (vm *VM) writeU64(ptr uint32, v uint64) bool {
	ok := vm.memory.WriteUint64Le(ptr, v)
	if ok && vm.config.Trace {
		vm.traffic.BytesToGuest += 8
	}
	return ok
}

// alloc gets n bytes (not 0) from the guest's allocator and returns a view of them. It fails when the allocator traps,
// which also kills the VM, or gives 0 or something outside memory.
func (vm *VM) alloc(n uint32) (uint32, []byte, bool) {
	if n == 0 || vm.failure != nil {
		return 0, nil, false
	}
	ptr, ok := vm.callAllocator(n)
	if !ok || ptr == 0 {
		return 0, nil, false
	}
	view, ok := vm.room(ptr, n)
	return ptr, view, ok
}

// give hands bytes to the guest: a block of its own, address and length in the two out words. Nothing is allocated for
// nothing: both words become 0 then.
func (vm *VM) give(b []byte, outPtr, outLen uint32) abi.Status {
	if uint64(len(b)) > math.MaxUint32 {
		return abi.StatusInvalidMemoryAccess
	}
	var ptr uint32
	if len(b) > 0 {
		p, view, ok := vm.alloc(uint32(len(b)))
		if !ok {
			return abi.StatusInvalidMemoryAccess
		}
		copy(view, b)
		ptr = p
	}
	return vm.giveRange(ptr, uint32(len(b)), outPtr, outLen)
}

// giveString is give for strings.
func (vm *VM) giveString(s string, outPtr, outLen uint32) abi.Status {
	var ptr uint32
	if len(s) > 0 {
		p, view, ok := vm.alloc(uint32(len(s)))
		if !ok {
			return abi.StatusInvalidMemoryAccess
		}
		copy(view, s)
		ptr = p
	}
	return vm.giveRange(ptr, uint32(len(s)), outPtr, outLen)
}

func (vm *VM) giveRange(ptr, n, outPtr, outLen uint32) abi.Status {
	if !vm.writeU32(outPtr, ptr) || !vm.writeU32(outLen, n) {
		return abi.StatusInvalidMemoryAccess
	}
	return abi.StatusOk
}

// givePairs hands a serialized header map to the guest; an empty one is address 0 and length 0.
func (vm *VM) givePairs(headers []Header, outPtr, outLen uint32) abi.Status {
	n := headermap.PairsSize(headers)
	if n > math.MaxInt32 {
		return abi.StatusInvalidMemoryAccess
	}
	var ptr uint32
	if n > 0 {
		p, view, ok := vm.alloc(uint32(n))
		if !ok {
			return abi.StatusInvalidMemoryAccess
		}
		headermap.PutPairs(view, headers)
		ptr = p
	}
	return vm.giveRange(ptr, uint32(n), outPtr, outLen)
}

func le32(b []byte) uint32 { return binary.LittleEndian.Uint32(b) }
