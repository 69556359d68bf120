package toolchain

import (
	"context"
	"fmt"
	"runtime"
	"strings"
)

// goEnv outweighs what `go env -w` has written: an empty variable would not.
var goEnv = []string{"GOFLAGS=-buildvcs=false", "GOWORK=off"}

func (s *search) findGo(ctx context.Context) Finding {
	f := Finding{Name: "go", Cure: []string{
		"# Go " + s.Go.AtLeast + " or later, from https://go.dev/dl/, then its folder on PATH:",
		"export PATH=/usr/local/go/bin:$PATH",
	}}
	path, err := lookPath("go")
	if err != nil {
		f.Lack = "no go on PATH"
		return f
	}
	out, err := s.run(ctx, command{args: []string{path, "env", "GOVERSION"}, env: goEnv})
	if err != nil {
		f.Lack = err.Error()
		return f
	}
	version := strings.TrimPrefix(strings.TrimSpace(out), "go")
	if older(version, s.Go.AtLeast) {
		f.Lack = fmt.Sprintf("%s is Go %s, wanted %s or later", path, version, s.Go.AtLeast)
		return f
	}
	f.Tool = &Tool{
		Name:    "go",
		Version: version,
		Origin:  "from PATH: " + path,
		Details: []string{"go " + version},
		Env:     goEnv,
		Vars:    map[string][]string{"go": {path}},
	}
	return f
}

// findProgram looks for a compiler that is not ours to obtain, for builds that readers add.
func (s *search) findProgram(ctx context.Context, name string) Finding {
	f := Finding{Name: name}
	path, err := lookPath(name)
	if err != nil {
		f.Lack = "no " + name + " on PATH"
		f.Cure = []string{"# install " + name + ", or put its folder on PATH"}
		return f
	}
	version := "unknown"
	// Most compilers know --version; the others are told apart by nothing, as one without a version can't be.
	if out, err := s.run(ctx, command{args: []string{path, "--version"}}); err == nil {
		version, _, _ = strings.Cut(strings.TrimSpace(out), "\n")
	}
	f.Tool = &Tool{
		Name:    name,
		Version: version,
		Origin:  "from PATH: " + path,
		Details: []string{name + " " + version, runtime.GOOS + "/" + runtime.GOARCH},
		Vars:    map[string][]string{name: {path}},
	}
	return f
}
