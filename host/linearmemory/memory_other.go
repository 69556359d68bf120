//go:build !unix

package linearmemory

import "github.com/tetratelabs/wazero/experimental"

// Memory is an ordinary slice on other systems: growing it copies.
type Memory struct{ bytes []byte }

func (m *Memory) Allocate(_, _ uint64) experimental.LinearMemory { return m }

func (m *Memory) Reallocate(size uint64) []byte {
	if size > uint64(len(m.bytes)) {
		m.bytes = append(m.bytes, make([]byte, size-uint64(len(m.bytes)))...)
	}
	return m.bytes[:size]
}

func (m *Memory) Free() {}

func (m *Memory) Release() { m.bytes = nil }
