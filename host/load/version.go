package load

import (
	"github.com/header-auth/header-auth/host/abi"
	"github.com/header-auth/header-auth/host/wasmfile"
)

// Version is the version of the ABI that a module is written for, 0 when it does not say so. The first marker among the
// exports counts.
func Version(f *wasmfile.File) abi.Version {
	for _, e := range f.Exports {
		for v := abi.V010; v <= abi.V021; v++ {
			if e.Kind == wasmfile.KindFunction && e.Name == v.Marker() {
				return v
			}
		}
	}
	return 0
}
