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

// verdict is what the file stores of a result.
type verdict struct {
	Outcome Outcome `json:"outcome"`
	Killer  string  `json:"killer,omitempty"`
	Module  string  `json:"module,omitempty"` // digest
}

// verdictFile stores the verdicts, so that an interrupted run continues where it stopped. After a change to the
// sources, an old verdict only says which case to try first. After a change to the table, a mutant stays killed while
// the case that killed it is unchanged; the survivors are run again.
type verdictFile struct {
	file     string
	Table    string             `json:"table"`
	Sources  string             `json:"sources"`
	Cases    map[string]string  `json:"cases"` // digest of each case of the table, by id
	Verdicts map[string]verdict `json:"verdicts"`

	outdated map[string]verdict // by mutant; they are not valid any more
}

// readVerdicts reads the file; without a file there are no verdicts, and none in one that cannot be read, which the
// error tells. Cases are the digests of the table's cases, by id.
func readVerdicts(file, table, sources string, cases map[string]string) (*verdictFile, error) {
	k := &verdictFile{file: file, Table: table, Sources: sources, Cases: cases, Verdicts: map[string]verdict{},
		outdated: map[string]verdict{}}
	content, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return k, nil
	}
	var old verdictFile
	if err == nil {
		err = json.Unmarshal(content, &old)
	}
	if err != nil {
		return k, fmt.Errorf("read verdicts: %s: %w; all mutants are judged again", file, err)
	}
	for id, v := range old.Verdicts {
		known, listed := old.Cases[v.Killer]
		sound := old.Table == table || v.Outcome != Killed && v.Outcome != Survived || v.Killer == notLoaded ||
			v.Outcome == Killed && listed && cases[v.Killer] == known
		if old.Sources == sources && sound {
			k.Verdicts[id] = v
		} else {
			k.outdated[id] = v
		}
	}
	return k, nil
}

// caseDigests covers everything in a case except its place in a file.
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
		withoutPlaces(tree)
		if text, err = json.Marshal(tree); err != nil {
			return nil, fmt.Errorf("digest of case %s: %w", c.ID, err)
		}
		digests[c.ID] = digest(text)
	}
	return digests, nil
}

func withoutPlaces(tree any) {
	switch tree := tree.(type) {
	case map[string]any:
		for _, key := range []string{"File", "Line", "Column"} { // of table.Position
			delete(tree, key)
		}
		for _, value := range tree {
			withoutPlaces(value)
		}
	case []any:
		for _, value := range tree {
			withoutPlaces(value)
		}
	}
}

func (k *verdictFile) save() error {
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
