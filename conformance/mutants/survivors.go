package mutants

import (
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/goccy/go-yaml"
)

// Survivor explains mutants that no case can kill, because nobody outside the plugin could tell the difference.
type Survivor struct {
	File      string   `yaml:"file"`
	Mutations []string `yaml:"mutations"` // each a Change
	Reason    string   `yaml:"reason"`
}

// LoadSurvivors reads the list; what is unknown, missing or repeated is an error. No file is no survivors.
func LoadSurvivors(file string) ([]Survivor, error) {
	content, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var list struct {
		Survivors []Survivor `yaml:"survivors"`
	}
	if err := yaml.UnmarshalWithOptions(content, &list, yaml.Strict()); err != nil {
		return nil, fmt.Errorf("read %s: %w", file, err)
	}
	seen := map[string]bool{}
	for i, s := range list.Survivors {
		if s.File == "" || s.Reason == "" || len(s.Mutations) == 0 {
			return nil, fmt.Errorf("read %s: survivor %d: expected file, mutations and reason", file, i+1)
		}
		for _, change := range s.Mutations {
			id := Mutant{File: s.File, Change: change}.ID()
			if seen[id] {
				return nil, fmt.Errorf("read %s: survivor %d: %q is there twice", file, i+1, id)
			}
			seen[id] = true
		}
	}
	return list.Survivors, nil
}

// Findings is how the scores compare with the list of survivors.
type Findings struct {
	Unlisted []Result          // survived, and nobody has said why
	Stale    []string          // listed, but killed by now, or no mutant of this run's files
	Reasons  map[string]string // of each listed survivor, by ID
}

// Compare holds the scores against the list. An entry for a file without a mutant in the scores is not judged: the run
// left that file out.
func Compare(scores []Score, list []Survivor) Findings {
	f := Findings{Reasons: map[string]string{}}
	listed, outcome, files := map[string]string{}, map[string]Outcome{}, map[string]bool{}
	for _, s := range list {
		for _, change := range s.Mutations {
			listed[Mutant{File: s.File, Change: change}.ID()] = s.Reason
		}
	}
	for _, score := range scores {
		for _, r := range score.Results {
			id := r.ID()
			outcome[id], files[r.File] = r.Outcome, true
			if r.Outcome != Survived {
				continue
			}
			if reason, ok := listed[id]; ok {
				f.Reasons[id] = reason
			} else {
				f.Unlisted = append(f.Unlisted, r)
			}
		}
	}
	for _, s := range list {
		for _, change := range s.Mutations {
			id := Mutant{File: s.File, Change: change}.ID()
			switch o, ok := outcome[id]; {
			case !files[s.File] || o == Survived:
			case !ok:
				f.Stale = append(f.Stale, id+": no such mutant")
			default:
				f.Stale = append(f.Stale, id+": "+string(o))
			}
		}
	}
	return f
}
