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
// other sources, or by another table, only say which case to try first.
type kept struct {
	file     string
	Table    string             `json:"table"`
	Sources  string             `json:"sources"`
	Verdicts map[string]verdict `json:"verdicts"`

	before map[string]verdict // of other sources or another table
}

func readKept(file, table, sources string) (*kept, error) {
	k := &kept{file: file, Table: table, Sources: sources, Verdicts: map[string]verdict{}}
	content, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return k, nil
	}
	var old kept
	if err == nil {
		err = json.Unmarshal(content, &old)
	}
	switch {
	case err != nil:
		return nil, fmt.Errorf("read %s: %w; remove it to start over", file, err)
	case old.Table == table && old.Sources == sources && old.Verdicts != nil:
		k.Verdicts = old.Verdicts
	default:
		k.before = old.Verdicts
	}
	return k, nil
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
