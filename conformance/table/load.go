package table

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Load reads the folder of a table: contract.yaml and every other file that ends in .yaml, each a group of cases.
//
// For a table with errors the error is of type Errors and has all of them. A folder or a file that cannot be read is
// another error.
func Load(dir string) (*Table, error) { return load(dir, nil) }

// LoadGroups loads some groups only. It is faster than Load for a few cases of a table that was loaded before: it does
// not check that every clause has a case, and sets no Digest.
func LoadGroups(dir string, groups ...string) (*Table, error) { return load(dir, groups) }

// loading is a table that is being read.
type loading struct {
	dir        string
	table      *Table
	found      Errors
	folder     *folder
	earlier    earlier
	used       *used
	noContract bool
}

func load(dir string, groups []string) (*Table, error) {
	l := loading{dir: dir, table: &Table{Contract: Contract{Replies: map[string]Reply{}, Logs: map[string]WantedLog{},
		Calls: map[string]Call{}, Default: Defaults{Case: Case{Start: Start{Accepted: true}}}}},
		folder: &folder{dir: dir, files: map[string][]byte{}}, used: newUsed(), noContract: true,
		earlier: earlier{ids: map[string]Case{}, tests: map[[sha256.Size]byte]Case{}}}
	files, err := readFiles(dir, &l.found)
	if err != nil {
		return nil, fmt.Errorf("read table: %w, expected a folder with %s and files of cases", err, contractFile)
	}
	l.readContract(files) // first, because the cases cite it
	l.readCases(files, groups)
	if len(l.found) > 0 {
		l.found.sort()
		return nil, l.found
	}
	if groups == nil {
		l.table.Digest = digest(append(files, l.folder.all()...))
	}
	return l.table, nil
}

// reader reads one file.
func (l *loading) reader(name string) *reader {
	return &reader{file: filepath.Join(l.dir, name), contract: &l.table.Contract, noContract: l.noContract,
		earlier: l.earlier, errors: &l.found, folder: l.folder, warnings: &l.table.Warnings, used: l.used}
}

func (l *loading) readContract(all files) {
	r := l.reader(contractFile)
	if source, ok := all.source(contractFile); !ok {
		r.errorAt(Position{File: r.file}, "no such file, expected name, clauses, replies and logs of the table, write it")
	} else if body := r.parse(source); body != nil {
		r.readContract(body)
		l.noContract = false
	}
}

// readCases reads the files of cases; of the groups alone, unless they are nil.
func (l *loading) readCases(all files, groups []string) {
	cases, unread := 0, 0
	for _, f := range all {
		stem := strings.TrimSuffix(f.name, ".yaml")
		if f.name == contractFile || groups != nil && !slices.Contains(groups, stem) {
			continue
		}
		cases++
		r := l.reader(f.name)
		if !namePattern.MatchString(stem) {
			r.errorAt(Position{File: r.file}, "the file name %q, expected small letters, digits and dashes, rename it", f.name)
		}
		if body := r.parse(f.source); body != nil {
			l.table.Groups = append(l.table.Groups, r.readGroup(stem, body))
		} else {
			unread++
		}
	}
	misnamed := slices.ContainsFunc(l.found, func(e Error) bool { return strings.HasSuffix(e.Text, renameIt) })
	if cases == 0 && !misnamed {
		l.reader(contractFile).errorAt(Position{File: l.dir},
			"no file of cases, expected at least one beside %s, write one like allow.yaml", contractFile)
	}
	if unread == 0 && groups == nil { // otherwise a case that was not read may cite the clause
		l.table.checkClauses(&l.found)
	}
}

// folder is that of the table, with the files that cases take bytes from.
type folder struct {
	dir   string
	files map[string][]byte
}

func (f *folder) read(name string) ([]byte, error) {
	if content, ok := f.files[name]; ok {
		return content, nil
	}
	root, err := os.OpenRoot(f.dir) // no link leads out of the folder
	if err != nil {
		return nil, err
	}
	defer root.Close()
	info, err := root.Stat(name)
	switch {
	case err != nil:
		return nil, err
	case info.Size() > maxBytes:
		return nil, &fs.PathError{Op: "read", Path: name, Err: fmt.Errorf("it has more than %d bytes", maxBytes)}
	case !info.Mode().IsRegular():
		return nil, &fs.PathError{Op: "read", Path: name, Err: errors.New("it is no regular file")}
	}
	content, err := fs.ReadFile(root.FS(), name)
	if err == nil {
		f.files[name] = content
	}
	return content, err
}

// all are the files that were read, in the order of their names.
func (f *folder) all() (all files) {
	for _, name := range slices.Sorted(maps.Keys(f.files)) {
		all = append(all, file{name, f.files[name]})
	}
	return all
}

// LoadRequests reads one file of cases whose steps say what is done, and need not say what is wanted: no contract
// belongs to it. The error is as Load's.
func LoadRequests(path string) (*Table, error) {
	var found Errors
	source, err := readFile(path, 0, &found)
	if err != nil {
		return nil, err
	}
	if len(found) > 0 {
		return nil, found
	}
	table := &Table{}
	stem := strings.TrimSuffix(filepath.Base(path), filepath.Ext(path))
	table.Contract.Default = Defaults{Case: Case{Start: Start{Accepted: true}}}
	r := &reader{file: path, contract: &table.Contract, noContract: true,
		earlier: earlier{ids: map[string]Case{}, tests: map[[sha256.Size]byte]Case{}},
		errors:  &found, folder: &folder{dir: filepath.Dir(path), files: map[string][]byte{}}, warnings: &table.Warnings,
		used: newUsed(), recording: true}
	if body := r.parse(source); body != nil {
		table.Groups = []Group{r.readGroup(stem, body)}
	}
	if len(found) > 0 {
		found.sort()
		return nil, found
	}
	return table, nil
}

const renameIt = "rename it"

type file struct {
	name   string
	source []byte
}

type files []file

// readFiles returns the YAML files of a folder in the order of their names.
func readFiles(dir string, found *Errors) (files, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	var all files
	size := 0
	for _, entry := range entries {
		name := entry.Name()
		switch ending := filepath.Ext(name); {
		case ending == ".yaml":
			source, err := readFile(filepath.Join(dir, name), size, found)
			if err != nil {
				return nil, err
			}
			all, size = append(all, file{name, source}), size+len(source)
		case strings.EqualFold(ending, ".yaml") || strings.EqualFold(ending, ".yml"):
			*found = append(*found, Error{Position{File: filepath.Join(dir, name)},
				"the ending " + ending + ", expected .yaml (the file would not be read), " + renameIt})
		}
	}
	return all, nil
}

func (f files) source(name string) ([]byte, bool) {
	for _, file := range f {
		if file.name == name {
			return file.source, true
		}
	}
	return nil, false
}

// digest is sha256 over the names and contents, hex.
func digest(f files) string {
	sum := sha256.New()
	for _, file := range f {
		fmt.Fprintf(sum, "%s\x00%d\x00%s", file.name, len(file.source), file.source)
	}
	return hex.EncodeToString(sum.Sum(nil))
}
