package mutants

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/header-auth/header-auth/toolchain"
)

// rustReader runs the program in the folder rustreader, which parses Rust with syn and prints the mutants of a crate.
type rustReader struct {
	root  string // the repository's folder, absolute
	cache string // the folder below which the program is built
	rust  *toolchain.Tool
}

// rustChange is a line that the program prints; its src/main.rs describes the fields.
type rustChange struct {
	File     string   `json:"file"`
	Function string   `json:"function"`
	Operator Operator `json:"operator"`
	Line     int      `json:"line"`
	Start    int      `json:"start"`
	End      int      `json:"end"`
	Before   string   `json:"before"`
	After    string   `json:"after"`
}

// mutants gives the mutants of the files of one crate, which are in dir; sources are their contents by name.
func (r rustReader) mutants(ctx context.Context, dir string, sources map[string][]byte) ([]Mutant, error) {
	names := sortedNames(sources)
	lines, err := r.run(ctx, dir, names)
	if err != nil {
		return nil, err
	}
	files := map[string]*mutator{}
	for _, name := range names {
		files[name] = &mutator{file: name, source: string(sources[name])}
	}
	for decoder := json.NewDecoder(bytes.NewReader(lines)); ; {
		var c rustChange
		if err := decoder.Decode(&c); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return nil, fmt.Errorf("read what rustreader printed: %w", err)
		}
		m := files[c.File]
		if m == nil || c.Start < 0 || c.Start > c.End || c.End > len(m.source) || m.source[c.Start:c.End] != c.Before {
			return nil, fmt.Errorf("read what rustreader printed: %s: bytes %d to %d are not %q", c.File, c.Start,
				c.End, c.Before)
		}
		if !slices.Contains(operators(), c.Operator) {
			return nil, fmt.Errorf("read what rustreader printed: %s:%d: no operator %q", c.File, c.Line, c.Operator)
		}
		m.function = c.Function
		m.replace(c.Operator, c.Start, c.End, c.After)
	}
	var all []Mutant
	for _, name := range names {
		all = append(all, files[name].done()...)
	}
	return all, nil
}

// unbuilt is the exit code of cargo run when it can't build the program. The program's own code for a faulty source
// is 2.
const unbuilt = 101

// run builds the program if its sources have changed, and returns what it prints about the files. The error is a
// *toolchain.MissingError when cargo can't build it, for instance because it can't download the crates.
func (r rustReader) run(ctx context.Context, dir string, files []string) ([]byte, error) {
	args := slices.Concat(r.rust.Vars["cargo"], []string{"run", "--quiet", "--locked",
		"--manifest-path=" + filepath.Join(r.root, "conformance", "mutants", "rustreader", "Cargo.toml"),
		"--target-dir=" + filepath.Join(r.cache, "build", "rustreader"), "--"}, files)
	cmd := exec.CommandContext(ctx, args[0], args[1:]...)
	cmd.Dir, cmd.WaitDelay = dir, 5*time.Second
	cmd.Env = toolchain.Environ(r.rust.Path, r.rust.Env...)
	var lines, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &lines, &stderr
	err := toolchain.RunGroup(ctx, cmd)
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	says := strings.TrimSpace(stderr.String())
	var exit *exec.ExitError
	if errors.As(err, &exit) && exit.ExitCode() == unbuilt {
		return nil,
			&toolchain.MissingError{Findings: []toolchain.Finding{{Name: "rustreader",
				Problem: "cargo could not build it: " + says}}}
	}
	if err != nil {
		return nil, fmt.Errorf("read the Rust sources: %w: %s", err, says)
	}
	return lines.Bytes(), nil
}
