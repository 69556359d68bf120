package main

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"syscall"
)

// writeFolder writes files below a folder that is empty or not there yet.
func writeFolder(dir string, files map[string][]byte) error {
	switch there, err := os.ReadDir(dir); {
	case errors.Is(err, syscall.ENOTDIR):
		return usagef("%s is no folder: expected an empty one or a new name, give another name", dir)
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return err
	case len(there) > 0:
		return usagef("%s is not empty, it has %s: expected an empty folder or a new name, give another name", dir,
			there[0].Name())
	}
	return writeNew(dir, files, false)
}

// writeNew writes files below a folder, each whole or not at all. Without force, none is written
// if one of them is there.
func writeNew(dir string, files map[string][]byte, force bool) error {
	names := slices.Sorted(maps.Keys(files))
	for _, name := range names {
		path := filepath.Join(dir, filepath.FromSlash(name))
		_, err := os.Lstat(path)
		switch {
		case err == nil && !force:
			return usagef("%s is there already, and nothing was written: expected a new file, give another name or --force",
				path)
		case err != nil && !errors.Is(err, fs.ErrNotExist):
			return usagef("%v", err)
		}
	}
	for _, name := range names {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return err
		}
		temp, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+"-*")
		if err != nil {
			return err
		}
		_, err = temp.Write(files[name])
		if err = errors.Join(err, temp.Chmod(0o644), temp.Close()); err == nil {
			err = os.Rename(temp.Name(), path)
		}
		if err != nil {
			_ = os.Remove(temp.Name())
			return fmt.Errorf("write %s: %w", path, err)
		}
	}
	return nil
}
