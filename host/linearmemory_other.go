//go:build !unix

package host

import "github.com/tetratelabs/wazero/experimental"

// linearMemory is an ordinary slice on other systems: growing it copies.
type linearMemory struct{ bytes []byte }

func (m *linearMemory) Allocate(_, _ uint64) experimental.LinearMemory { return m }

func (m *linearMemory) Reallocate(size uint64) []byte {
	if size > uint64(len(m.bytes)) {
		m.bytes = append(m.bytes, make([]byte, size-uint64(len(m.bytes)))...)
	}
	return m.bytes[:size]
}

func (m *linearMemory) Free() {}

func (m *linearMemory) release() { m.bytes = nil }
