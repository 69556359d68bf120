package toolchain

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// steeringVariables would change what a compiler does or writes, so the caller's are removed. Mirrors, proxies and
// caches (GOPROXY, CARGO_HOME, CARGO_NET_…, CARGO_REGISTRIES_…) are the caller's choice and stay.
var steeringVariables = []string{
	"GOFLAGS", "GOOS", "GOARCH", "GOAMD64", "GOARM64", "GOWASM", "GOEXPERIMENT", "GOWORK", "GODEBUG", "GO111MODULE",
	"CGO_*", "CC", "CXX", "AR", "LD", "CFLAGS", "CXXFLAGS", "LDFLAGS", "TINYGOROOT", "WASMOPT",
	"RUSTC", "RUSTC_*", "RUSTDOC", "RUSTDOCFLAGS", "RUSTFLAGS", "RUSTUP_TOOLCHAIN", "CARGO", "CARGO_BUILD_*",
	"CARGO_ENCODED_*", "CARGO_INCREMENTAL", "CARGO_MANIFEST_*", "CARGO_PROFILE_*", "CARGO_TARGET_*",
	"CARGO_UNSTABLE_*", "__CARGO_*", "SOURCE_DATE_EPOCH",
}

// Environ is this process's environment without the variables that steer compilers. The folders come before PATH, and
// the KEY=value of set come last.
func Environ(path []string, set ...string) []string {
	var env []string
	for _, kv := range os.Environ() {
		key, value, _ := strings.Cut(kv, "=")
		if key == "PATH" {
			kv = "PATH=" + strings.Join(append(slices.Clone(path), value), string(filepath.ListSeparator))
		}
		if !slices.ContainsFunc(steeringVariables, func(s string) bool { return matches(s, key) }) {
			env = append(env, kv)
		}
	}
	return append(env, set...)
}

func matches(pattern, key string) bool {
	if prefix, ok := strings.CutSuffix(pattern, "*"); ok {
		return strings.HasPrefix(key, prefix)
	}
	return pattern == key
}

// command is one run of a program in the repository's folder.
type command struct {
	args  []string
	dir   string
	path  []string
	env   []string
	limit time.Duration // 0: ten seconds, enough for questions such as --version
	log   string        // the file for all output; "": stdout is returned, and stderr becomes part of the error
}

func (s *search) run(ctx context.Context, c command) (stdout string, err error) {
	if c.limit == 0 {
		c.limit = 10 * time.Second
	}
	ctx, cancel := context.WithTimeoutCause(ctx, c.limit, fmt.Errorf("took longer than %v", c.limit))
	defer cancel()

	cmd := exec.CommandContext(ctx, c.args[0], c.args[1:]...)
	cmd.Env = Environ(c.path, c.env...)
	cmd.WaitDelay = 2 * time.Second
	if cmd.Dir = c.dir; c.dir == "" {
		cmd.Dir = s.Root
	}
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if c.log != "" {
		f, err := openLog(c.log)
		if err != nil {
			return "", err
		}
		defer f.Close()
		fmt.Fprintf(f, "\n$ %s\n", strings.Join(c.args, " "))
		cmd.Stdout, cmd.Stderr = f, f
	}
	if err = RunGroup(ctx, cmd); err == nil {
		return out.String(), nil
	}
	if cause := context.Cause(ctx); cause != nil {
		err = cause
	}
	what := fmt.Errorf("run %s: %w", strings.Join(c.args, " "), err)
	switch {
	case c.log != "":
		what = fmt.Errorf("%w; %s ends with:\n%s", what, c.log, tail(c.log, 15))
	case errs.Len() > 0:
		what = fmt.Errorf("%w: %s", what, strings.TrimSpace(lastLine(errs.String())))
	}
	return out.String(), what
}

func openLog(file string) (*os.File, error) {
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return nil, fmt.Errorf("write the log: %w", err)
	}
	f, err := os.OpenFile(file, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return nil, fmt.Errorf("write the log: %w", err)
	}
	return f, nil
}

func tail(file string, lines int) string {
	text, err := os.ReadFile(file)
	if err != nil {
		return err.Error()
	}
	all := strings.Split(strings.TrimRight(string(text), "\n"), "\n")
	all = all[max(0, len(all)-lines):]
	return "    " + strings.Join(all, "\n    ")
}

func lastLine(text string) string {
	text = strings.TrimRight(text, "\n")
	return text[strings.LastIndexByte(text, '\n')+1:]
}

// lookPath is exec.LookPath with an absolute result: commands run in other folders.
func lookPath(name string) (string, error) {
	path, err := exec.LookPath(name)
	if errors.Is(err, exec.ErrDot) {
		err = nil
	}
	if err != nil {
		return "", err
	}
	return filepath.Abs(path)
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}
