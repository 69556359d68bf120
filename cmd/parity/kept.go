package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"sync"
	"syscall"
)

// keptFolder makes a folder of .cache. If nothing can be written there (another user's folder, a full disk), a
// temporary folder takes its place, and a line on stderr says so. done removes what is not kept.
func keptFolder(dir, command string, stderr io.Writer) (folder string, kept bool, done func(), err error) {
	fault := os.MkdirAll(dir, 0o755)
	if fault == nil {
		fault = tryWriting(dir)
	}
	if fault == nil {
		return dir, true, func() {}, nil
	}
	if folder, err = os.MkdirTemp("", "parity-"+command+"-"); err != nil {
		return "", false, func() {}, err
	}
	if stderr != nil {
		fmt.Fprintf(stderr, "parity %s: nothing can be kept in %s: %v; a folder that is removed at the end takes its place\n",
			command, dir, fault)
	}
	return folder, false, func() { os.RemoveAll(folder) }, nil
}

// tryWriting writes a file of one page into a folder, and removes it: an empty file fits on a full disk.
func tryWriting(dir string) error {
	f, err := os.CreateTemp(dir, ".try-")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	_, err = f.Write(make([]byte, 4096))
	return errors.Join(err, f.Close())
}

// onceEach says each text once, also when several goroutines have it.
func onceEach(say func(text string)) func(error) {
	var mu sync.Mutex
	said := map[string]bool{}
	return func(err error) {
		mu.Lock()
		defer mu.Unlock()
		if !said[err.Error()] {
			said[err.Error()] = true
			say(err.Error())
		}
	}
}

// ofMachine says whether an error is the machine's: a file that can't be read or written, a
// program that can't be started.
func ofMachine(err error) bool {
	var path *fs.PathError
	var link *os.LinkError
	var call *os.SyscallError
	var number syscall.Errno
	return errors.As(err, &path) || errors.As(err, &link) || errors.As(err, &call) || errors.As(err, &number)
}

// unwritable says whether something could not be written because of the folder or the disk.
func unwritable(err error) bool {
	return errors.Is(err, fs.ErrPermission) || errors.Is(err, syscall.EROFS) || errors.Is(err, syscall.ENOSPC) ||
		errors.Is(err, syscall.EDQUOT)
}
