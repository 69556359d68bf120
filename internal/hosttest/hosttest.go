// Package hosttest helps the tests of several packages: it compiles modules, and damages caches of compiled code.
package hosttest

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/header-auth/header-auth/host"
)

// Compile compiles a module for the time of a test.
func Compile(t testing.TB, wasm []byte) *host.Module {
	t.Helper()
	return CompileWith(t, wasm, host.Options{})
}

// CompileWith is Compile with options.
func CompileWith(t testing.TB, wasm []byte, o host.Options) *host.Module {
	t.Helper()
	m, err := host.Compile(context.Background(), wasm, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = m.Close(context.Background()) })
	return m
}

// DamageCache cuts off the code of all modules in a folder of compiled code (host.Options.CacheDir). Their seals stay.
func DamageCache(t testing.TB, dir string) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*", "*", "*"))
	if err != nil || len(files) < 2 {
		t.Fatalf("%q in the cache, %v, want code and its seal", files, err)
	}
	for _, file := range files {
		if filepath.Ext(file) != "" {
			continue // a seal
		}
		if err := os.Truncate(file, 10); err != nil {
			t.Fatal(err)
		}
	}
}
