//go:build unix

package sandbox

import (
	"fmt"
	"os"
	"unsafe"

	"golang.org/x/sys/unix"
)

// newPage makes a page, and the file by which a process that is started gets it.
func newPage() (*Page, *os.File, error) {
	f, err := os.CreateTemp("", "parity-*")
	if err != nil {
		return nil, nil, err
	}
	_ = os.Remove(f.Name()) // its memory stays as long as a process has it
	if err := f.Truncate(int64(pageBytes)); err != nil {
		_ = f.Close()
		return nil, nil, err
	}
	p, err := mapPage(f)
	if err != nil {
		_ = f.Close()
	}
	return p, f, err
}

func mapPage(f *os.File) (*Page, error) {
	b, err := unix.Mmap(int(f.Fd()), 0, pageBytes, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
	if err != nil {
		return nil, fmt.Errorf("share memory: %w", err)
	}
	return &Page{shared: (*shared)(unsafe.Pointer(&b[0])), last: func() error { return unix.Munmap(b) }}, nil
}

// inherited is the page of this process: file 3 is the first that exec.Cmd.ExtraFiles gives.
func inherited() (*Page, error) {
	f := os.NewFile(3, "page")
	defer f.Close()
	return mapPage(f)
}

// limit bounds the memory of this process. Where the kernel does not know the limit, there is none.
func limit(bytes int64) {
	_ = unix.Setrlimit(unix.RLIMIT_DATA, &unix.Rlimit{Cur: uint64(bytes), Max: uint64(bytes)})
}

// AddressSpace is how many bytes of addresses this process was given (ulimit -v), false when there is no limit.
func AddressSpace() (bytes uint64, limited bool) {
	var l unix.Rlimit
	err := unix.Getrlimit(unix.RLIMIT_AS, &l)
	return uint64(l.Cur), err == nil && l.Cur < 1<<40
}
