// Package input reads files that come from elsewhere. Each read has a limit, because a device has no end, and a wrong
// file may be larger than memory.
package input

import (
	"bytes"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
)

// Read reads a file that has at most so many bytes. It may be a FIFO, which is waited for, or a device.
// The error names the file.
func Read(name string, most int) ([]byte, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var content bytes.Buffer
	if info, err := f.Stat(); err == nil && info.Mode().IsRegular() {
		content.Grow(int(min(info.Size(), int64(most))) + bytes.MinRead) // reading needs no other memory then
	}
	_, err = content.ReadFrom(io.LimitReader(f, int64(most)+1))
	switch {
	case err != nil:
		return nil, err
	case content.Len() > most:
		return nil, &fs.PathError{Op: "read", Path: name, Err: fmt.Errorf("it has more than %s", size(most))}
	}
	return slices.Clip(content.Bytes()), nil
}

// ReadRegular is Read for a file of a project, which is on a disk: anything else is an error, and is not waited for.
func ReadRegular(name string, most int) ([]byte, error) {
	info, err := os.Stat(name)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, &fs.PathError{Op: "read", Path: name, Err: fmt.Errorf("it is no regular file")}
	}
	return Read(name, most)
}

func size(bytes int) string {
	if bytes%(1<<20) == 0 {
		return fmt.Sprintf("%d MiB", bytes>>20)
	}
	return fmt.Sprintf("%d bytes", bytes)
}
