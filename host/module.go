package host

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
	"github.com/tetratelabs/wazero/experimental"

	"github.com/header-auth/header-auth/host/wasmfile"
)

// AllocatorOrder says which export serves when the host needs memory inside the guest and both are there.
type AllocatorOrder uint8

const (
	EnvoyOrder AllocatorOrder = iota // malloc, else proxy_on_memory_allocate
	SpecOrder                        // proxy_on_memory_allocate, else malloc
)

func (a AllocatorOrder) String() string { return nameOf(uint32(a), "envoy", "spec") }

// Options say how a module is compiled and run. The zero value is the current Envoy.
type Options struct {
	Profile     Profile        // whose rules; zero: the current Envoy
	Interpreter bool           // wazero's interpreter instead of its compiler
	Allocator   AllocatorOrder // which of two allocators is called
	Deadline    time.Duration  // for each call into the guest; 0: none, as in Envoy. A call costs about 0.4 µs more with one
	MemoryPages uint32         // most pages (64 KiB each) of linear memory; 0: 16384, Envoy's 1 GiB
	CacheDir    string         // folder for compiled code; "": kept in memory only
}

// memoryPages is V8's limit in Envoy.
const memoryPages = 16384

func (o Options) pages() uint32 {
	if o.MemoryPages == 0 {
		return memoryPages
	}
	return min(o.MemoryPages, 65536)
}

// Fault is one reason why Envoy would not load a module, and what its author can do about it.
type Fault struct{ What, Cure string }

// LoadError says why a module cannot be loaded. There is at least one fault.
type LoadError struct{ Faults []Fault }

func (e *LoadError) Error() string {
	var b strings.Builder
	b.WriteString("load module: ")
	for i, f := range e.Faults {
		if i > 0 {
			b.WriteString("; ")
		}
		b.WriteString(f.What)
		if f.Cure != "" {
			b.WriteString(" (" + f.Cure + ")")
		}
	}
	return b.String()
}

// Module is a compiled module from which any number of VMs can be made, also from several goroutines at once.
type Module struct {
	file     *wasmfile.File
	options  Options
	abi      ABI
	runtime  wazero.Runtime
	cache    wazero.CompilationCache
	compiled wazero.CompiledModule

	readsProperties bool // imports proxy_get_property
}

// features is what V8 understands in Envoy, as far as wazero has it.
const features = api.CoreFeaturesV2 | experimental.CoreFeaturesTailCall | experimental.CoreFeaturesExtendedConst

// Compile checks a module as Envoy does when it loads it, and compiles it. The error is a *LoadError when Envoy would
// refuse the module too.
func Compile(ctx context.Context, wasm []byte, o Options) (*Module, error) {
	file, err := wasmfile.Parse(wasm)
	if err != nil {
		return nil, &LoadError{[]Fault{{What: err.Error()}}}
	}
	if faults := preflight(file, o); len(faults) > 0 {
		return nil, &LoadError{faults}
	}
	m := &Module{file: file, options: o, abi: abiOf(file)}
	m.readsProperties = m.imports("env", "proxy_get_property")
	if err := m.compile(ctx, wasm); err != nil {
		_ = m.Close(ctx)
		return nil, err
	}
	return m, nil
}

// cacheMutex: wazero 1.12 finds out its own version, which names the folder, at the first call and without a lock.
var cacheMutex sync.Mutex

func openCache(dir string) (wazero.CompilationCache, error) {
	cacheMutex.Lock()
	defer cacheMutex.Unlock()
	return wazero.NewCompilationCacheWithDir(dir)
}

func (m *Module) compile(ctx context.Context, wasm []byte) error {
	config := wazero.NewRuntimeConfigCompiler()
	if m.options.Interpreter {
		config = wazero.NewRuntimeConfigInterpreter()
	}
	config = config.WithCoreFeatures(features).
		WithMemoryLimitPages(m.options.pages()).
		WithCloseOnContextDone(m.options.Deadline > 0).
		WithDebugInfoEnabled(false)
	if m.options.CacheDir != "" {
		cache, err := openCache(m.options.CacheDir)
		if err != nil {
			return fmt.Errorf("open cache of compiled code: %w", err)
		}
		m.cache = cache
		config = config.WithCompilationCache(cache)
	}
	m.runtime = wazero.NewRuntimeWithConfig(ctx, config)
	if err := m.link(ctx); err != nil {
		return err
	}
	wasm, err := boundTables(wasm, m.file)
	if err != nil {
		return err
	}
	compiled, err := m.runtime.CompileModule(ctx, wasm)
	if err != nil {
		return &LoadError{[]Fault{{What: "not a valid module: " + err.Error()}}}
	}
	m.compiled = compiled
	return nil
}

// abiOf finds the ABI version: the first marker among the exports counts.
func abiOf(file *wasmfile.File) ABI {
	for _, e := range file.Exports {
		for a := ABI010; a <= ABI021; a++ {
			if e.Kind == wasmfile.KindFunction && e.Name == a.Marker() {
				return a
			}
		}
	}
	return 0
}

// File is the structure of the module.
func (m *Module) File() *wasmfile.File { return m.file }

// ABI is the version of the Proxy-Wasm ABI the module is written for.
func (m *Module) ABI() ABI { return m.abi }

// Close releases the compiled code. VMs made from the module must have been closed.
func (m *Module) Close(ctx context.Context) error {
	var err error
	if m.runtime != nil {
		err = m.runtime.Close(ctx)
	}
	if m.cache != nil {
		if e := m.cache.Close(ctx); err == nil {
			err = e
		}
	}
	return err
}
