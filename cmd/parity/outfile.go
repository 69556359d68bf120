package main

import (
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
)

// writable checks before a long run that its report can be written to --out.
func writable(out string) error {
	if out == "" {
		return nil
	}
	file, err := linkTarget(out)
	if err != nil {
		return usagef("--out %s: %v", out, err)
	}
	if dir, err := os.Stat(filepath.Dir(file)); err != nil || !dir.IsDir() {
		return usagef("--out %s: %s is no folder", out, filepath.Dir(file))
	}
	info, err := os.Stat(file)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		if err := tryWriting(filepath.Dir(file)); err != nil {
			return fmt.Errorf("--out %s: %w", out, err)
		}
		return nil
	case err != nil:
		return fmt.Errorf("--out %s: %w", out, err)
	case info.IsDir():
		return usagef("--out %s: it is a folder, expected a file", out)
	case !info.Mode().IsRegular():
		return nil // a FIFO cannot be opened before somebody reads
	}
	f, err := os.OpenFile(file, os.O_WRONLY, 0)
	if err != nil {
		return fmt.Errorf("--out %s: %w", out, err)
	}
	return f.Close()
}

// mostLinks is how many links are followed, as by Linux.
const mostLinks = 40

// linkTarget is the file that a name stands for after all links; the file need not be there.
func linkTarget(name string) (string, error) {
	for range mostLinks {
		target, err := os.Readlink(name)
		if err != nil {
			return name, nil // no link, or not there
		}
		if !filepath.IsAbs(target) {
			target = filepath.Join(filepath.Dir(name), target)
		}
		name = target
	}
	return "", fmt.Errorf("more than %d links", mostLinks)
}

// replaceFile writes a file so that a reader sees all of the old content or all of the new. Links are followed, and the
// file keeps its mode. What is no regular file, or has a second name, cannot be replaced: it is written to.
func replaceFile(name string, content []byte) error {
	file, err := linkTarget(name)
	if err != nil {
		return err
	}
	info, err := os.Stat(file)
	known := err == nil
	if known && (!info.Mode().IsRegular() || names(info) > 1) {
		return overwrite(file, content)
	}
	temp := filepath.Join(filepath.Dir(file), "."+filepath.Base(file)+"."+strconv.FormatUint(rand.Uint64(), 36))
	f, err := os.OpenFile(temp, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666) // the user's umask decides
	if known && errors.Is(err, fs.ErrPermission) {
		return overwrite(file, content) // the folder can't be written, the file perhaps
	}
	if err != nil {
		return err
	}
	defer os.Remove(temp) // does nothing after the rename
	_, err = f.Write(content)
	if known {
		err = errors.Join(err, f.Chmod(info.Mode().Perm()))
		keepOwner(f, info)
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return err
	}
	return os.Rename(temp, file)
}

// overwrite writes into what is there.
func overwrite(file string, content []byte) error {
	f, err := os.OpenFile(file, os.O_WRONLY|os.O_TRUNC, 0)
	if err != nil {
		return err
	}
	_, err = f.Write(content)
	return errors.Join(err, f.Close())
}
