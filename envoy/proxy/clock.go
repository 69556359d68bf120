package proxy

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"time"
	"unsafe"
)

//go:embed preload/clock.c
var clockSource []byte

// compilers are tried in this order; the first is of the packages that TinyGo is built with.
var compilers = []string{"/usr/lib/llvm-19/bin/clang", "cc", "clang", "gcc"}

// ErrNoCompiler says that a clock can't be made here.
var ErrNoCompiler = errors.New("no C compiler (tried " + strings.Join(compilers, ", ") +
	"), which the clock that can be moved needs")

// Clock is what an Envoy takes for its clock. It stands until it is moved.
type Clock struct {
	library, file string
	memory        []byte
}

// NewClock makes a clock in a folder, with the given time of day. It returns ErrNoCompiler where none is found.
func NewClock(ctx context.Context, dir string, now time.Time) (*Clock, error) {
	c := &Clock{library: filepath.Join(dir, "clock.so"), file: filepath.Join(dir, "clock")}
	if err := writeLibrary(ctx, dir, c.library); err != nil {
		return nil, err
	}
	if err := os.WriteFile(c.file, make([]byte, 16), 0o600); err != nil {
		return nil, err
	}
	f, err := os.OpenFile(c.file, os.O_RDWR, 0)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if c.memory, err = mapFile(f, 16); err != nil {
		return nil, fmt.Errorf("map clock: %w", err)
	}
	c.SetTime(now)
	// Ahead of the machine's own: a wait until a time that has passed would not wait at all.
	c.AdvanceTimers(100 * 365 * 24 * time.Hour)
	return c, nil
}

// Compiler is the C compiler that makes the clock. It returns ErrNoCompiler where none is found.
func Compiler() (path string, err error) {
	for _, compiler := range compilers {
		if path, err = exec.LookPath(compiler); err == nil {
			return path, nil
		}
	}
	return "", ErrNoCompiler
}

// compiled is the library, which a process compiles once.
var compiled struct {
	sync.Mutex
	library []byte
}

func writeLibrary(ctx context.Context, dir, library string) (err error) {
	if _, err := Compiler(); err != nil {
		return err
	}
	compiled.Lock()
	defer compiled.Unlock()
	if compiled.library != nil {
		return os.WriteFile(library, compiled.library, 0o700)
	}
	source := filepath.Join(dir, "clock.c")
	if err := os.WriteFile(source, clockSource, 0o600); err != nil {
		return err
	}
	if err := compile(ctx, source, library); err != nil {
		return err
	}
	compiled.library, err = os.ReadFile(library)
	return err
}

func compile(ctx context.Context, source, library string) error {
	compiler, err := Compiler()
	if err != nil {
		return err
	}
	out, err := exec.CommandContext(ctx, compiler, "-shared", "-fPIC", "-O1", "-o", library, source,
		"-ldl").CombinedOutput()
	if err != nil {
		return fmt.Errorf("compile the clock with %s: %w: %s", compiler, err, strings.TrimSpace(string(out)))
	}
	return nil
}

func (c *Clock) part(i int) *int64 { return (*int64)(unsafe.Pointer(&c.memory[8*i])) }

// SetTime sets the time of day, which nothing falls due by.
func (c *Clock) SetTime(now time.Time) { atomic.StoreInt64(c.part(0), now.UnixNano()) }

// Time is the time of day.
func (c *Clock) Time() time.Time { return time.Unix(0, atomic.LoadInt64(c.part(0))).UTC() }

// Steady is the time that timers go by.
func (c *Clock) Steady() time.Duration { return time.Duration(atomic.LoadInt64(c.part(1))) }

// Advance moves both times.
func (c *Clock) Advance(by time.Duration) {
	atomic.AddInt64(c.part(0), int64(by))
	c.AdvanceTimers(by)
}

// AdvanceTimers moves the steady time alone.
func (c *Clock) AdvanceTimers(by time.Duration) { atomic.AddInt64(c.part(1), int64(by)) }

// Close lets go of the memory. An Envoy that has the clock keeps its own view of it.
func (c *Clock) Close() { unmap(c.memory) }

// environment makes a process go by the clock.
func (c *Clock) environment() []string {
	return []string{"LD_PRELOAD=" + c.library, "HEADER_AUTH_CLOCK=" + c.file}
}
