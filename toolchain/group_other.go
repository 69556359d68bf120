//go:build !unix

package toolchain

import (
	"context"
	"os/exec"
)

// RunGroup runs a command. When ctx ends, the command is killed.
func RunGroup(_ context.Context, cmd *exec.Cmd) error { return cmd.Run() }
