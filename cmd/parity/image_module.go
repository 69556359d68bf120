package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/header-auth/header-auth/build"
	"github.com/header-auth/header-auth/conformance/suite"
	"github.com/header-auth/header-auth/host/load"
	"github.com/header-auth/header-auth/host/profile"
	"github.com/header-auth/header-auth/image"
	"github.com/header-auth/header-auth/internal/input"
	"github.com/header-auth/header-auth/report"
)

// Labels that say what made a module; the specification of images has none for that.
const (
	toolchainLabel = "io.github.header-auth.toolchain"
	sdkLabel       = "io.github.header-auth.sdk"
	revisionLabel  = "org.opencontainers.image.revision"
)

// imageModule is a module that goes into an image, or comes out of one.
type imageModule struct {
	wasm           []byte
	toolchain, sdk string // what made it, "" if that is unknown
	revision       string // the commit of the sources, "" if that is unknown

	found *load.Inspection
}

// imageBuild is the build that goes into an image or a manifest, and whether it is one of header-auth's own plugin:
// that of a language, or in a folder with other builds the one that is named, or the only one.
func imageBuild(root, name, lang string) (b build.Build, ours bool, err error) {
	if root == "" {
		return b, false, usagef("there is no %s here or above: name a file with --wasm", build.File)
	}
	list, err := build.Load(filepath.Join(root, build.File))
	if err != nil {
		return b, false, err
	}
	var names []string
	for _, b := range list.Builds {
		for _, known := range []string{"go", "rust"} {
			ours = ours || b.Wasm == image.DefaultWasm(known)
		}
		if name == "" && b.Wasm == image.DefaultWasm(lang) {
			return b, true, nil
		}
		names = append(names, b.Name)
	}
	switch {
	case name == "" && ours:
		return b, false, usagef("no build of %s makes %s: name a file with --wasm", build.File, image.DefaultWasm(lang))
	case name == "" && len(names) > 1:
		return b, false, usagef("which build? give --build %s", strings.Join(names, " or --build "))
	case name == "":
		return list.Builds[0], false, nil
	}
	chosen, err := list.Select([]string{name})
	if err != nil {
		return b, false, err
	}
	return chosen[0], false, nil
}

// buildImageModule makes a build, and no other.
func buildImageModule(ctx context.Context, root string, b build.Build, stderr io.Writer) (m imageModule, err error) {
	results, err := build.Run(ctx, []build.Build{b}, build.Options{Root: root, Jobs: 1, Log: remarks(stderr),
		Progress: isTerminal(stderr)})
	if err != nil {
		return m, err
	}
	p := results[0].Provenance
	m.toolchain = strings.TrimSpace(p.Compiler.Name + " " + p.Compiler.Version)
	m.sdk = strings.TrimSpace(p.SDK.Name + " " + p.SDK.Version)
	if commit, dirty := revision(ctx, root); commit != "" && !dirty {
		m.revision = commit
	}
	m.wasm, err = image.ReadModule(fromRoot(root, b.Wasm))
	return m, err
}

// ownLabels are those of the image of a plugin that is not header-auth's.
func ownLabels(name string) map[string]string {
	return map[string]string{"org.opencontainers.image.title": name}
}

// inspect looks at the module, and starts it as the current Envoy would.
func (m *imageModule) inspect(ctx context.Context) (err error) {
	if m.found, err = load.Inspect(m.wasm); err != nil {
		return err
	}
	for i := range m.found.Verdicts {
		if v := m.found.Verdicts[i : i+1]; v[0].Profile == profile.Default {
			if err := (pluginStart{deadline: suite.Deadline}).try(ctx, m.wasm, m.found, v); err != nil {
				return err
			}
		}
	}
	t := m.found.Toolchain
	m.toolchain = cmp.Or(m.toolchain, strings.TrimSpace(t.Compiler+" "+t.Version))
	m.sdk = cmp.Or(m.sdk, t.SDK)
	return ctx.Err()
}

// current is what the current Envoy makes of the module.
func (m *imageModule) current() load.Verdict {
	for _, v := range m.found.Verdicts {
		if v.Profile == profile.Default {
			return v
		}
	}
	return load.Verdict{}
}

func (m *imageModule) faults() []load.Fault { return m.current().Faults }

func (m *imageModule) warnings() []load.Fault {
	return append(m.found.Warnings, m.current().Warnings...)
}

// label adds what made the module to the labels of its image; what the call says itself goes first.
func (m *imageModule) label(labels map[string]string) {
	for key, value := range map[string]string{toolchainLabel: m.toolchain, sdkLabel: m.sdk, revisionLabel: m.revision} {
		if _, given := labels[key]; value != "" && !given {
			labels[key] = printable(value)
		}
	}
}

// failingCases runs the whole table on a module and says in one line which cases fail; "" if none does.
func failingCases(ctx context.Context, root string, builds nameList, wasm []byte, stderr io.Writer) (string, error) {
	s := selection{root: root, builds: builds}
	r, err := tableOn(ctx, &s, wasm, stderr)
	if err != nil || r.Conformant() {
		return "", err
	}
	failed, first := 0, ""
	for _, result := range r.Results {
		if result.Outcome.Red() {
			if failed++; failed == 1 {
				first = result.Case
			}
		}
	}
	return fmt.Sprintf("%d of %d cases of the table fail, the first is %s: parity check shows them", failed,
		len(r.Results), first), nil
}

// tableOn runs a table on one module.
func tableOn(ctx context.Context, s *selection, wasm []byte, stderr io.Writer) (*report.Report, error) {
	s.engine, s.profile, s.allocate = "wazero", profile.Default.String(), "envoy"
	options, err := s.hostOptions(stderr)
	if err != nil {
		return nil, err
	}
	t, dir, err := s.loadTable()
	if err != nil {
		return nil, err
	}
	m, line := s.module("image", "plugin.wasm", wasm), newProgress(stderr)
	r := runTable(ctx, t, []suite.Subject{m.Subject}, suite.RunOptions{Host: options, Workers: runtime.GOMAXPROCS(0),
		Progress: line.step})
	line.clear()
	r.Table.Folder, r.Table.Cases = dir, t.Len()
	r.Host = report.Host{Wazero: wazeroVersion(), Engine: engineName(options), Profile: options.Profile.String(),
		Allocator: options.Allocator.String()}
	r.Machine = report.Machine{OS: runtime.GOOS, Arch: runtime.GOARCH, CPUs: runtime.GOMAXPROCS(0), Go: runtime.Version()}
	return r, ctx.Err()
}

// localBuild compares a module with those of builds.yaml that are in dist: it gives the file with the same bytes, else
// where the build that is pushed under that name begins to differ; "" if nothing can be compared.
func localBuild(root, name string, p *image.Pulled) string {
	if root == "" {
		return ""
	}
	list, err := build.Load(filepath.Join(root, build.File))
	if err != nil {
		return ""
	}
	other := ""
	for _, b := range list.Builds {
		wasm, err := input.ReadRegular(fromRoot(root, b.Wasm), mostModule)
		if err != nil {
			continue
		}
		differs := p.Compare(wasm)
		if differs == "" {
			return "the same bytes as " + b.Wasm
		}
		for _, lang := range []string{"go", "rust"} {
			if b.Wasm == image.DefaultWasm(lang) && strings.HasSuffix(name, "header-auth-"+lang) {
				other = "not " + b.Wasm + " of this folder, which differs " + differs
			}
		}
	}
	return other
}
