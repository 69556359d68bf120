package build

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"github.com/header-auth/header-auth/toolchain"
)

// Options are what Run needs to know.
type Options struct {
	Root     string    // the repository's folder
	Jobs     int       // how many builds run at once, at most; 0: 2
	Log      io.Writer // gets a line for each compiler, and for each module that was built; nil: none
	Progress bool      // write a line when a build starts, too
}

// Result is the outcome of one build.
type Result struct {
	Build
	Path       string // the module, absolute
	Provenance Provenance
	UpToDate   bool  // the module was there already, from the same sources and the same compiler
	Err        error // the recipe failed; the message ends with the last lines of its output
}

// Run builds the modules that are not up to date, and first obtains the compilers they need.
//
// The error is a *toolchain.MissingError when a compiler can't be obtained: then nothing is built. Otherwise it joins
// the errors of the builds, a *ListError for a wrong recipe, and the results are complete, in the order of the
// builds.
func Run(ctx context.Context, builds []Build, o Options) ([]Result, error) {
	root, err := filepath.Abs(o.Root)
	if err != nil {
		return nil, fmt.Errorf("find repository: %w", err)
	}
	o.Root = root
	tools, err := toolchain.Obtain(ctx, compilers(builds), toolchain.Options{Root: root, Log: o.Log})
	if err != nil {
		return nil, err
	}
	if o.Jobs <= 0 {
		o.Jobs = 2
	}
	r := &runner{Options: o, tools: tools, slots: make(chan struct{}, o.Jobs)}
	for _, b := range builds {
		r.width = max(r.width, len(b.Name))
	}
	results := make([]Result, len(builds))
	var wg sync.WaitGroup
	for i, b := range builds {
		wg.Go(func() { results[i] = r.one(ctx, b) })
	}
	wg.Wait()

	var errs []error
	for _, result := range results {
		errs = append(errs, result.Err)
	}
	return results, errors.Join(errs...)
}

// compilers are those that the builds need, in the order of toolchain.Names. TinyGo needs go, too.
func compilers(builds []Build) []string {
	var names []string
	need := func(name string) bool {
		return slices.ContainsFunc(builds, func(b Build) bool {
			return b.Compiler == name || name == "go" && b.Compiler == "tinygo"
		})
	}
	for _, name := range toolchain.Names() {
		if need(name) {
			names = append(names, name)
		}
	}
	for _, b := range builds {
		if !slices.Contains(names, b.Compiler) {
			names = append(names, b.Compiler)
		}
	}
	return names
}

type runner struct {
	Options
	tools map[string]*toolchain.Tool
	slots chan struct{}
	width int        // of the longest name, in Log
	mu    sync.Mutex // of Log
}

func (r *runner) logf(format string, args ...any) {
	if r.Log != nil {
		r.mu.Lock()
		defer r.mu.Unlock()
		fmt.Fprintf(r.Log, format+"\n", args...)
	}
}

func (r *runner) one(ctx context.Context, b Build) Result {
	result := Result{Build: b, Path: filepath.Join(r.Root, filepath.FromSlash(b.Wasm))}
	result.Provenance, result.UpToDate, result.Err = r.make(ctx, b)
	return result
}

func (r *runner) make(ctx context.Context, b Build) (p Provenance, fresh bool, err error) {
	tool := r.tools[b.Compiler]
	key, err := key(b, tool, r.Root)
	if err != nil {
		return p, false, err
	}
	if p, ok := upToDate(r.Root, b, key); ok {
		return p, true, nil
	}
	select {
	case r.slots <- struct{}{}:
		defer func() { <-r.slots }()
	case <-ctx.Done():
		return p, false, ctx.Err()
	}
	// Another process may be making the same build: then wait, and take its module.
	unlock, err := toolchain.Lock(ctx, filepath.Join(r.workFolder(b), "lock"))
	if err != nil {
		return p, false, err
	}
	defer unlock()
	if p, ok := upToDate(r.Root, b, key); ok {
		return p, true, nil
	}

	if r.Progress {
		r.logf("%-*s building", r.width, b.Name)
	}
	began := time.Now()
	if p, err = r.compile(ctx, b, tool, key); err != nil {
		return p, false, fmt.Errorf("build %s: %w", b.Name, err)
	}
	r.logf("%-*s built in %.1f s, %d bytes, sha256 %s", r.width, b.Name, time.Since(began).Seconds(), p.Size, p.SHA256)
	return p, false, nil
}

// workFolder is the recipe's ${work}.
func (r *runner) workFolder(b Build) string { return filepath.Join(r.Root, ".cache", "build", b.Name) }
