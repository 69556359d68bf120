// Package toolchain finds the compilers this project needs, or obtains them.
//
// What is on PATH is used when its version is good enough (versions.yaml); else it is installed: packages by apt
// on Debian and Ubuntu, TinyGo as a Go tool into .cache/toolchain. Nothing else of the machine is touched.
package toolchain

import (
	"context"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"
	"sync"
)

// Options says where and for whom to look.
type Options struct {
	Root string    // the repository's folder, absolute
	Log  io.Writer // one line for each compiler, and what is being installed; nil: nowhere
}

// Tool is a compiler that is ready to be used.
type Tool struct {
	Name    string   // "go", "tinygo", "rust", or a program's own
	Version string   // "1.26.8"
	Origin  string   // where it was taken from, for people
	Details []string // what else decides about the bytes it writes: versions, digests; no paths

	Env  []string            // KEY=value, to be set for every command that uses it
	Path []string            // folders to put before PATH
	Vars map[string][]string // what ${variables} of a recipe stand for

	// more computes variables that take longer, only when something is really built.
	more func(ctx context.Context) (map[string][]string, error)
}

// Variables are the values of ${variables} in a recipe; this may run the compiler.
func (t *Tool) Variables(ctx context.Context) (map[string][]string, error) {
	vars := make(map[string][]string, len(t.Vars)+1)
	for k, v := range t.Vars {
		vars[k] = v
	}
	if t.more == nil {
		return vars, nil
	}
	more, err := t.more(ctx)
	for k, v := range more {
		vars[k] = v
	}
	return vars, err
}

// Finding is what a look for one compiler came to.
type Finding struct {
	Name string
	Tool *Tool    // nil: not there
	Lack string   // why not: what was found instead, what is missing
	Next string   // what Obtain would do about it; "": it can't
	Cure []string // the commands a person would type instead, in order; a line starting with "#" explains
}

func (f Finding) String() string {
	if f.Tool != nil {
		return fmt.Sprintf("%-7s %-8s %s", f.Name, f.Tool.Version, f.Tool.Origin)
	}
	return fmt.Sprintf("%-7s %-8s %s", f.Name, "missing", f.Lack)
}

// MissingError says that this machine lacks compilers, and which commands would get them.
type MissingError struct{ Findings []Finding }

func (e *MissingError) Error() string {
	var b strings.Builder
	for i, f := range e.Findings {
		if i > 0 {
			b.WriteByte('\n')
		}
		fmt.Fprintf(&b, "find %s: %s", f.Name, f.Lack)
		if len(f.Cure) > 0 {
			b.WriteString("; what would do:\n    " + strings.Join(f.Cure, "\n    "))
		}
	}
	return b.String()
}

// Names are the compilers this package knows how to obtain, in the order in which they are looked for.
func Names() []string { return []string{"go", "tinygo", "rust"} }

// Survey looks for compilers and changes nothing. A name that is not one of Names is looked for on PATH only.
func Survey(ctx context.Context, names []string, o Options) ([]Finding, error) {
	s, err := newSearch(ctx, o)
	if err != nil {
		return nil, err
	}
	return s.survey(ctx, names), nil
}

// Obtain looks for compilers and installs those that lack. It returns a *MissingError when some can't be had.
func Obtain(ctx context.Context, names []string, o Options) (map[string]*Tool, error) {
	s, err := newSearch(ctx, o)
	if err != nil {
		return nil, err
	}
	findings := s.survey(ctx, names)
	if slices.ContainsFunc(findings, func(f Finding) bool { return f.Tool == nil && f.Next != "" }) {
		// Somebody else may be installing the same: wait for him, and look again.
		unlock, err := Lock(ctx, filepath.Join(s.cache, "lock"))
		if err != nil {
			return nil, err
		}
		defer unlock()
		findings = s.survey(ctx, names)
		for i, f := range findings {
			if f.Tool == nil && f.Next != "" {
				findings[i] = s.install(ctx, f)
			}
		}
	}

	tools := make(map[string]*Tool, len(findings))
	var missing []Finding
	for _, f := range findings {
		s.logf("%s", f)
		if f.Tool == nil {
			missing = append(missing, f)
			continue
		}
		tools[f.Name] = f.Tool
	}
	if len(missing) > 0 {
		return tools, &MissingError{missing}
	}
	return tools, nil
}

// search is one look at one machine.
type search struct {
	Options
	versions
	system
	cache string // .cache/toolchain
}

func newSearch(ctx context.Context, o Options) (*search, error) {
	v, err := loadVersions()
	if err != nil {
		return nil, err
	}
	root, err := filepath.Abs(o.Root)
	if err != nil {
		return nil, fmt.Errorf("find repository: %w", err)
	}
	o.Root = root
	return &search{o, v, thisSystem(ctx), filepath.Join(root, ".cache", "toolchain")}, nil
}

func (s *search) logf(format string, args ...any) {
	if s.Log != nil {
		fmt.Fprintf(s.Log, format+"\n", args...)
	}
}

func (s *search) survey(ctx context.Context, names []string) []Finding {
	findings := make([]Finding, len(names))
	var wg sync.WaitGroup
	for i, name := range names {
		wg.Go(func() { findings[i] = s.find(ctx, name) })
	}
	wg.Wait()
	return findings
}

func (s *search) find(ctx context.Context, name string) Finding {
	switch name {
	case "go":
		return s.findGo(ctx)
	case "tinygo":
		return s.findTinyGo(ctx)
	case "rust":
		return s.findRust(ctx)
	}
	return s.findProgram(ctx, name)
}

// install obtains what a finding lacks, then looks again.
func (s *search) install(ctx context.Context, f Finding) Finding {
	var err error
	switch f.Name {
	case "tinygo":
		err = s.installTinyGo(ctx)
	case "rust":
		err = s.installRust(ctx)
	}
	again := s.find(ctx, f.Name)
	if again.Tool == nil && err != nil {
		again.Lack = err.Error()
	}
	return again
}
