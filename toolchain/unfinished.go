package toolchain

import (
	"os"
	"path/filepath"
)

// Unfinished makes a folder for what will be renamed when it is whole, and sweeps away what a killed process has left
// of such folders. The caller holds the Lock of the folder that it is in.
func Unfinished(in string) (string, error) {
	left, err := filepath.Glob(filepath.Join(in, "unfinished-*"))
	if err != nil {
		return "", err
	}
	for _, folder := range left {
		if err := os.RemoveAll(folder); err != nil {
			return "", err
		}
	}
	return os.MkdirTemp(in, "unfinished-")
}
