package host

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/tetratelabs/wazero"
)

// codeCache is one module's folder in Options.CacheDir. It has the files of compiled code that wazero writes, one for
// each kind of processor, and beside each an empty file whose name is the seal: length and CRC-32C of the code. wazero
// looks at a checksum of the instructions only, and would run with wrong addresses of functions.
type codeCache struct {
	dir string
}

// The folder's name depends on the features too, because wazero's own keys do not.
func newCodeCache(wasm []byte, o Options) codeCache {
	key := sha256.New()
	fmt.Fprintf(key, "%d %t\n", features, o.Deadline > 0)
	key.Write(wasm)
	return codeCache{filepath.Join(o.CacheDir, fmt.Sprintf("%x", key.Sum(nil)[:16]))}
}

// openMutex serializes the opening of caches: wazero 1.12 finds out its own version, which names the folder, at the
// first call and without a lock.
var openMutex sync.Mutex

func (c codeCache) open() (wazero.CompilationCache, error) {
	openMutex.Lock()
	defer openMutex.Unlock()
	return wazero.NewCompilationCacheWithDir(c.dir)
}

// mend removes code without its seal, so that wazero makes it anew. It says which files were damaged; not those without
// any seal, which a process left behind that was ended while it wrote. The error says why the folder cannot be used.
func (c codeCache) mend() (damaged []string, err error) {
	err = c.each(func(code string, seals []string) error {
		seal, err := sealOf(code)
		if err == nil && slices.Contains(seals, seal) {
			return nil
		}
		if err != nil || len(seals) > 0 {
			damaged = append(damaged, code)
		}
		for _, s := range seals {
			if err := os.Remove(s); err != nil {
				return err
			}
		}
		return os.RemoveAll(code) // it may be a folder
	})
	return damaged, err
}

// seal writes the seals of what wazero has written.
func (c codeCache) seal() error {
	return c.each(func(code string, seals []string) error {
		if len(seals) > 0 {
			return nil // mend has compared it
		}
		seal, err := sealOf(code)
		if errors.Is(err, fs.ErrNotExist) {
			return nil // another process mends the folder
		}
		if err != nil {
			return err
		}
		return os.WriteFile(seal, nil, 0o600)
	})
}

// each calls do for each file of code, with the seals of that name. A folder that is not there is no error.
func (c codeCache) each(do func(code string, seals []string) error) error {
	versions, err := os.ReadDir(c.dir) // of wazero
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	for _, v := range versions {
		dir := filepath.Join(c.dir, v.Name())
		files, e := os.ReadDir(dir)
		if e != nil {
			return e
		}
		for _, f := range files {
			if filepath.Ext(f.Name()) != "" {
				continue // a seal, or a file that wazero did not finish
			}
			var seals []string
			for _, s := range files {
				if strings.HasPrefix(s.Name(), f.Name()+".crc-") {
					seals = append(seals, filepath.Join(dir, s.Name()))
				}
			}
			if err := do(filepath.Join(dir, f.Name()), seals); err != nil {
				return err
			}
		}
	}
	return err
}

// sealOf is the name of the seal that a file of code should have.
func sealOf(code string) (string, error) {
	f, err := os.Open(code)
	if err != nil {
		return "", err
	}
	defer f.Close()
	sum := crc32.New(crc32.MakeTable(crc32.Castagnoli))
	n, err := io.Copy(sum, f)
	return fmt.Sprintf("%s.crc-%d-%08x", code, n, sum.Sum32()), err
}

// compileCached compiles with the code in Options.CacheDir, or puts it there. When the cache is to blame for an error,
// the module is compiled without it; Options.CacheFault is told.
func (m *Module) compileCached(ctx context.Context, wasm []byte) error {
	said := func(err error) {
		if err != nil && m.options.CacheFault != nil {
			m.options.CacheFault(fmt.Errorf("cache of compiled code: %w", err))
		}
	}
	c := newCodeCache(wasm, m.options)
	damaged, err := c.mend()
	for _, file := range damaged {
		said(fmt.Errorf("%s was damaged; the module is compiled again", file))
	}
	var cache wazero.CompilationCache
	if err == nil {
		cache, err = c.open()
	}
	if err != nil {
		said(fmt.Errorf("%w; the module is compiled without it", err))
		return m.compileWith(ctx, wasm, nil)
	}
	if err = m.compileWith(ctx, wasm, cache); err == nil {
		said(c.seal())
		return nil
	}
	if ctx.Err() != nil {
		return err
	}
	// Only without the cache is it known who is at fault.
	if e := m.Close(ctx); e != nil {
		return e
	}
	m.runtime, m.cache = nil, nil
	if e := m.compileWith(ctx, wasm, nil); e != nil {
		return e
	}
	said(fmt.Errorf("%w; the module is compiled without it", err))
	return nil
}
