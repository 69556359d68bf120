package bench

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/header-auth/header-auth/bench/evidence"
	"github.com/header-auth/header-auth/conformance/table"
	"github.com/header-auth/header-auth/host"
)

// measureStartup times a module from its bytes to its first answer, in a process that has compiled nothing yet. With
// cached the compiled code comes from cacheDir, which an earlier compilation has filled; else no cache is used.
//
// The error is a *load.Error or one of exchange.drive, or says that the case is not one request. With mended there is
// no time, because the cache was damaged or could not be used: CacheFault of the options was told.
func measureStartup(ctx context.Context, wasm []byte, o host.Options, c *table.Case, cached bool,
	cacheDir string) (s evidence.Startup, mended bool, err error) {
	e, err := newExchange(c)
	if err != nil {
		return s, false, err
	}
	if o.CacheDir = ""; cached {
		o.CacheDir = cacheDir
		told := o.CacheFault
		o.CacheFault = func(err error) {
			mended = true
			if told != nil {
				told(err)
			}
		}
	}
	s.Cached = cached
	begin := time.Now()
	lap := func() int64 {
		now := time.Now()
		took := now.Sub(begin)
		begin = now
		return int64(took)
	}
	m, err := host.Compile(ctx, wasm, o)
	if err != nil {
		return s, mended, err
	}
	s.Compile = lap()
	if mended {
		return s, mended, m.Close(ctx)
	}
	defer func() { err = errors.Join(err, m.Close(ctx)) }()

	vm, err := m.NewVM(ctx, host.VMConfig{})
	if err != nil {
		return s, false, fmt.Errorf("start VM: %w", err)
	}
	s.Instantiate = lap()
	defer func() { err = errors.Join(err, vm.Close(ctx)) }()

	p, err := vm.NewPlugin(ctx, host.PluginConfig{Configuration: e.config})
	if err != nil {
		return s, false, fmt.Errorf("start plugin: %w", err)
	}
	s.Configure = lap()
	err = e.drive(p)
	s.First = lap()
	return s, false, err
}
