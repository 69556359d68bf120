package build

import (
	"maps"
	"path/filepath"
)

// Files are the build's sources below root: a change in one of them makes its module stale. Paths are relative to root,
// sorted, with slashes. The error is a *FaultError when a pattern chooses nothing.
func (b Build) Files(root string) ([]string, error) {
	root, err := filepath.Abs(root)
	if err != nil {
		return nil, err
	}
	return sources(root, b.Sources)
}

// Command is the recipe's command with values for ${variables}, its flags among them. The error is a *FaultError for a
// variable that has none.
func (b Build) Command(vars map[string][]string) ([]string, error) {
	vars = maps.Clone(vars)
	flags, err := expand(b.Flags, vars)
	if err != nil {
		return nil, err
	}
	vars["flags"] = flags
	return expand(b.Recipe.Command, vars)
}
