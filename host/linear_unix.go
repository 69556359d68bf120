//go:build unix

package host

import (
	"github.com/tetratelabs/wazero/experimental"
	"golang.org/x/sys/unix"
)

// linearMemory is reserved once at its full size and filled by the kernel as pages are touched, like V8's: growing
// copies nothing and no garbage collector sees it. It is unmapped when the VM is closed, not when wazero lets go of
// it, because a host function may still be running then.
type linearMemory struct {
	reserved []byte
	fallback []byte // when the reservation failed
}

// Allocate is called by wazero with sizes in bytes, once for each memory.
func (m *linearMemory) Allocate(_, most uint64) experimental.LinearMemory {
	if most == 0 || m.reserved != nil {
		return &linearMemory{}
	}
	b, err := unix.Mmap(-1, 0, int(most), unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_ANON|unix.MAP_NORESERVE)
	if err == nil {
		m.reserved = b
	}
	return m
}

func (m *linearMemory) Reallocate(size uint64) []byte {
	if size <= uint64(len(m.reserved)) {
		return m.reserved[:size]
	}
	if size > uint64(len(m.fallback)) {
		m.fallback = append(m.fallback, make([]byte, size-uint64(len(m.fallback)))...)
	}
	return m.fallback[:size]
}

func (m *linearMemory) Free() {}

// release gives the memory back. Nothing may touch it any more.
func (m *linearMemory) release() {
	if m.reserved != nil {
		_ = unix.Munmap(m.reserved)
	}
	m.reserved, m.fallback = nil, nil
}
