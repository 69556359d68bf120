package toolchain

import (
	"bytes"
	"os"
	"path/filepath"
)

// CacheFolder is where a project keeps the compilers, and the Envoys, that were obtained for it. The repository of
// header-auth has its own, .cache/toolchain, so that it can be removed as a whole. All other projects share one in the
// user's cache, because to build TinyGo takes minutes; root is "" outside of a project.
func CacheFolder(root string) (string, error) {
	if mod, err := os.ReadFile(filepath.Join(root, "go.mod")); root != "" && err == nil &&
		bytes.HasPrefix(mod, []byte("module github.com/header-auth/header-auth\n")) {
		return filepath.Join(root, ".cache", "toolchain"), nil
	}
	user, err := os.UserCacheDir()
	if err != nil {
		return "", err
	}
	return filepath.Join(user, "header-auth"), nil
}
