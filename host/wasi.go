package host

import (
	"io"
	"time"

	"github.com/header-auth/header-auth/host/abi"
	"github.com/header-auth/header-auth/host/wasi"
)

// wasiSystem is a VM as the functions of WASI see it.
type wasiSystem VM

var _ wasi.System = (*wasiSystem)(nil)

func (s *wasiSystem) Read(ptr, n uint32) ([]byte, bool)         { return (*VM)(s).read(ptr, n) }
func (s *wasiSystem) WritableView(ptr, n uint32) ([]byte, bool) { return (*VM)(s).writableView(ptr, n) }
func (s *wasiSystem) WriteU32(ptr, v uint32) bool               { return (*VM)(s).writeU32(ptr, v) }
func (s *wasiSystem) WriteU64(ptr uint32, v uint64) bool        { return (*VM)(s).writeU64(ptr, v) }
func (s *wasiSystem) Log(level abi.LogLevel, text []byte)       { (*VM)(s).logLine(level, text) }
func (s *wasiSystem) Wrote(text []byte)                         { (*VM)(s).keepOutput(text) }
func (s *wasiSystem) WallClock() uint64                         { return (*VM)(s).wallClock() }
func (s *wasiSystem) Monotonic() time.Duration                  { return (*VM)(s).monotonic() }
func (s *wasiSystem) Random() io.Reader                         { return s.random }
func (s *wasiSystem) Environment() []string                     { return s.environment }
