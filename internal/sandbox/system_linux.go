package sandbox

import "syscall"

// attributes: an interrupt of the terminal reaches the parent alone, and a process ends with it.
func attributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}
