package load

import (
	"github.com/header-auth/header-auth/host/profile"
	"github.com/header-auth/header-auth/host/wasmfile"
)

// Options say by whose rules a module is loaded. The zero value is the current Envoy.
type Options struct {
	Profile     profile.Profile
	Allocator   AllocatorOrder
	MemoryPages uint32 // most pages (64 KiB each) of linear memory; 0: MaxMemoryPages
}

// MaxMemoryPages is V8's limit of a memory in Envoy, in pages of 64 KiB: 1 GiB.
const MaxMemoryPages = 16384

// Pages is the most pages that a memory may have, at most the 65536 that 32 bits can address.
func (o Options) Pages() uint32 {
	if o.MemoryPages == 0 {
		return MaxMemoryPages
	}
	return min(o.MemoryPages, 65536)
}

// AllocatorOrder says which export serves when the host needs memory inside the guest and both are there.
type AllocatorOrder uint8

const (
	EnvoyOrder AllocatorOrder = iota // malloc, else proxy_on_memory_allocate (proxy-wasm-cpp-host, src/wasm.cc)
	SpecOrder                        // proxy_on_memory_allocate, else malloc
)

func (a AllocatorOrder) String() string {
	if a == SpecOrder {
		return "spec"
	}
	return "envoy"
}

// Find is the export that the host calls for memory inside the guest, "" when the module has none.
func (a AllocatorOrder) Find(f *wasmfile.File) string {
	order := [...]string{"malloc", "proxy_on_memory_allocate"}
	if a == SpecOrder {
		order[0], order[1] = order[1], order[0]
	}
	for _, name := range order {
		if f.ExportsFunction(name) {
			return name
		}
	}
	return ""
}
