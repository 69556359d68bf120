package mutants

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path"
	"path/filepath"
	"slices"

	"github.com/header-auth/header-auth/conformance/table"
	"github.com/header-auth/header-auth/toolchain"
)

// Options are what Run needs to know.
type Options struct {
	Root      string // the repository's folder
	Cache     string // keeps the copies, what is built and the verdicts; "": .cache in Root
	Table     *table.Table
	Engine    Engine
	Languages []string // some of Languages; none: all
	// patterns for the names of files, as in path.Match; none: all files
	Files []string
	// with Shards: only one of so many equal parts, counted from 1
	Shard    int
	Shards   int                                            // 0: all mutants
	Again    bool                                           // do not use the stored verdicts
	Log      io.Writer                                      // gets what toolchain.Obtain writes
	Progress func(done, total int, language, change string) // called before each mutant; nil: not called
}

// Score is the outcome of all mutants of one language.
type Score struct {
	Language string
	Sources  string // digest of the sources
	Results  []Result
	LeftOut  []string // cases that the unchanged plugin fails
	NotTried []string // ids of the mutants of other shards, and of those that an interrupted run did not reach
}

// Count is the number of mutants with an outcome.
func (s *Score) Count(o Outcome) int {
	n := 0
	for i := range s.Results {
		if s.Results[i].Outcome == o {
			n++
		}
	}
	return n
}

// Percent is the share of killed mutants among those that were killed or survived; 0 without any.
func (s *Score) Percent() float64 {
	killed, all := s.Count(Killed), s.Count(Killed)+s.Count(Survived)
	return 100 * float64(killed) / float64(max(1, all))
}

// Run builds every mutant and runs the table on it. When it is interrupted, it returns the results so far with the
// context's error, and the next run continues from there. The error is a *toolchain.MissingError when a compiler is
// missing.
func Run(ctx context.Context, o Options) ([]Score, error) {
	var chosen []*plugin
	var compilers []string
	for _, p := range plugins() {
		if len(o.Languages) == 0 || slices.Contains(o.Languages, p.language) {
			chosen, compilers = append(chosen, p), append(compilers, p.language)
		}
	}
	root, err := filepath.Abs(o.Root)
	if err != nil {
		return nil, err
	}
	if o.Root = root; o.Cache == "" {
		o.Cache = filepath.Join(root, ".cache")
	}
	tools, err := toolchain.Obtain(ctx, compilers, toolchain.Options{Root: root, Log: o.Log})
	if err != nil {
		return nil, err
	}
	var scores []Score
	for _, p := range chosen {
		if err := p.prepare(ctx, root, o.Cache, tools[p.language]); err != nil {
			return scores, fmt.Errorf("prepare %s: %w", p.language, err)
		}
		score, err := run(ctx, p, o)
		scores = append(scores, score)
		if err != nil {
			return scores, err
		}
	}
	return scores, nil
}

func run(ctx context.Context, p *plugin, o Options) (Score, error) {
	score := Score{Language: p.language, Sources: p.digest()}
	mutants, err := p.mutate(ctx, p)
	if err != nil {
		return score, err
	}
	if len(o.Files) > 0 {
		mutants = slices.DeleteFunc(mutants, func(m Mutant) bool {
			return !slices.ContainsFunc(o.Files, func(pattern string) bool {
				ok, err := path.Match(pattern, path.Base(m.File))
				return ok && err == nil
			})
		})
	}
	mutants, score.NotTried = shard(mutants, o.Shard, o.Shards)
	cases, err := caseDigests(o.Table)
	if err != nil {
		return score, err
	}
	verdicts, err := readVerdicts(filepath.Join(o.Cache, "mutants", p.language+".json"), o.Table.Digest,
		score.Sources, cases)
	if err != nil && o.Log != nil {
		fmt.Fprintln(o.Log, err)
	}
	if o.Again {
		verdicts.Verdicts, verdicts.outdated = map[string]verdict{}, nil
	}
	original, err := p.build(ctx)
	if err != nil {
		return score, fmt.Errorf("build the unchanged %s plugin: %w", p.language, err)
	}
	j := newJudge(o.Table, o.Engine)
	if score.LeftOut, err = j.leaveOut(ctx, original); err != nil {
		return score, err
	}
	r := runner{compile: p.buildMutant, judge: j.killer, verdicts: verdicts,
		modules: map[string]string{digest(original): ""}}
	for i, m := range mutants {
		if o.Progress != nil {
			o.Progress(i, len(mutants), p.language, m.Change)
		}
		v, err := r.verdict(ctx, m)
		if err != nil {
			for _, rest := range mutants[i:] {
				score.NotTried = append(score.NotTried, rest.ID())
			}
			return score, err
		}
		score.Results = append(score.Results, Result{Mutant: m, Outcome: v.Outcome, Killer: v.Killer})
	}
	return score, nil
}

// shard gives the mutants of every nth line that has any, from the ith on, and the ids of the others. Those of one line
// stay together, because they often give the same module, which is judged once.
func shard(mutants []Mutant, i, n int) (mine []Mutant, others []string) {
	if n == 0 {
		return mutants, nil
	}
	type place struct {
		file string
		line int
	}
	lines := map[place]int{}
	for _, m := range mutants {
		at := place{m.File, m.Line}
		if _, seen := lines[at]; !seen {
			lines[at] = len(lines)
		}
		if lines[at]%n == i-1 {
			mine = append(mine, m)
		} else {
			others = append(others, m.ID())
		}
	}
	return mine, others
}

type runner struct {
	compile  func(context.Context, Mutant) ([]byte, error)
	judge    func(ctx context.Context, wasm []byte, hint string) (killer string, err error)
	verdicts *verdictFile
	modules  map[string]string // digest of a module to the id of the mutant that gave it; "": the unchanged sources
}

func (r *runner) verdict(ctx context.Context, m Mutant) (v verdict, err error) {
	id := m.ID()
	v, known := r.verdicts.Verdicts[id]
	if !known {
		if v, err = r.buildAndJudge(ctx, m); err != nil {
			return v, err
		}
		r.verdicts.Verdicts[id] = v
		if err := r.verdicts.save(); err != nil {
			return v, fmt.Errorf("keep verdicts: %w", err)
		}
	}
	if _, ok := r.modules[v.Module]; !ok && v.Module != "" {
		r.modules[v.Module] = id
	}
	return v, nil
}

func (r *runner) buildAndJudge(ctx context.Context, m Mutant) (v verdict, err error) {
	wasm, err := r.compile(ctx, m)
	if errors.Is(err, errCompile) {
		return verdict{Outcome: NoProgram}, nil
	}
	if err != nil {
		return v, fmt.Errorf("build mutant %s: %w", m.ID(), err)
	}
	v.Module = digest(wasm)
	if first, ok := r.modules[v.Module]; ok {
		v.Outcome = SameAsAnother
		if first == "" {
			v.Outcome = Unchanged
		}
		return v, nil
	}
	v.Killer, err = r.judge(ctx, wasm, r.verdicts.outdated[m.ID()].Killer)
	v.Outcome = Survived
	if v.Killer != "" {
		v.Outcome = Killed
	}
	return v, err
}
