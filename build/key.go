package build

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/header-auth/header-auth/internal/input"
	"github.com/header-auth/header-auth/toolchain"
)

// mostFile is how many bytes a source, a module or its provenance may have.
const mostFile = 64 << 20

// key is a digest of everything that decides a module's bytes: the entry of builds.yaml, the compiler and the sources.
func key(b Build, tool *toolchain.Tool, root string) (string, error) {
	files, err := sources(root, b.Sources)
	if err != nil {
		return "", fmt.Errorf("read sources of %s: %w", b.Name, err)
	}
	h := sha256.New()
	// The JSON of an entry leaves out what does not influence the module: notes, known failures.
	if err := json.NewEncoder(h).Encode(struct {
		Build
		Details []string
	}{b, tool.Details}); err != nil {
		return "", fmt.Errorf("digest %s: %w", b.Name, err)
	}
	for _, file := range files {
		content, err := input.ReadRegular(filepath.Join(root, file), mostFile)
		if err != nil {
			return "", fmt.Errorf("read sources of %s: %w", b.Name, err)
		}
		fmt.Fprintf(h, "%s %d\n%s", file, len(content), content)
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// sources are the files that the patterns match, sorted, with slashes. * is any part of a name, ** any folders, and a
// leading ! removes files again. A pattern that matches no file is an error: it must be misspelt.
func sources(root string, patterns []string) ([]string, error) {
	chosen := map[string]bool{}
	for _, pattern := range patterns {
		pattern, exclude := strings.CutPrefix(pattern, "!")
		if exclude {
			for file := range chosen {
				if glob(pattern).MatchString(file) {
					delete(chosen, file)
				}
			}
			continue
		}
		found, err := walk(root, pattern)
		if err != nil {
			return nil, err
		}
		if len(found) == 0 {
			return nil, &ListError{fmt.Sprintf("%s: source pattern %q matches no file", File, pattern)}
		}
		for _, file := range found {
			chosen[file] = true
		}
	}
	files := make([]string, 0, len(chosen))
	for file := range chosen {
		files = append(files, file)
	}
	slices.Sort(files)
	return files, nil
}

// walk searches only the folder that stands in the pattern before its first *.
func walk(root, pattern string) (found []string, err error) {
	folder := pattern
	if i := strings.IndexByte(pattern, '*'); i >= 0 {
		folder = path.Dir(pattern[:i] + "x")
	}
	match := glob(pattern)
	err = filepath.WalkDir(filepath.Join(root, folder), func(file string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		rel, err := filepath.Rel(root, file)
		if err != nil {
			return err
		}
		if rel = filepath.ToSlash(rel); match.MatchString(rel) {
			found = append(found, rel)
		}
		return nil
	})
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return found, err
}

func glob(pattern string) *regexp.Regexp {
	re := regexp.QuoteMeta(pattern)
	re = strings.ReplaceAll(re, `\*\*/`, `(?:.*/)?`)
	re = strings.ReplaceAll(re, `\*`, `[^/]*`)
	return regexp.MustCompile("^" + re + "$")
}
