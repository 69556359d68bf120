package mutants

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/header-auth/header-auth/conformance/table"
)

// Outcome is what became of a mutant.
type Outcome string

const (
	Killed        Outcome = "killed"
	Survived      Outcome = "survived"
	NoProgram     Outcome = "no program"      // does not compile
	Unchanged     Outcome = "unchanged"       // compiles to the very module that the sources give
	SameAsAnother Outcome = "same as another" // compiles to the module of a mutant before it
)

// Result is a mutant and its outcome.
type Result struct {
	Mutant
	Outcome Outcome
	Killer  string // the case that was red
}

// verdict is what is kept of a result.
type verdict struct {
	Outcome Outcome `json:"outcome"`
	Killer  string  `json:"killer,omitempty"`
	Module  string  `json:"module,omitempty"` // digest
}

// kept is the file of what is known already, so that a run that was interrupted goes on where it was. Verdicts about
// other sources only say which case to try first. Under a changed table a mutant stays killed as long as the case that
// killed it is what it was; only what survived is held against the table again.
type kept struct {
	file     string
	Table    string             `json:"table"`
	Sources  string             `json:"sources"`
	Cases    map[string]string  `json:"cases"` // digest of each case of the table, by id
	Verdicts map[string]verdict `json:"verdicts"`

	before map[string]verdict // that hold no more
}

// readKept reads what is known. Cases are the table's, by id, as digests.
func readKept(file, table, sources string, cases map[string]string) (*kept, error) {
	k := &kept{file: file, Table: table, Sources: sources, Cases: cases, Verdicts: map[string]verdict{}, before: map[string]verdict{}}
	content, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return k, nil
	}
	var old kept
	if err == nil {
		err = json.Unmarshal(content, &old)
	}
	if err != nil {
		return nil, fmt.Errorf("read %s: %w; remove it to start over", file, err)
	}
	for id, v := range old.Verdicts {
		known, listed := old.Cases[v.Killer]
		sound := old.Table == table || v.Outcome != Killed && v.Outcome != Survived || v.Killer == notLoaded ||
			v.Outcome == Killed && listed && cases[v.Killer] == known
		if old.Sources == sources && sound {
			k.Verdicts[id] = v
		} else {
			k.before[id] = v
		}
	}
	return k, nil
}

// caseDigests tell cases apart by all that they say, but not by where in a file they stand.
func caseDigests(t *table.Table) (map[string]string, error) {
	digests := map[string]string{}
	for _, c := range t.Cases() {
		text, err := json.Marshal(c)
		if err != nil {
			return nil, fmt.Errorf("digest of case %s: %w", c.ID, err)
		}
		var tree any
		if err := json.Unmarshal(text, &tree); err != nil {
			return nil, fmt.Errorf("digest of case %s: %w", c.ID, err)
		}
		placeless(tree)
		if text, err = json.Marshal(tree); err != nil {
			return nil, fmt.Errorf("digest of case %s: %w", c.ID, err)
		}
		digests[c.ID] = digest(text)
	}
	return digests, nil
}

func placeless(tree any) {
	switch tree := tree.(type) {
	case map[string]any:
		for _, key := range []string{"File", "Line", "Column"} { // of table.Position
			delete(tree, key)
		}
		for _, value := range tree {
			placeless(value)
		}
	case []any:
		for _, value := range tree {
			placeless(value)
		}
	}
}

func (k *kept) save() error {
	content, err := json.MarshalIndent(k, "", "\t")
	if err != nil {
		return err
	}
	temp := k.file + ".new"
	if err := os.MkdirAll(filepath.Dir(k.file), 0o755); err != nil {
		return err
	}
	if err := os.WriteFile(temp, content, 0o644); err != nil {
		return err
	}
	return os.Rename(temp, k.file)
}

func digest(content []byte) string {
	sum := sha256.Sum256(content)
	return hex.EncodeToString(sum[:])
}
