//go:build unix

package toolchain

import (
	"context"
	"os/exec"
	"syscall"
)

// RunGroup runs a command in a process group of its own. When ctx ends, so does every process of the group: a compiler
// starts others. The command must be made with exec.CommandContext and ctx; cmd.WaitDelay is how long they may take.
func RunGroup(ctx context.Context, cmd *exec.Cmd) error {
	cmd.SysProcAttr = groupAttributes()
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGTERM) }
	err := cmd.Run()
	if ctx.Err() != nil && cmd.Process != nil {
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) // none is left, or it did not end
	}
	return err
}
