package host

// WASI preview 1 as Envoy offers it: a log, a clock, random bytes and environment variables, and a polite refusal for
// everything that would need files or sockets. The same functions go under two module names.
var wasiModules = [...]string{"wasi_snapshot_preview1", "wasi_unstable"}

func isWASIModule(name string) bool { return name == wasiModules[0] || name == wasiModules[1] }

// errno is what a WASI function returns.
type errno = uint32

const (
	errnoSuccess errno = 0
	errnoBadf    errno = 8
	errnoExist   errno = 20
	errnoFault   errno = 21
	errnoInval   errno = 28
	errnoNoent   errno = 44
	errnoNosys   errno = 52
	errnoNotsup  errno = 58
)

// wasiFunction is a WASI function and the sets from which on it links, and may be called by start functions and by an
// allocator.
type wasiFunction struct {
	function
	links      wasiSet
	atStart    wasiSet
	inAllocate wasiSet
}

// wasiFunctions are the functions that link in the profile's Envoy, with the phases in which it lets a module call
// them (proxy-wasm-cpp-host, wasm.cc startVm and wasm.h allocMemory).
func wasiFunctions(p Profile) []function {
	set := p.rules().wasi
	var offered []function
	for _, w := range wasiTable() {
		if w.links > set {
			continue
		}
		w.phases = whenRunning
		if w.atStart <= set {
			w.phases |= whenStarting
		}
		if w.inAllocate <= set {
			w.phases |= whenAllocating
		}
		if w.name == "poll_oneoff" && set < setC {
			w.call = wasiNosys
		}
		offered = append(offered, w.function)
	}
	return offered
}

// findWASI is the table's entry for a name, nil for a name that preview 1 does not have.
func findWASI(name string) *wasiFunction {
	for _, w := range wasiTable() {
		if w.name == name {
			return &w
		}
	}
	return nil
}

func wasiSuccess(*VM, []uint64) uint32 { return errnoSuccess }
func wasiBadf(*VM, []uint64) uint32    { return errnoBadf }
func wasiNoent(*VM, []uint64) uint32   { return errnoNoent }
func wasiNosys(*VM, []uint64) uint32   { return errnoNosys }
func wasiNotsup(*VM, []uint64) uint32  { return errnoNotsup }
