package fuzz

import (
	"context"
	"fmt"
	"hash/crc32"
	"os"
	"path/filepath"

	"github.com/header-auth/header-auth/build"
	"github.com/header-auth/header-auth/conformance/suite"
	"github.com/header-auth/header-auth/conformance/table"
	"github.com/header-auth/header-auth/host"
)

// slow is the build that is run on one case in rarely: an instance of it takes longer than all others together.
const (
	slow   = "go-wasip1"
	rarely = 16
)

// Builds are compiled modules in the order of builds.yaml.
type Builds []compiled

type compiled struct {
	name   string
	module *host.Module
}

// Load compiles what `make build` has put into a folder.
func Load(ctx context.Context, dir string) (Builds, error) {
	root, err := build.FindRoot()
	if err != nil {
		return nil, err
	}
	list, err := build.Load(filepath.Join(root, "builds.yaml"))
	if err != nil {
		return nil, err
	}
	var all Builds
	for _, b := range list.Builds {
		path := filepath.Join(dir, filepath.Base(b.Wasm))
		wasm, err := os.ReadFile(path)
		if err != nil {
			return nil, fmt.Errorf("load build %s: %w, expected a module, run make build", b.Name, err)
		}
		module, err := host.Compile(ctx, wasm, host.Options{Deadline: suite.Deadline, MemoryPages: suite.MemoryPages,
			CacheDir: filepath.Join(root, ".cache", "wazero")})
		if err != nil {
			return nil, fmt.Errorf("load build %s: %w", b.Name, err)
		}
		all = append(all, compiled{b.Name, module})
	}
	return all, nil
}

// Difference is a field in which a build differs from the model, or builds from each other.
type Difference struct {
	Build, Field  string
	Wanted, Found string
}

// Compare runs a case on the builds and holds what they did against the model and against each other. The case is
// returned with what the model expects; no difference is a nil pointer.
func (b Builds) Compare(ctx context.Context, c table.Case) (table.Case, *Difference) {
	c = tidy(c)
	rare := crc32.ChecksumIEEE(fmt.Appendf(nil, "%q %v", c.Config, c.Steps)) % rarely
	var seen []suite.Seen
	for _, build := range b {
		if build.name == slow && rare != 0 && len(b) > 1 {
			continue
		}
		o, err := suite.Observe(ctx, build.module, &c, suite.ObserveOptions{})
		if err != nil {
			return c, &Difference{build.name, "the case can't be run", "no error", err.Error()}
		}
		if m := suite.Check(&c, o); len(m) > 0 {
			return c, &Difference{build.name, m[0].Field, m[0].Wanted, m[0].Got}
		}
		seen = append(seen, suite.Seen{Build: build.name, Observation: o})
	}
	if d := suite.Diff(seen); len(d) > 0 {
		one, other := d[0].Sides[0], d[0].Sides[1]
		return c, &Difference{fmt.Sprint(other.Builds), d[0].Field, fmt.Sprintf("%s (as %v)", one.Value, one.Builds), other.Value}
	}
	return c, nil
}

// only is the build that differs: shrinking needs no other.
func (b Builds) only(name string) Builds {
	for _, build := range b {
		if build.name == name {
			return Builds{build}
		}
	}
	return b
}
