package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os/exec"
	"runtime"
	"runtime/debug"
	"strings"
)

const versionHelp = `Usage: parity version

Prints the versions of parity, of the Go that built it, and of wazero, which runs the modules.

Exit codes: 0; 2 the call is wrong.
`

// runVersion is the command "version".
func runVersion(_ context.Context, args []string, stdout, stderr io.Writer) int {
	if code, done := parseFlags(flag.NewFlagSet("version", flag.ContinueOnError), args, versionHelp, stdout,
		stderr); done {
		return code
	}
	fmt.Fprintf(stdout, "parity %s, %s, wazero %s\n", ownVersion(), runtime.Version(), wazeroVersion())
	return 0
}

func ownVersion() string {
	info, ok := debug.ReadBuildInfo()
	if !ok || info.Main.Version == "" {
		return "(unknown)"
	}
	return info.Main.Version
}

func wazeroVersion() string {
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, m := range info.Deps {
			if m.Path == "github.com/tetratelabs/wazero" {
				return strings.TrimPrefix(m.Version, "v")
			}
		}
	}
	return "(unknown)"
}

// revision is the commit of the working tree at root, and whether the tree differs from it; ""
// outside a git repository.
func revision(ctx context.Context, root string) (commit string, dirty bool) {
	git := func(args ...string) (string, error) {
		out, err := exec.CommandContext(ctx, "git", append([]string{"-C", root}, args...)...).Output()
		return strings.TrimSpace(string(out)), err
	}
	commit, err := git("rev-parse", "HEAD")
	if err != nil {
		return "", false
	}
	changes, err := git("status", "--porcelain")
	return commit, err != nil || changes != ""
}
