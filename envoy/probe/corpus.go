package probe

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/header-auth/header-auth/host/profile"
)

// Kept is a script that is kept in a file, with the answers of real Envoys. The file is the script's text, its reason
// in comments above it, and behind a line such as "== 1.40 1.39" the answer of these releases.
type Kept struct {
	Name    string // of the file, without .txt
	Reason  []string
	Script  *Script
	Answers map[string]Answer // by release, such as "1.40"
}

// Read reads all scripts of a folder.
func Read(dir string) ([]*Kept, error) {
	files, err := filepath.Glob(filepath.Join(dir, "*.txt"))
	if err != nil {
		return nil, err
	}
	var all []*Kept
	for _, file := range files {
		in, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		k, err := parseKept(string(in))
		if err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
		k.Name = strings.TrimSuffix(filepath.Base(file), ".txt")
		all = append(all, k)
	}
	return all, nil
}

func parseKept(in string) (*Kept, error) {
	script, rest, answered := strings.Cut(in, "\n== ")
	k := &Kept{Answers: map[string]Answer{}}
	for line := range strings.Lines(script) {
		reason, ok := strings.CutPrefix(line, "# ")
		if !ok {
			break
		}
		k.Reason = append(k.Reason, strings.TrimSpace(reason))
	}
	var err error
	if k.Script, err = Parse(script); err != nil || !answered {
		return k, err
	}
	for part := range strings.SplitSeq(rest, "\n== ") {
		releases, lines, _ := strings.Cut(part, "\n")
		answer := Answer(strings.Split(strings.TrimSuffix(lines, "\n"), "\n"))
		for _, r := range strings.Fields(releases) {
			k.Answers[r] = answer
		}
	}
	return k, nil
}

// Record runs the scripts on a real Envoy and keeps its answers. It gives those on which host differs.
func Record(ctx context.Context, kept []*Kept, r *Runner, release string, p profile.Profile) (differ []*Difference,
	err error) {
	var scripts []*Script
	var ours []Answer
	for _, k := range kept {
		a, err := Ours(ctx, k.Script, p)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", k.Name, err)
		}
		scripts, ours = append(scripts, k.Script), append(ours, a)
	}
	r.Grace = confirmGrace
	theirs, err := r.Answers(ctx, scripts, ours)
	if err != nil {
		return nil, err
	}
	for i, k := range kept {
		k.Answers[release] = theirs[i].known()
		if !ours[i].Equal(theirs[i]) {
			differ = append(differ, &Difference{Name: k.Name, Script: k.Script, Host: ours[i], OfEnvoy: theirs[i]})
		}
	}
	return differ, nil
}

// Write writes the file.
func (k *Kept) Write(dir string) error {
	var b strings.Builder
	for _, line := range k.Reason {
		b.WriteString("# " + line + "\n")
	}
	b.WriteString(k.Script.String())
	var releases []string
	for r := range k.Answers {
		releases = append(releases, r)
	}
	slices.Sort(releases)
	slices.Reverse(releases)
	for len(releases) > 0 {
		answer := k.Answers[releases[0]]
		var same, others []string
		for _, r := range releases {
			if slices.Equal(k.Answers[r], answer) {
				same = append(same, r)
			} else {
				others = append(others, r)
			}
		}
		b.WriteString("== " + strings.Join(same, " ") + "\n" + answer.String())
		releases = others
	}
	return os.WriteFile(filepath.Join(dir, k.Name+".txt"), []byte(b.String()), 0o644)
}
