package mutants

import (
	"fmt"
	"slices"
	"strings"
)

// The markers between which a summary stands in a document.
const (
	begin = "<!-- mutants -->\n"
	end   = "<!-- end -->\n"
)

// Splice puts a block between the markers of a text.
func Splice(text, block string) (string, error) {
	before, rest, found := strings.Cut(text, begin)
	_, after, ended := strings.Cut(rest, end)
	if !found || !ended {
		return "", fmt.Errorf("find a place for the summary: expected a line %q and after it a line %q",
			strings.TrimSpace(begin), strings.TrimSpace(end))
	}
	return before + begin + block + end + after, nil
}

var titles = map[string]string{"go": "Go", "rust": "Rust"}

// Summary is the result in Markdown, without anything that differs between two runs of the same.
func Summary(scores []Score, f Findings, command, tableDigest string, cases int) string {
	var b strings.Builder
	fmt.Fprintf(&b, "`%s` held against %d cases (table sha256 %.12s):\n\n", command, cases, strings.TrimPrefix(tableDigest, "sha256:"))
	b.WriteString("| operator |")
	rule := "|---|"
	for i := range scores {
		fmt.Fprintf(&b, " %s, killed of |", titles[scores[i].Language])
		rule += "--:|"
	}
	fmt.Fprintf(&b, "\n%s\n", rule)
	for _, op := range Operators() {
		fmt.Fprintf(&b, "| %s |", op)
		for i := range scores {
			killed, all := tally(&scores[i], op)
			fmt.Fprintf(&b, " %d of %d |", killed, all)
		}
		b.WriteByte('\n')
	}
	b.WriteString("| **all** |")
	for i := range scores {
		s := &scores[i]
		fmt.Fprintf(&b, " **%d of %d, %.1f %%** |", s.Count(Killed), s.Count(Killed)+s.Count(Survived), s.Percent())
	}
	b.WriteString("\n| made no program |")
	for i := range scores {
		fmt.Fprintf(&b, " %d |", scores[i].Count(NoProgram))
	}
	b.WriteString("\n| made no other module |")
	for i := range scores {
		fmt.Fprintf(&b, " %d |", scores[i].Count(Unchanged)+scores[i].Count(SameAsAnother))
	}
	b.WriteByte('\n')
	survivors(&b, scores, f)
	return b.String()
}

func tally(s *Score, op Operator) (killed, all int) {
	for i := range s.Results {
		r := &s.Results[i]
		if r.Operator != op {
			continue
		}
		switch r.Outcome {
		case Killed:
			killed, all = killed+1, all+1
		case Survived:
			all++
		}
	}
	return killed, all
}

// survivors lists them by reason, in the order of the files.
func survivors(b *strings.Builder, scores []Score, f Findings) {
	var reasons []string
	changes := map[string][]string{}
	for _, s := range scores {
		for _, r := range s.Results {
			if r.Outcome != Survived {
				continue
			}
			reason, ok := f.Reasons[r.ID()]
			if !ok {
				reason = "Not explained yet:"
			}
			if !slices.Contains(reasons, reason) {
				reasons = append(reasons, reason)
			}
			changes[reason] = append(changes[reason], fmt.Sprintf("  - %s: %s", r.File, code(r.Change)))
		}
	}
	if len(reasons) == 0 {
		return
	}
	b.WriteString("\nSurvivors, and why nobody can tell them from the plugin:\n\n")
	for _, reason := range reasons {
		fmt.Fprintf(b, "- %s\n%s\n", reason, strings.Join(changes[reason], "\n"))
	}
}

// code quotes a text that may have backquotes in it.
func code(text string) string {
	fence := "`"
	for strings.Contains(text, fence) {
		fence += "`"
	}
	if len(fence) > 1 {
		return fence + " " + text + " " + fence
	}
	return fence + text + fence
}
