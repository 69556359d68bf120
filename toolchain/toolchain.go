// Package toolchain finds the compilers this project needs, or obtains them.
//
// A compiler on PATH is used when versions.yaml accepts its version. Otherwise it is installed: by apt on Debian and
// Ubuntu, by rustup for Rust's WebAssembly target, and as a Go tool in a cache for TinyGo. Nothing else is
// changed.
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

// Options are what Survey and Obtain need to know.
type Options struct {
	Root  string    // the project's folder, absolute
	Cache string    // the folder for compilers that are made here; "": CacheFolder of Root
	Log   io.Writer // gets a line for each compiler, and what is being installed; nil: none
}

// Tool is a compiler that is ready for use.
type Tool struct {
	Name    string   // "go", "tinygo", "rust", or the name of another program
	Version string   // "1.26.8"
	Origin  string   // where it was found, in words
	Details []string // everything that influences the bytes it writes: versions and digests, but no paths

	Env  []string            // KEY=value; every command that uses the compiler needs these
	Path []string            // folders that come before PATH
	Vars map[string][]string // the values of ${variables} in a recipe

	// slowVariables computes those that take longer. It is called only before a build.
	slowVariables func(ctx context.Context) (map[string][]string, error)
}

// Variables are the values of ${variables} in a recipe. Computing them may run the compiler.
func (t *Tool) Variables(ctx context.Context) (map[string][]string, error) {
	vars := make(map[string][]string, len(t.Vars)+1)
	for k, v := range t.Vars {
		vars[k] = v
	}
	if t.slowVariables == nil {
		return vars, nil
	}
	more, err := t.slowVariables(ctx)
	for k, v := range more {
		vars[k] = v
	}
	return vars, err
}

// Finding is the result of looking for one compiler.
type Finding struct {
	Name     string
	Tool     *Tool    // nil: missing
	Problem  string   // why it is missing, or why what was found is not accepted
	Plan     string   // what Obtain would do; "": it can't obtain this one here
	Commands []string // what a person can type instead, in order; a line that starts with "#" explains
}

func (f Finding) String() string {
	if f.Tool != nil {
		return fmt.Sprintf("%-7s %-8s %s", f.Name, f.Tool.Version, f.Tool.Origin)
	}
	return fmt.Sprintf("%-7s %-8s %s", f.Name, "missing", f.Problem)
}

// MissingError names the compilers that are missing, and the commands that install them.
type MissingError struct{ Findings []Finding }

func (e *MissingError) Error() string {
	var b strings.Builder
	for i, f := range e.Findings {
		if i > 0 {
			b.WriteByte('\n')
		}
		fmt.Fprintf(&b, "find %s: %s", f.Name, f.Problem)
		if len(f.Commands) > 0 {
			b.WriteString("; install it with:\n    " + strings.Join(f.Commands, "\n    "))
		}
	}
	return b.String()
}

// Names are the compilers that Obtain can install, in the order in which it looks for them.
func Names() []string { return []string{"go", "tinygo", "rust"} }

// Survey looks for compilers and changes nothing. A name that is not among Names is looked for on PATH only.
func Survey(ctx context.Context, names []string, o Options) ([]Finding, error) {
	s, err := newSearch(ctx, o)
	if err != nil {
		return nil, err
	}
	return s.survey(ctx, names), nil
}

// Obtain looks for compilers and installs the missing ones. The error is a *MissingError when it can't install them
// all.
func Obtain(ctx context.Context, names []string, o Options) (map[string]*Tool, error) {
	s, err := newSearch(ctx, o)
	if err != nil {
		return nil, err
	}
	findings := s.survey(ctx, names)
	if slices.ContainsFunc(findings, func(f Finding) bool { return f.Tool == nil && f.Plan != "" }) {
		// Another process may be installing the same compiler: wait for it, and look again.
		unlock, err := Lock(ctx, filepath.Join(s.Cache, "lock"))
		if err != nil {
			return nil, err
		}
		defer unlock()
		findings = s.survey(ctx, names)
		for i, f := range findings {
			if f.Tool == nil && f.Plan != "" {
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
	if o.Cache == "" {
		if o.Cache, err = CacheFolder(root); err != nil {
			return nil, fmt.Errorf("find the folder for compilers: %w", err)
		}
	}
	return &search{o, v, thisSystem(ctx)}, nil
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

// install installs one compiler, then looks again.
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
		again.Problem = err.Error()
	}
	return again
}
