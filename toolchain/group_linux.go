package toolchain

import "syscall"

// groupAttributes: the kernel ends a compiler whose parent was killed. What it has started ends by itself.
func groupAttributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}
