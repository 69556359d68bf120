package build

import (
	"bytes"
	"context"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestReproducible makes every build again in another folder and as another user, with another home, module cache,
// cargo home and TinyGo. The folder contains only the files that builds.yaml lists as sources, so it tests that list,
// too.
func TestReproducible(t *testing.T) {
	if os.Getenv("HEADER_AUTH_REPRODUCIBLE") == "" {
		t.Skip("takes a minute or two: make reproducible")
	}
	root, err := filepath.Abs("..")
	if err != nil {
		t.Fatal(err)
	}
	list, err := Load(filepath.Join(root, File))
	if err != nil {
		t.Fatal(err)
	}
	ours, err := Run(context.Background(), list.Builds, Options{Root: root})
	if err != nil {
		t.Fatal(err)
	}

	copied := filepath.Join(t.TempDir(), "another folder")
	copySources(t, root, copied, list.Builds)
	paths := append([]string{root, copied}, anotherUser(t)...)
	theirs, err := Run(context.Background(), list.Builds, Options{Root: copied})
	if err != nil {
		t.Fatal(err)
	}
	for i, b := range list.Builds {
		if ours[i].Provenance.SHA256 != theirs[i].Provenance.SHA256 {
			t.Errorf("%s: %s here, %s there", b.Name, ours[i].Provenance.SHA256, theirs[i].Provenance.SHA256)
		}
		for _, r := range []Result{ours[i], theirs[i]} {
			holdsNoPath(t, r, paths)
		}
		if theirs[i].UpToDate {
			t.Errorf("%s: nothing was built there", b.Name)
		}
	}
}

func holdsNoPath(t *testing.T, r Result, paths []string) {
	t.Helper()
	module, err := os.ReadFile(r.Path)
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range paths {
		if i := indexPath(module, path); i >= 0 {
			t.Errorf("%s holds a path of its builder's: %q", r.Path, module[max(0, i-20):min(len(module), i+100)])
		}
	}
}

// indexPath finds a folder's name: not the beginning of a longer one, nor, if it is a short one, a part of another
// path, as "/src" is in "library/core/src/". A long one is no accident, and texts in a module may stand without a
// gap.
func indexPath(text []byte, path string) int {
	for at := 0; ; {
		i := bytes.Index(text[at:], []byte(path+"/"))
		if i < 0 {
			return -1
		}
		if i += at; i == 0 || !isName(text[i-1]) || strings.Count(path, "/") > 1 {
			return i
		}
		at = i + 1
	}
}

func isName(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || strings.IndexByte("_-.", c) >= 0
}

func TestIndexPath(t *testing.T) {
	tests := []struct {
		name, text, path string
		want             int
	}{
		{"alone", "/src/a.rs", "/src", 0},
		{"after a zero", "x\x00/src/a.rs", "/src", 2},
		{"part of another", "library/core/src/num", "/src", -1},
		{"both", "core/src/a /src/b", "/src", 11},
		{"a long one without a gap", "unwrap failed/home/joe/a", "/home/joe", 13},
		{"longer name", "/root2/a", "/root", -1},
		{"not there", "/home/a", "/root", -1},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if got := indexPath([]byte(test.text), test.path); got != test.want {
				t.Errorf("at %d, want %d", got, test.want)
			}
		})
	}
}

func copySources(t *testing.T, from, to string, builds []Build) {
	t.Helper()
	for _, b := range builds {
		files, err := sources(from, b.Sources)
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			content, err := os.ReadFile(filepath.Join(from, file))
			if err != nil {
				t.Fatal(err)
			}
			write(t, filepath.Join(to, file), string(content))
		}
	}
	// To build TinyGo again takes a minute, and shows nothing about the modules it makes.
	built, err := filepath.Glob(filepath.Join(from, ".cache/toolchain/tinygo-*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, folder := range built {
		if err := os.CopyFS(filepath.Join(to, ".cache/toolchain", filepath.Base(folder)), os.DirFS(folder)); err != nil {
			t.Fatal(err)
		}
	}
}

// anotherUser gives the rest of the test a home of its own, and returns the folders that no module may name. Modules
// and crates come from the caches of the real one where they are there, at new places.
func anotherUser(t *testing.T) (paths []string) {
	t.Helper()
	home, err := os.UserHomeDir()
	if err != nil {
		t.Fatal(err)
	}
	ask := func(variable string) string {
		out, err := exec.Command("go", "env", variable).Output()
		if err != nil {
			t.Fatal(err)
		}
		return strings.TrimSpace(string(out))
	}
	modules, proxy := ask("GOMODCACHE"), ask("GOPROXY")
	cargo := os.Getenv("CARGO_HOME")
	if cargo == "" {
		cargo = filepath.Join(home, ".cargo")
	}
	rustup := os.Getenv("RUSTUP_HOME")
	if rustup == "" {
		rustup = filepath.Join(home, ".rustup")
	}

	other := t.TempDir()
	for _, folder := range []string{"registry/index", "registry/cache"} {
		from := filepath.Join(cargo, folder)
		if _, err := os.Stat(from); err != nil {
			continue
		}
		if err := os.CopyFS(filepath.Join(other, "cargo", folder), os.DirFS(from)); err != nil {
			t.Fatal(err)
		}
	}
	if mirror, err := os.ReadFile(filepath.Join(cargo, "config.toml")); err == nil {
		write(t, filepath.Join(other, "cargo", "config.toml"), string(mirror))
	}
	t.Setenv("HOME", other)
	t.Setenv("XDG_CACHE_HOME", filepath.Join(other, "cache"))
	t.Setenv("GOMODCACHE", filepath.Join(other, "modules"))
	t.Setenv("GOCACHE", filepath.Join(other, "gocache"))
	t.Setenv("GOPROXY", "file://"+filepath.ToSlash(modules)+"/cache/download,"+proxy)
	t.Setenv("CARGO_HOME", filepath.Join(other, "cargo"))
	t.Setenv("RUSTUP_HOME", rustup)
	t.Cleanup(func() { // Go's module cache is read-only, and t.TempDir could not remove it
		filepath.WalkDir(other, func(path string, d fs.DirEntry, err error) error {
			if err == nil && d.IsDir() {
				err = os.Chmod(path, 0o755)
			}
			return err
		})
	})
	return []string{home, modules, cargo, rustup, other, toolchainSources}
}

// toolchainSources is where Debian's Rust keeps its library: not the builder's, but not everybody's either.
const toolchainSources = "/usr/lib/rustlib"
