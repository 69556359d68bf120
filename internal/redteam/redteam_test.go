package redteam

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/header-auth/header-auth/host/wasmfile"
)

// TestKindsAreModules: a kind that is no module would test nothing.
func TestKindsAreModules(t *testing.T) {
	names := map[string]bool{}
	for _, k := range Kinds() {
		if names[k.Name] {
			t.Errorf("two kinds are named %s", k.Name)
		}
		names[k.Name] = true
		for _, at := range Places {
			if !k.Fits(at) {
				continue
			}
			wasm := k.Module(at)
			if _, err := wasmfile.Parse(wasm); err != nil {
				t.Errorf("%s in %s: %v", k.Name, at, err)
			}
			if dir := os.Getenv("REDTEAM_DIR"); dir != "" { // to look at them
				name := strings.ReplaceAll(k.Name+" "+string(at), " ", "-") + ".wasm"
				if err := os.WriteFile(filepath.Join(dir, name), wasm, 0o644); err != nil {
					t.Error(err)
				}
			}
		}
	}
}

// TestForms: each is another module, as far as it is one.
func TestForms(t *testing.T) {
	seen := map[string]string{}
	for _, f := range Forms() {
		wasm := f.Write()
		if other := seen[string(wasm)]; other != "" {
			t.Errorf("%s is %s", f.Name, other)
		}
		seen[string(wasm)] = f.Name
	}
}

// TestRandom: each seed gives a module of its own, and always the same.
func TestRandom(t *testing.T) {
	seen := map[string]bool{}
	for seed := range uint64(200) {
		wasm := Random(seed)
		if _, err := wasmfile.Parse(wasm); err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		if seen[string(wasm)] || string(wasm) != string(Random(seed)) {
			t.Fatalf("seed %d gives the module of another seed, or two modules", seed)
		}
		seen[string(wasm)] = true
	}
}
