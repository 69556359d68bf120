package table

import (
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/goccy/go-yaml/ast"

	"github.com/header-auth/header-auth/internal/yamlcheck"
)

// The limits of a table, besides those of package yamlcheck, so that a wrong or hostile one is an error with its place.
// The project's own table has a tenth of each.
const (
	maxSource  = yamlcheck.MaxSource // bytes of a file
	maxSources = 16 << 20            // of all files
	maxWords   = 500_000             // of all files
	maxMade    = 64 << 20            // bytes of all values of a table, after times and parts
	maxTests   = 128 << 20           // bytes of what all cases do, written out: each has the values of defaults
	maxTimes   = 5_000_000           // repetitions of all steps
)

// used is how much of the limits for a whole table is used up.
type used struct {
	words yamlcheck.Budget
	made  int
	times int
	tests int
}

func newUsed() *used {
	return &used{words: yamlcheck.Budget{Words: maxWords, Of: "the table", Cure: "make it several tables"}}
}

// readFile reads a file of the table; what is wrong with it as a file is an error of the table.
func readFile(path string, before int, found *Errors) ([]byte, error) {
	fault := func(text string) ([]byte, error) {
		*found = append(*found, Error{Position{File: path}, text})
		return nil, nil
	}
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() { // a FIFO would be waited for
		return fault("no regular file, expected one with cases, remove or rename it")
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	source, err := io.ReadAll(io.LimitReader(f, maxSource+1))
	switch {
	case err != nil:
		return nil, &fs.PathError{Op: "read", Path: path, Err: err}
	case len(source) > maxSource:
		return fault(fmt.Sprintf("more than %d bytes, expected fewer, make it several files", maxSource))
	case before+len(source) > maxSources:
		return fault(fmt.Sprintf("more than %d bytes in the files of %s, expected fewer, make it several tables", maxSources,
			filepath.Dir(path)))
	}
	return source, nil
}

// bounded says whether a source may be given to the YAML library, and reports why not.
func (r *reader) bounded(source []byte) bool {
	f := r.used.words.Check(source)
	if f != nil {
		r.errorAt(Position{r.file, f.Line, f.Column}, "%s", f.Text)
	}
	return f == nil
}

// charge counts the bytes of a value that is made, and reports when all values have too many.
func (r *reader) charge(n ast.Node, size int) bool {
	if r.used.made > maxMade {
		return false // reported
	}
	if r.used.made += size; r.used.made <= maxMade {
		return true
	}
	r.errorf(n, "more than %d bytes in the values of the table, expected fewer, lower times", maxMade)
	return false
}
