package toolchain

import (
	"context"
	"fmt"
	"runtime"
	"strings"
)

// goEnv overrides what `go env -w` has written. An empty variable would not override it.
var goEnv = []string{"GOFLAGS=-buildvcs=false", "GOWORK=off"}

func (s *search) findGo(ctx context.Context) Finding {
	f := Finding{Name: "go", Commands: []string{
		"# install Go " + s.Go.AtLeast + " or later from https://go.dev/dl/, and add its folder to PATH:",
		"export PATH=/usr/local/go/bin:$PATH",
	}}
	path, err := lookPath("go")
	if err != nil {
		f.Problem = "no go on PATH"
		return f
	}
	out, err := s.run(ctx, command{args: []string{path, "env", "GOVERSION"}, env: goEnv})
	if err != nil {
		f.Problem = err.Error()
		return f
	}
	version := strings.TrimPrefix(strings.TrimSpace(out), "go")
	if older(version, s.Go.AtLeast) {
		f.Problem = fmt.Sprintf("%s is Go %s: expected %s or later", path, version, s.Go.AtLeast)
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

// findProgram looks for a compiler that Obtain can't install: a build that a reader adds may use any program.
func (s *search) findProgram(ctx context.Context, name string) Finding {
	f := Finding{Name: name}
	path, err := lookPath(name)
	if err != nil {
		f.Problem = "no " + name + " on PATH"
		f.Commands = []string{"# install " + name + ", or add its folder to PATH"}
		return f
	}
	version := "unknown"
	// Most compilers know --version. Of the others, two versions can't be told apart.
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
