package host

import (
	"context"
	"sync"
	"time"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
	"github.com/tetratelabs/wazero/experimental"

	"github.com/header-auth/header-auth/host/abi"
	"github.com/header-auth/header-auth/host/load"
	"github.com/header-auth/header-auth/host/profile"
	"github.com/header-auth/header-auth/host/wasmfile"
)

// Options say how a module is compiled and run. The zero value is the current Envoy.
type Options struct {
	Profile     profile.Profile     // whose rules; zero: the current Envoy
	Interpreter bool                // wazero's interpreter instead of its compiler
	Allocator   load.AllocatorOrder // which allocator is called when a module exports two
	MemoryPages uint32              // most pages (64 KiB each) of linear memory; 0: 16384, Envoy's 1 GiB
	CacheDir    string              // folder for compiled code; "": kept in memory only
	// told what is wrong with CacheDir, which is then done without or mended; nil: not told
	CacheFault  func(error)
	Environment []Variable // of every VM of the module, before those of its VMConfig

	// Deadline is the longest time of each call into the guest; 0: no limit, as in Envoy. With a deadline a call takes
	// about 0.4 µs more. It ends loops only: the package's documentation says what else there is.
	Deadline time.Duration

	Watch Watch // is told of each call; nil: none

	// Expressions compiles the expressions of the foreign functions expr_create and expr_evaluate: cel.New() of package
	// host/cel. nil: Envoy's functions of that name are not there.
	Expressions Expressions
}

func (o Options) load() load.Options {
	return load.Options{Profile: o.Profile, Allocator: o.Allocator, MemoryPages: o.MemoryPages}
}

// Module is a compiled module from which any number of VMs can be made, also from several goroutines at once.
type Module struct {
	file     *wasmfile.File
	options  Options
	abi      abi.Version
	runtime  wazero.Runtime
	cache    wazero.CompilationCache
	compiled wazero.CompiledModule

	helper func() (wazero.CompiledModule, error) // that of package callbacks

	readsProperties bool // imports proxy_get_property, or a foreign function, which may be expr_evaluate
	rules           *profile.Rules
}

// features is what V8 in Envoy understands, as far as wazero has it.
const features = api.CoreFeaturesV2 | experimental.CoreFeaturesTailCall | experimental.CoreFeaturesExtendedConst

// Compile checks a module as Envoy does when it loads it, and compiles it. The error is a *load.Error when
// Envoy would refuse the module too.
func Compile(ctx context.Context, wasm []byte, o Options) (*Module, error) {
	defer watched(o.Watch, Compilation)()
	file, err := wasmfile.Parse(wasm)
	if err != nil {
		return nil, &load.Error{Faults: []load.Fault{{What: err.Error()}}}
	}
	if faults := append(load.Preflight(file, o.load()), load.CheckCode(file, wasm)...); len(faults) > 0 {
		return nil, &load.Error{Faults: faults}
	}
	m := &Module{file: file, options: o, abi: load.Version(file), rules: o.Profile.Rules()}
	m.helper = sync.OnceValues(m.compileHelper)
	m.readsProperties = m.imports("env", "proxy_get_property") || m.imports("env", "proxy_call_foreign_function")
	if err := m.compile(ctx, wasm); err != nil {
		_ = m.Close(ctx)
		return nil, err
	}
	return m, nil
}

func (m *Module) compile(ctx context.Context, wasm []byte) error {
	wasm, err := load.BoundTables(wasm, m.file)
	if err != nil {
		return err
	}
	if m.options.CacheDir != "" && !m.options.Interpreter {
		err = m.compileCached(ctx, wasm)
	} else {
		err = m.compileWith(ctx, wasm, nil)
	}
	if err != nil {
		return &load.Error{Faults: []load.Fault{{What: "not a valid module: " + err.Error()}}}
	}
	return nil
}

// compileWith compiles with a cache of compiled code; nil: without one.
func (m *Module) compileWith(ctx context.Context, wasm []byte, cache wazero.CompilationCache) error {
	config := wazero.NewRuntimeConfigCompiler()
	if m.options.Interpreter {
		config = wazero.NewRuntimeConfigInterpreter()
	}
	config = config.WithCoreFeatures(features).
		WithMemoryLimitPages(m.options.load().Pages()).
		WithCloseOnContextDone(m.options.Deadline > 0).
		WithDebugInfoEnabled(false)
	if m.cache = cache; cache != nil {
		config = config.WithCompilationCache(cache)
	}
	m.runtime = wazero.NewRuntimeWithConfig(ctx, config)
	if err := m.link(ctx); err != nil {
		return err
	}
	var err error
	m.compiled, err = m.runtime.CompileModule(ctx, wasm)
	return err
}

// File is the structure of the module.
func (m *Module) File() *wasmfile.File { return m.file }

// Options are those that it was compiled with.
func (m *Module) Options() Options { return m.options }

// ABI is the version of the Proxy-Wasm ABI the module is written for.
func (m *Module) ABI() abi.Version { return m.abi }

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
