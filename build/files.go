package build

import (
	"maps"
	"path/filepath"
)

// Files are the build's sources below root: the module is built again when one of them changes. The paths are sorted,
// relative to root and have slashes. The error is a *ListError when a pattern matches no file.
func (b Build) Files(root string) ([]string, error) {
	root, err := filepath.Abs(root)
	if err != nil {
		return nil, err
	}
	return sources(root, b.Sources)
}

// Command is the recipe's command with its ${variables} replaced, flags included. The error is a *ListError for an
// unknown variable.
func (b Build) Command(vars map[string][]string) ([]string, error) {
	vars = maps.Clone(vars)
	flags, err := expand(b.Flags, vars)
	if err != nil {
		return nil, err
	}
	vars["flags"] = flags
	return expand(b.Recipe.Command, vars)
}
