package bench

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"github.com/header-auth/header-auth/build"
	"github.com/header-auth/header-auth/toolchain"
)

// content is what goes into a build.
type content struct {
	files        []string // the plugin's own, relative to the repository, with slashes
	dependencies []string // name@version, sorted; without the standard library
}

// contents asks the compiler what goes into a build. For a compiler that is not known here, files are the build's
// sources, and there are no dependencies.
func contents(ctx context.Context, root string, b build.Build, tool *toolchain.Tool) (c content, err error) {
	switch b.Compiler {
	case "go", "tinygo":
		c, err = goContents(ctx, root, b, tool)
	case "rust":
		c, err = rustContents(ctx, root, b, tool)
	default:
		c.files, err = codeFiles(root, b)
	}
	if err == nil && len(c.files) == 0 {
		err = errors.New("none of the plugin's files goes into it")
	}
	slices.Sort(c.files)
	slices.Sort(c.dependencies)
	c.dependencies = slices.Compact(c.dependencies)
	return c, err
}

// codeFiles are a build's sources without the files that only configure it.
func codeFiles(root string, b build.Build) ([]string, error) {
	files, err := b.Files(root)
	return slices.DeleteFunc(files, func(file string) bool {
		return slices.Contains([]string{"", ".toml", ".lock", ".mod", ".sum", ".json", ".yaml", ".yml", ".md"},
			filepath.Ext(file))
	}), err
}

// goPackage is what go list says of a package.
type goPackage struct {
	Dir      string
	GoFiles  []string
	CgoFiles []string
	Module   *goModule // nil: of the standard library
}

type goModule struct {
	Path    string
	Version string
	Main    bool
	Replace *goModule
}

// goContents runs go list, or tinygo list, with the tags and the target of the build.
func goContents(ctx context.Context, root string, b build.Build, tool *toolchain.Tool) (c content, err error) {
	vars := maps.Clone(tool.Vars)
	vars["out"], vars["root"], vars["work"] = []string{"-"}, []string{root}, []string{root}
	args, err := b.Command(vars)
	if err != nil {
		return c, err
	}
	args = withoutOutput(args)
	if i := slices.Index(args, "build"); i > 0 {
		args = slices.Replace(args, i, i+1, "list", "-deps", "-json")
	}
	out, err := askTool(ctx, root, b, tool, args)
	if err != nil {
		return c, err
	}
	for d := json.NewDecoder(bytes.NewReader(out)); ; {
		var p goPackage
		err := d.Decode(&p)
		switch {
		case errors.Is(err, io.EOF):
			return c, nil
		case err != nil:
			return c, fmt.Errorf("read what %s says: %w", strings.Join(args, " "), err)
		case p.Module == nil:
			continue
		case p.Module.Main:
			for _, file := range slices.Concat(p.GoFiles, p.CgoFiles) {
				c.files = append(c.files, relative(root, filepath.Join(p.Dir, file)))
			}
			continue
		}
		if p.Module.Replace != nil {
			p.Module = p.Module.Replace
		}
		c.dependencies = append(c.dependencies, p.Module.Path+"@"+p.Module.Version)
	}
}

// withoutOutput takes -o and its value away.
func withoutOutput(args []string) []string {
	if i := slices.Index(args, "-o"); i >= 0 && i+1 < len(args) {
		return slices.Delete(slices.Clone(args), i, i+2)
	}
	return args
}

// rustContents reads the list of files that rustc has written beside the module, and asks cargo for the crates of the
// target. Those of build scripts, tests and macros do not get into the module.
func rustContents(ctx context.Context, root string, b build.Build, tool *toolchain.Tool) (c content, err error) {
	module := strings.ReplaceAll(b.Recipe.Produces, "${work}", filepath.Join(root, ".cache", "build", b.Name))
	list, err := os.ReadFile(strings.TrimSuffix(module, ".wasm") + ".d")
	if err != nil {
		return c, fmt.Errorf("read which files went into it: %w", err)
	}
	c.files = dependencyFiles(root, string(list))

	args := []string{tool.Vars["cargo"][0], "tree", "--locked", "--edges=normal,no-proc-macro", "--prefix=none",
		"--format={p}"}
	for _, arg := range slices.Concat(b.Flags, b.Recipe.Command) {
		if strings.HasPrefix(arg, "--package=") || strings.HasPrefix(arg, "--target=") ||
			strings.HasPrefix(arg, "--features=") {
			args = append(args, arg)
		}
	}
	out, err := askTool(ctx, root, b, tool, args)
	if err != nil {
		return c, err
	}
	for line := range strings.Lines(string(out)) {
		// "serde v1.0.228", with "(*)" when it was listed before, and with a folder when it is no dependency.
		fields := strings.Fields(line)
		if len(fields) < 2 || len(fields) > 2 && strings.HasPrefix(fields[2], "(/") {
			continue
		}
		c.dependencies = append(c.dependencies, fields[0]+"@"+strings.TrimPrefix(fields[1], "v"))
	}
	return c, nil
}

// dependencyFiles are the files below root that a makefile's rule names. rustc writes it as "target: file file …",
// with a backslash before a space inside a name.
func dependencyFiles(root, rule string) (files []string) {
	_, list, _ := strings.Cut(rule, ": ")
	list, _, _ = strings.Cut(list, "\n")
	for _, file := range strings.Fields(strings.ReplaceAll(list, `\ `, "\x00")) {
		if file = relative(root, strings.ReplaceAll(file, "\x00", " ")); !strings.HasPrefix(file, "../") {
			files = append(files, file)
		}
	}
	return files
}

func relative(root, file string) string {
	if rel, err := filepath.Rel(root, file); err == nil {
		file = rel
	}
	return filepath.ToSlash(file)
}

// askTool runs a compiler's program as the build's recipe would, and returns its standard output.
func askTool(ctx context.Context, root string, b build.Build, tool *toolchain.Tool, args []string) ([]byte, error) {
	env := slices.Clone(tool.Env)
	for _, name := range slices.Sorted(maps.Keys(b.Recipe.Env)) {
		if value := b.Recipe.Env[name]; !strings.Contains(value, "${") { // such values are flags for the compiler
			env = append(env, name+"="+value)
		}
	}
	cmd := exec.CommandContext(ctx, args[0], args[1:]...)
	cmd.Dir, cmd.Env = root, toolchain.Environ(tool.Path, env...)
	var errs bytes.Buffer
	cmd.Stderr = &errs
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("run %s: %w: %s", strings.Join(args, " "), err, lastLine(errs.String()))
	}
	return out, nil
}
