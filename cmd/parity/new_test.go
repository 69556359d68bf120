package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/header-auth/header-auth/build"
	"github.com/header-auth/header-auth/scaffold"
)

// TestNew: a new plugin is built and conforms, and a change of it is noticed.
func TestNew(t *testing.T) {
	root, err := build.FindRoot()
	if err != nil {
		t.Fatal(err)
	}
	changes := map[string]struct{ file, from, to string }{
		"go":   {"main.go", "SendHttpResponse(401,", "SendHttpResponse(403,"},
		"rust": {"src/lib.rs", "send_http_response(401,", "send_http_response(403,"},
	}
	// The compilers are those of the repository; Go and Cargo keep their own caches.
	gocache, err := exec.Command("go", "env", "GOCACHE").Output()
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("GOCACHE", strings.TrimSpace(string(gocache)))
	cache := t.TempDir()
	if err := os.Symlink(filepath.Join(root, ".cache", "toolchain"), filepath.Join(cache, "header-auth")); err != nil {
		t.Fatal(err)
	}
	t.Setenv("XDG_CACHE_HOME", cache)
	for _, language := range scaffold.Languages() {
		t.Run(language, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "hello")
			parity := func(want int, args ...string) string {
				t.Helper()
				var out bytes.Buffer
				if code := run(t.Context(), args, &out, &out); code != want {
					t.Fatalf("parity %s: exit code %d, wanted %d\n%s", strings.Join(args, " "), code, want, &out)
				}
				return out.String()
			}
			parity(0, "new", dir, "--lang", language)
			t.Chdir(dir)
			if out := parity(0, "check"); !strings.Contains(out, "conformant: 2 of 2 passed") {
				t.Errorf("got\n%s", out)
			}
			if out := parity(0, "trace", "token/absent"); !strings.Contains(out, "proxy_send_local_response") {
				t.Errorf("got\n%s", out)
			}
			change := changes[language]
			text, err := os.ReadFile(change.file)
			if err != nil {
				t.Fatal(err)
			}
			changed := strings.Replace(string(text), change.from, change.to, 1)
			if changed == string(text) {
				t.Fatalf("%s has no %q", change.file, change.from)
			}
			if err := os.WriteFile(change.file, []byte(changed), 0o644); err != nil {
				t.Fatal(err)
			}
			parity(1, "check")
		})
	}
}
