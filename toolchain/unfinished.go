package toolchain

import (
	"os"
	"path/filepath"
)

// UnfinishedFolder makes a folder for files that the caller renames when they are complete. First it removes such
// folders that a killed process has left. The caller holds the Lock of the parent folder.
func UnfinishedFolder(parent string) (string, error) {
	left, err := filepath.Glob(filepath.Join(parent, "unfinished-*"))
	if err != nil {
		return "", err
	}
	for _, folder := range left {
		if err := os.RemoveAll(folder); err != nil {
			return "", err
		}
	}
	return os.MkdirTemp(parent, "unfinished-")
}
