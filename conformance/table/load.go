package table

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Load reads the folder of a table: contract.yaml and every other file that ends in .yaml, each a group of cases.
//
// When the table is faulty the error is of type Errors and holds every fault there is. A folder or a file that can't be
// read at all is another error.
func Load(dir string) (*Table, error) { return load(dir, nil) }

// LoadGroups is Load of some groups only, for whoever has loaded the whole table before and wants a few cases in a hurry.
// It does not ask whether every clause has a case, and gives no digest.
func LoadGroups(dir string, groups ...string) (*Table, error) { return load(dir, groups) }

func load(dir string, groups []string) (*Table, error) {
	table := &Table{Contract: Contract{Replies: map[string]Reply{}, Logs: map[string]Log{}, Calls: map[string]Call{}}}
	var faults Errors
	files, err := readFiles(dir, &faults)
	if err != nil {
		return nil, fmt.Errorf("read table: %w, expected a folder with %s and files of cases", err, contractFile)
	}
	if groups == nil {
		table.Digest = digest(files)
	}

	blind, first := true, seen{ids: map[string]Case{}, tests: map[string]Case{}}
	newReader := func(name string) *reader {
		return &reader{file: filepath.Join(dir, name), contract: &table.Contract, blind: blind, seen: first, faults: &faults}
	}
	// The contract comes first, whatever its place among the names: the cases cite it.
	r := newReader(contractFile)
	if source, ok := files.source(contractFile); !ok {
		r.faultAt(Position{File: r.file}, "no such file, expected name, clauses, replies and logs of the table, write it")
	} else if body := r.parse(source); body != nil {
		r.readContract(body)
		blind = false
	}
	cases, unread := 0, 0
	for _, f := range files {
		if f.name == contractFile {
			continue
		}
		stem := strings.TrimSuffix(f.name, ".yaml")
		if groups != nil && !slices.Contains(groups, stem) {
			continue
		}
		cases++
		r := newReader(f.name)
		if !nameOfCase.MatchString(stem) {
			r.faultAt(Position{File: r.file}, "the file name %q, expected small letters, digits and dashes, rename it", f.name)
		}
		if body := r.parse(f.source); body != nil {
			table.Groups = append(table.Groups, r.readGroup(stem, body))
		} else {
			unread++
		}
	}
	if cases == 0 {
		r.faultAt(Position{File: dir}, "no file of cases, expected one at least beside %s, write one like allow.yaml", contractFile)
	}
	if unread == 0 && groups == nil { // else a case that can't be seen may cite what seems uncited
		table.checkClauses(&faults)
	}
	if len(faults) > 0 {
		faults.sort()
		return nil, faults
	}
	return table, nil
}

type file struct {
	name   string
	source []byte
}

type files []file

// readFiles returns the YAML files of a folder in the order of their names.
func readFiles(dir string, faults *Errors) (files, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	var all files
	for _, entry := range entries {
		name := entry.Name()
		switch ending := filepath.Ext(name); {
		case ending == ".yaml":
			source, err := os.ReadFile(filepath.Join(dir, name))
			if err != nil {
				return nil, err
			}
			all = append(all, file{name, source})
		case strings.EqualFold(ending, ".yaml") || strings.EqualFold(ending, ".yml"):
			*faults = append(*faults, Error{Position{File: filepath.Join(dir, name)},
				"the ending " + ending + ", expected .yaml (the file would be passed over), rename it"})
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

// digest names the contents of a table.
func digest(f files) string {
	sum := sha256.New()
	for _, file := range f {
		fmt.Fprintf(sum, "%s\x00%d\x00%s", file.name, len(file.source), file.source)
	}
	return hex.EncodeToString(sum.Sum(nil))
}
