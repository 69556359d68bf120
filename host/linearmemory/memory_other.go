//go:build !unix

package linearmemory

import "github.com/tetratelabs/wazero/experimental"

// Memory is an ordinary slice on other systems: growing it copies.
type Memory struct {
	Bytes    []byte // all there is now
	reserved []byte
}

func (m *Memory) Allocate(_, _ uint64) experimental.LinearMemory { return m }

func (m *Memory) Reallocate(size uint64) []byte {
	if size > uint64(len(m.reserved)) {
		m.reserved = append(m.reserved, make([]byte, size-uint64(len(m.reserved)))...)
	}
	m.Bytes = m.reserved[:size]
	return m.Bytes
}

func (m *Memory) Free() {}

func (m *Memory) Release() { m.Bytes, m.reserved = nil, nil }
