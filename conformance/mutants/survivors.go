package mutants

import (
	"errors"
	"fmt"
	"io/fs"

	"github.com/goccy/go-yaml"

	"github.com/header-auth/header-auth/internal/input"
	"github.com/header-auth/header-auth/internal/yamlcheck"
)

// Survivor gives the reason why no case can kill some mutants: nothing outside the plugin can observe the change.
type Survivor struct {
	File      string   `yaml:"file"`
	Mutations []string `yaml:"mutations"` // each a Change
	Reason    string   `yaml:"reason"`
}

// LoadSurvivors reads survivors.yaml. An unknown, missing or repeated entry is an error; without a file there are none.
func LoadSurvivors(file string) ([]Survivor, error) {
	content, err := input.ReadRegular(file, yamlcheck.MaxSource)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	if f := yamlcheck.File(content); f != nil {
		return nil, fmt.Errorf("read %s:%w", file, f)
	}
	var list struct {
		Survivors []Survivor `yaml:"survivors"`
	}
	if err := yaml.UnmarshalWithOptions(content, &list, yaml.Strict()); err != nil {
		return nil, fmt.Errorf("read %s:%w", file, yamlcheck.Message(err))
	}
	seen := map[string]bool{}
	for i, s := range list.Survivors {
		if s.File == "" || s.Reason == "" || len(s.Mutations) == 0 {
			return nil, fmt.Errorf("read %s: survivor %d: expected file, mutations and reason", file, i+1)
		}
		for _, change := range s.Mutations {
			id := Mutant{File: s.File, Change: change}.ID()
			if seen[id] {
				return nil, fmt.Errorf("read %s: survivor %d: %q is listed twice: remove one of them", file, i+1, id)
			}
			seen[id] = true
		}
	}
	return list.Survivors, nil
}

// Findings is the result of comparing the scores with survivors.yaml.
type Findings struct {
	Unexplained []Result          // survived, but are not in survivors.yaml
	OutOfDate   []string          // are in survivors.yaml, but did not survive, or are not mutants any more
	Reasons     map[string]string // of the survivors in survivors.yaml, by ID
}

// Compare compares the scores with the list. It ignores entries for files without a mutant in the scores, because the
// run has left these files out, and for mutants that were not tried.
func Compare(scores []Score, list []Survivor) Findings {
	f := Findings{Reasons: map[string]string{}}
	listed, outcome, files, notTried := map[string]string{}, map[string]Outcome{}, map[string]bool{}, map[string]bool{}
	for _, s := range list {
		for _, change := range s.Mutations {
			listed[Mutant{File: s.File, Change: change}.ID()] = s.Reason
		}
	}
	for _, score := range scores {
		for _, id := range score.NotTried {
			notTried[id] = true
		}
		for _, r := range score.Results {
			id := r.ID()
			outcome[id], files[r.File] = r.Outcome, true
			if r.Outcome != Survived {
				continue
			}
			if reason, ok := listed[id]; ok {
				f.Reasons[id] = reason
			} else {
				f.Unexplained = append(f.Unexplained, r)
			}
		}
	}
	for _, s := range list {
		for _, change := range s.Mutations {
			id := Mutant{File: s.File, Change: change}.ID()
			switch o, ok := outcome[id]; {
			case !files[s.File] || o == Survived || notTried[id]:
			case !ok:
				f.OutOfDate = append(f.OutOfDate, id+": no such mutant")
			default:
				f.OutOfDate = append(f.OutOfDate, id+": "+string(o))
			}
		}
	}
	return f
}
