package main

import (
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"

	"github.com/header-auth/header-auth/bench/evidence"
	"github.com/header-auth/header-auth/build"
	"github.com/header-auth/header-auth/conformance/suite"
	"github.com/header-auth/header-auth/host/profile"
	"github.com/header-auth/header-auth/internal/input"
	"github.com/header-auth/header-auth/report"
)

// module is one module under test.
type module struct {
	suite.Subject
	what  string // how it is made, in a few words
	leaks string // why it is known to leak memory; "": it is not known to leak
}

// modules makes or reads the selected modules: first the builds, then those of --wasm.
func (s *selection) modules(ctx context.Context, stderr io.Writer) ([]module, error) {
	others, err := s.wasmModules(ctx)
	if err != nil {
		return nil, err
	}
	var all []module
	if s.usesBuilds() {
		if all, err = s.buildModules(ctx, stderr); err != nil {
			return nil, err
		}
	}
	for _, m := range others {
		for _, other := range all {
			if other.Name == m.Name {
				return nil, usagef("--wasm %s=…: the name is taken; choose another one", m.Name)
			}
		}
		all = append(all, m)
	}
	return all, nil
}

var moduleName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]*$`)

func (s *selection) wasmModules(ctx context.Context) ([]module, error) {
	var all []module
	for _, arg := range s.wasm {
		name, file, err := nameAndFile(arg)
		if err != nil {
			return nil, err
		}
		wasm, err := readInput(ctx, file, mostModule)
		if err != nil {
			return nil, wrongFile(ctx, err, "--wasm "+name+": read module")
		}
		all = append(all, s.module(name, file, wasm, "--wasm", arg))
	}
	return all, nil
}

// nameAndFile are those of --wasm.
func nameAndFile(arg string) (name, file string, err error) {
	name, file, ok := strings.Cut(arg, "=")
	if !ok || !moduleName.MatchString(name) || file == "" {
		example := "mine=plugin.wasm"
		if stem := strings.TrimSuffix(filepath.Base(arg), ".wasm"); !ok && moduleName.MatchString(stem) {
			example = stem + "=" + arg
		}
		return "", "", usagef("--wasm %q: expected NAME=FILE, such as %s, the name of letters, digits and ._-", arg, example)
	}
	return name, file, nil
}

func (s *selection) buildModules(ctx context.Context, stderr io.Writer) ([]module, error) {
	list, err := build.Load(filepath.Join(s.root, build.File))
	if err != nil {
		return nil, err
	}
	chosen, err := list.Select(s.builds)
	if err != nil {
		return nil, err
	}
	return s.makeModules(ctx, chosen, stderr)
}

// makeModules makes builds, or reads what is there with --no-build. A recipe that fails is the error of its module.
func (s *selection) makeModules(ctx context.Context, chosen []build.Build, stderr io.Writer) ([]module, error) {
	results := make([]build.Result, len(chosen))
	for i, b := range chosen {
		results[i] = build.Result{Build: b, Path: filepath.Join(s.root, filepath.FromSlash(b.Wasm))}
	}
	if !s.noBuild {
		o := build.Options{Root: s.root, Jobs: runtime.GOMAXPROCS(0), Log: remarks(stderr),
			Progress: isTerminal(stderr) && !isQuiet(stderr)}
		made, err := build.Run(ctx, chosen, o)
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if made == nil && err != nil {
			return nil, err
		}
		for _, r := range made {
			if unwritable(r.Err) {
				return nil, fmt.Errorf("build %s: %w: expected a folder that can be written "+
					"(--no-build takes the modules that are in dist)", r.Name, r.Err)
			}
		}
		results = made // a recipe that failed does not stop the other builds
	}
	var all []module
	for _, r := range results {
		m, err := s.buildModule(r)
		if err != nil {
			return nil, err
		}
		all = append(all, m)
	}
	return all, nil
}

func (s *selection) buildModule(r build.Result) (module, error) {
	wasm, err := input.ReadRegular(r.Path, mostModule)
	if err != nil && r.Err == nil {
		return module{}, usagef("build %s: read module: %v; parity build makes it", r.Name, err)
	}
	if r.Err != nil {
		wasm = nil // that of an earlier recipe says nothing of this one
	}
	m := s.module(r.Name, r.Wasm, wasm, "--build", r.Name)
	m.Err = r.Err
	for _, k := range r.KnownFailing {
		m.Known = append(m.Known, suite.Known{Pattern: k.Case, Reason: k.Reason, MayPass: !s.usualHost()})
	}
	m.what, m.leaks = r.What, r.Leaks
	m.Language = r.Language
	m.SDK = r.SDK.Name + " " + r.SDK.Version
	m.Toolchain = strings.TrimSpace(r.Compiler + " " + r.Provenance.Compiler.Version)
	m.Label = strings.Join(strings.Fields(r.Notes), " ")
	return m, nil
}

// usualHost says whether the host is the one that builds.yaml was written for: some known failures happen only with one
// version of Envoy, or with one order of the allocators.
func (s *selection) usualHost() bool {
	return s.profile == profile.Default.String() && s.allocate == "envoy"
}

func (s *selection) module(name, file string, wasm []byte, selects ...string) module {
	m := module{Subject: suite.Subject{Wasm: wasm, Build: report.Build{
		Name: name, File: file, Size: len(wasm), Select: append(selects, s.sameHost()...)}}}
	if wasm != nil {
		m.SHA256 = fmt.Sprintf("%x", sha256.Sum256(wasm))
	}
	return m
}

// sameHost are the flags with which another call uses the same table and host.
func (s *selection) sameHost() []string {
	var flags []string
	for _, f := range []struct{ name, value, usual string }{
		{"--cases", s.cases, ""}, {"--engine", s.engine, "wazero"},
		{"--profile", s.profile, profile.Default.String()}, {"--allocator", s.allocate, "envoy"},
	} {
		if f.value != f.usual {
			flags = append(flags, f.name, f.value)
		}
	}
	return flags
}

// measured is a module as a report names it.
func (m *module) measured() evidence.Build {
	return evidence.Build{Name: m.Name, File: m.File, SHA256: m.SHA256, Language: m.Language, Toolchain: m.Toolchain,
		SDK: m.SDK, What: m.what, Label: m.Label}
}
