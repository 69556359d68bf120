package proxy

import (
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// supported says why no Envoy can be run here; nil: it can.
func supported() error { return nil }

// attributes put a process into a group of its own, so that Ctrl-C is for the parent alone, and end it with the thread
// that has started it.
func attributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}

func killGroup(pid int) {
	_ = syscall.Kill(-pid, syscall.SIGKILL) // it may have ended
}

func mapFile(f *os.File, size int) ([]byte, error) {
	return unix.Mmap(int(f.Fd()), 0, size, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
}

func unmap(memory []byte) { _ = unix.Munmap(memory) }
