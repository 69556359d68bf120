package proxy

import (
	"fmt"
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

// RefusingPort takes a TCP port of this machine, on which all connections are refused until release is called.
func RefusingPort() (port int, release func(), err error) {
	socket, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return 0, nil, fmt.Errorf("make a socket: %w", err)
	}
	release = func() { _ = unix.Close(socket) }
	local := &unix.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}
	if err = unix.Bind(socket, local); err == nil {
		var taken unix.Sockaddr
		if taken, err = unix.Getsockname(socket); err == nil {
			return taken.(*unix.SockaddrInet4).Port, release, nil
		}
	}
	release()
	return 0, nil, fmt.Errorf("take a port: %w", err)
}

func unmap(memory []byte) { _ = unix.Munmap(memory) }
