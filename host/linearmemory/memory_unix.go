//go:build unix

package linearmemory

import (
	"github.com/tetratelabs/wazero/experimental"
	"golang.org/x/sys/unix"
)

// Memory is address space reserved at its full size; the kernel adds a page when it is first touched, as V8 has
// it. Growing copies nothing, and the garbage collector does not see it. It is unmapped when the VM is closed, not when
// wazero frees it, because a host function may still be running then.
type Memory struct {
	Bytes    []byte // all there is now
	reserved []byte
	fallback []byte // when the reservation failed
}

// Allocate is called by wazero with sizes in bytes, once for each memory.
func (m *Memory) Allocate(_, most uint64) experimental.LinearMemory {
	if most == 0 || m.reserved != nil {
		return &Memory{}
	}
	const flags = unix.MAP_PRIVATE | unix.MAP_ANON | unix.MAP_NORESERVE
	b, err := unix.Mmap(-1, 0, int(most), unix.PROT_READ|unix.PROT_WRITE, flags)
	if err == nil {
		m.reserved = b
	}
	return m
}

func (m *Memory) Reallocate(size uint64) []byte {
	all := m.reserved
	if size > uint64(len(all)) {
		if size > uint64(len(m.fallback)) {
			m.fallback = append(m.fallback, make([]byte, size-uint64(len(m.fallback)))...)
		}
		all = m.fallback
	}
	m.Bytes = all[:size]
	return m.Bytes
}

func (m *Memory) Free() {}

// Release gives the memory back to the kernel. It must not be used any more.
func (m *Memory) Release() {
	if m.reserved != nil {
		_ = unix.Munmap(m.reserved)
	}
	m.Bytes, m.reserved, m.fallback = nil, nil, nil
}
