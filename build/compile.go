package build

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/header-auth/header-auth/internal/input"
	"github.com/header-auth/header-auth/toolchain"
)

// compile runs a recipe and moves the module to its place, with its provenance beside it.
func (r *runner) compile(ctx context.Context, b Build, tool *toolchain.Tool, key string) (p Provenance, err error) {
	file := filepath.Join(r.Root, filepath.FromSlash(b.Wasm))
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return p, err
	}
	temp, err := toolchain.UnfinishedFolder(r.workFolder(b)) // Lock has made the folder
	if err != nil {
		return p, err
	}
	defer os.RemoveAll(temp)

	vars, err := tool.Variables(ctx)
	if err != nil {
		return p, err
	}
	out := filepath.Join(temp, b.Name+".wasm")
	vars["root"], vars["work"], vars["out"] = []string{r.Root}, []string{r.workFolder(b)}, []string{out}
	vars["flags"] = b.Flags
	if vars["flags"], err = expand(b.Flags, vars); err != nil {
		return p, err
	}
	if err := r.execute(ctx, b, tool, vars); err != nil {
		return p, err
	}
	if b.Recipe.Produces != "" {
		if out, err = expandOne(b.Recipe.Produces, vars); err != nil {
			return p, err
		}
	}
	module, err := input.ReadRegular(out, mostFile)
	if err != nil {
		return p, fmt.Errorf("the recipe wrote no module: %v", err)
	}
	if !bytes.HasPrefix(module, []byte("\x00asm\x01\x00\x00\x00")) {
		return p, fmt.Errorf("the recipe wrote no WebAssembly module: expected \\0asm and version 1 "+
			"at the start of its %d bytes", len(module))
	}

	sum := sha256.Sum256(module)
	p = provenance(b, tool, key, hex.EncodeToString(sum[:]), len(module))
	// Remove the old provenance first and write the new one last, so that a provenance never describes another module.
	if err := os.Remove(provenanceOf(file)); err != nil && !errors.Is(err, os.ErrNotExist) {
		return p, err
	}
	if err := replaceFile(file, module); err != nil {
		return p, err
	}
	return p, p.save(provenanceOf(file))
}

func (r *runner) execute(ctx context.Context, b Build, tool *toolchain.Tool, vars map[string][]string) error {
	args, err := expand(b.Recipe.Command, vars)
	if err != nil {
		return err
	}
	env := slices.Clone(tool.Env)
	for _, name := range slices.Sorted(maps.Keys(b.Recipe.Env)) {
		value, err := expandOne(b.Recipe.Env[name], vars)
		if err != nil {
			return err
		}
		env = append(env, name+"="+value)
	}
	cmd := exec.CommandContext(ctx, args[0], args[1:]...)
	cmd.Dir, cmd.Env, cmd.WaitDelay = r.Root, toolchain.Environ(tool.Path, env...), 5*time.Second
	var output bytes.Buffer
	cmd.Stdout, cmd.Stderr = &output, &output
	err = toolchain.RunGroup(ctx, cmd)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err != nil {
		return fmt.Errorf("run %s: %w\n%s", strings.Join(args, " "), err, lastLines(output.String(), 40))
	}
	return nil
}

func lastLines(text string, n int) string {
	lines := strings.Split(strings.TrimRight(text, "\n"), "\n")
	return "    " + strings.Join(lines[max(0, len(lines)-n):], "\n    ")
}

// replaceFile writes a new file and renames it, so that a reader never sees half of it.
func replaceFile(file string, content []byte) error {
	f, err := os.CreateTemp(filepath.Dir(file), "."+filepath.Base(file)+"-")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name()) // after the rename there is none
	_, err = f.Write(content)
	if err := errors.Join(err, f.Chmod(0o644), f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), file)
}
