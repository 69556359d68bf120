package bench

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"time"

	"github.com/header-auth/header-auth/bench/evidence"
	"github.com/header-auth/header-auth/build"
	"github.com/header-auth/header-auth/toolchain"
)

// Cost measures what making and keeping a build costs. The module has been made before, so that downloads do not
// count. With timed it is made twice more, in a copy of its sources: first with nothing kept but downloads, then after
// a change of one line. That takes up to a minute.
func Cost(ctx context.Context, root string, b build.Build, timed bool) (evidence.Cost, error) {
	cost := evidence.Cost{Build: b.Name}
	root, err := filepath.Abs(root)
	if err != nil {
		return cost, err
	}
	names := []string{b.Compiler}
	if b.Compiler == "tinygo" {
		names = append(names, "go") // which it calls
	}
	tools, err := toolchain.Obtain(ctx, names, toolchain.Options{Root: root})
	if err != nil {
		return cost, err
	}
	tool := tools[b.Compiler]
	if cost.Parts, err = partsOf(b.Name, tool.Version); err != nil {
		return cost, err
	}
	c, err := contents(ctx, root, b, tool)
	if err != nil {
		return cost, fmt.Errorf("cost of %s: %w", b.Name, err)
	}
	cost.Dependencies = c.dependencies
	if cost.Lines, err = countLines(root, c.files); err != nil {
		return cost, fmt.Errorf("cost of %s: %w", b.Name, err)
	}
	for _, tool := range tools {
		bytes, err := toolSize(ctx, root, tool)
		if err != nil {
			return cost, fmt.Errorf("cost of %s: %w", b.Name, err)
		}
		cost.ToolchainBytes += bytes
	}
	if timed {
		if cost.Cold, cost.Warm, err = buildTimes(ctx, root, b, c.files[0]); err != nil {
			return cost, fmt.Errorf("cost of %s: %w", b.Name, err)
		}
	}
	return cost, nil
}

// buildTimes makes a build in a copy of its sources, with its own caches for the compilers, and once more after a
// change in one file of the plugin. It returns the seconds that build.Run takes, each time.
func buildTimes(ctx context.Context, root string, b build.Build, changed string) (cold, warm float64, err error) {
	copied, err := os.MkdirTemp("", "header-auth-build-")
	if err != nil {
		return 0, 0, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(copied)) }()
	if copied, err = filepath.EvalSymlinks(copied); err != nil {
		return 0, 0, err
	}
	if err := copySources(root, copied, b); err != nil {
		return 0, 0, fmt.Errorf("copy sources: %w", err)
	}
	// Go's cache is where GOCACHE says, TinyGo's in the user's folder for caches, cargo's below ${work}, which is new.
	b.Recipe.Env = maps.Clone(b.Recipe.Env)
	if b.Recipe.Env == nil {
		b.Recipe.Env = map[string]string{}
	}
	b.Recipe.Env["GOCACHE"] = filepath.Join(copied, "cache", "go")
	b.Recipe.Env["XDG_CACHE_HOME"] = filepath.Join(copied, "cache")

	once := func() (float64, error) {
		begin := time.Now()
		results, err := build.Run(ctx, []build.Build{b}, build.Options{Root: copied, Jobs: 1})
		seconds := time.Since(begin).Seconds()
		if err == nil && results[0].UpToDate {
			err = errors.New("nothing was built: expected the changed file to be one of its sources")
		}
		return seconds, err
	}
	if cold, err = once(); err != nil {
		return 0, 0, err
	}
	if err := changeLine(filepath.Join(copied, filepath.FromSlash(changed))); err != nil {
		return 0, 0, fmt.Errorf("change a line: %w", err)
	}
	warm, err = once()
	return cold, warm, err
}

// copySources copies a build's sources to an empty folder, and links the compilers of this one into it.
func copySources(root, to string, b build.Build) error {
	files, err := b.Files(root)
	if err != nil {
		return err
	}
	for _, file := range files {
		text, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(file)))
		if err != nil {
			return err
		}
		place := filepath.Join(to, filepath.FromSlash(file))
		if err := os.MkdirAll(filepath.Dir(place), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(place, text, 0o644); err != nil {
			return err
		}
	}
	compilers := filepath.Join(root, ".cache", "toolchain")
	if _, err := os.Stat(compilers); err != nil {
		return nil // no compiler had to be obtained
	}
	if err := os.MkdirAll(filepath.Join(to, ".cache"), 0o755); err != nil {
		return err
	}
	return os.Symlink(compilers, filepath.Join(to, ".cache", "toolchain"))
}

// changeLine appends a line of code. A comment would not do: Go finds that the package came out the same, and does not
// link again.
func changeLine(file string) error {
	line := "\n" // another language: its compiler may notice that nothing changed
	switch filepath.Ext(file) {
	case ".go":
		line = "\nfunc changedByTheBenchmark() int { return 1 }\n"
	case ".rs":
		line = "\n#[allow(dead_code)] fn changed_by_the_benchmark() -> u8 { 1 }\n"
	}
	f, err := os.OpenFile(file, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	_, err = f.WriteString(line)
	return errors.Join(err, f.Close())
}
