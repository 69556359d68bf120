package host

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/header-auth/header-auth/host/headermap"
	"github.com/header-auth/header-auth/host/load"
	"github.com/header-auth/header-auth/host/wasmtest"
)

// compileIn compiles the same module as always with a cache, sends it a request that it must let pass, and gives what
// was said about the cache.
func compileIn(t *testing.T, dir string) []error {
	t.Helper()
	var said []error
	m, err := Compile(t.Context(), allowGuest().Bytes(), Options{CacheDir: dir, CacheFault: func(err error) {
		said = append(said, err)
	}})
	if err != nil {
		t.Fatalf("the module was blamed: %v", err)
	}
	defer m.Close(t.Context())
	vm, err := m.NewVM(t.Context(), VMConfig{})
	if err != nil {
		t.Fatal(err)
	}
	defer vm.Close(t.Context())
	p, err := vm.NewPlugin(t.Context(), PluginConfig{})
	if err != nil {
		t.Fatal(err)
	}
	s := p.NewStream(StreamConfig{})
	s.RequestHeaders(headermap.Of(":method", "GET", ":path", "/", ":authority", "a", "allow", "true"), true)
	if !s.Upstream().Ended {
		t.Fatal("the request did not reach the upstream")
	}
	s.Close()
	return said
}

// codeIn is the only file of compiled code in a cache, and its seal.
func codeIn(t *testing.T, dir string) (code, seal string) {
	t.Helper()
	var files []string
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if !d.IsDir() {
			files = append(files, path)
		}
		return err
	})
	if err != nil || len(files) != 2 {
		t.Fatalf("the cache has the files %v, expected code and a seal: %v", files, err)
	}
	return files[0], files[1]
}

// TestCacheIsUsed: what is in the cache is not written again.
func TestCacheIsUsed(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a [b]", "cache") // no pattern
	compileIn(t, dir)
	code, _ := codeIn(t, dir)
	old := time.Now().Add(-time.Hour).Truncate(time.Second)
	if err := os.Chtimes(code, old, old); err != nil {
		t.Fatal(err)
	}
	if said := compileIn(t, dir); said != nil {
		t.Errorf("said %v about a sound cache", said)
	}
	if info, err := os.Stat(code); err != nil || !info.ModTime().Equal(old) {
		t.Errorf("the code was written again: %v %v", info.ModTime(), err)
	}
}

// TestDamagedCache changes the compiled code at every place, each in several ways: the module is never blamed, the
// damage is told, and the next run finds a sound cache.
func TestDamagedCache(t *testing.T) {
	dir := t.TempDir()
	compileIn(t, dir)
	code, seal := codeIn(t, dir)
	sound, err := os.ReadFile(code)
	if err != nil {
		t.Fatal(err)
	}
	damages := map[string][]byte{
		"empty": {}, "one more": append(slices.Clone(sound), 0), "twice": append(slices.Clone(sound), sound...),
		"text": []byte("no code\n"), "zeros": make([]byte, len(sound)),
	}
	step := 1
	if testing.Short() {
		step = 13
	}
	for i := 0; i < len(sound); i += step {
		if i > 150 && i < len(sound)-50 && i%11 != 0 { // header and tail at every byte, the instructions between them at some
			continue
		}
		flipped := slices.Clone(sound)
		flipped[i] ^= 1 << (i % 8)
		damages[fmt.Sprintf("byte %d flipped", i)] = flipped
		damages[fmt.Sprintf("cut after %d", i)] = sound[:i]
	}
	for name, damage := range damages {
		if err := os.WriteFile(code, damage, 0o600); err != nil {
			t.Fatal(err)
		}
		if said := compileIn(t, dir); len(said) != 1 || !strings.Contains(said[0].Error(), code+" was damaged") {
			t.Fatalf("%s: said %v", name, said)
		}
		if said := compileIn(t, dir); said != nil {
			t.Fatalf("%s: not mended: %v", name, said)
		}
	}
	if again, e := os.ReadFile(code); e != nil || !slices.Equal(again, sound) {
		t.Error("the mended code differs from the first")
	}

	t.Run("folder in its place", func(t *testing.T) {
		if err := errors.Join(os.Remove(code), os.MkdirAll(filepath.Join(code, "sub"), 0o700)); err != nil {
			t.Fatal(err)
		}
		if said := compileIn(t, dir); len(said) != 1 {
			t.Errorf("said %v", said)
		}
	})
	t.Run("no seal", func(t *testing.T) { // as a process that was ended leaves it
		if err := errors.Join(os.Remove(seal), os.WriteFile(code, sound[:100], 0o600)); err != nil {
			t.Fatal(err)
		}
		if said := compileIn(t, dir); said != nil {
			t.Errorf("said %v", said)
		}
		codeIn(t, dir)
	})
}

// TestUnusableCache: a folder that cannot be read or written costs time and nothing else.
func TestUnusableCache(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	full := t.TempDir()
	compileIn(t, full)
	version := filepath.Dir(first(codeIn(t, full)))
	if err := errors.Join(os.RemoveAll(version), os.WriteFile(version, nil, 0o600)); err != nil {
		t.Fatal(err)
	}
	for name, dir := range map[string]string{"a file": file, "below a file": filepath.Join(file, "x"), "no name": "\x00",
		"a file for a folder in it": full} {
		if said := compileIn(t, dir); len(said) != 1 || !strings.Contains(said[0].Error(), "without it") {
			t.Errorf("%s: said %v", name, said)
		}
	}
}

func first(a, _ string) string { return a }

// TestCacheAndBadModule: a module that is no module is blamed, with a cache as without.
func TestCacheAndBadModule(t *testing.T) {
	g := allowGuest()
	g.Do(reqHead, wasmtest.Drop) // nothing is there to be dropped
	var refused [2]*load.Error
	for i, dir := range []string{"", t.TempDir()} {
		_, err := Compile(t.Context(), g.Bytes(), Options{CacheDir: dir, CacheFault: func(err error) { t.Error(err) }})
		if !errors.As(err, &refused[i]) {
			t.Fatalf("error %v", err)
		}
	}
	if refused[0].Error() != refused[1].Error() {
		t.Errorf("with a cache %q, without %q", refused[1], refused[0])
	}
}
