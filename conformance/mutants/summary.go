package mutants

import (
	"fmt"
	"slices"
	"strings"
)

// The marks between which generated text stands in a document.
const (
	begin = "<!-- mutants -->\n"
	end   = "<!-- end -->\n"
)

// Splice puts a text between the marks of a document.
func Splice(document, text string) (string, error) {
	before, rest, found := strings.Cut(document, begin)
	_, after, ended := strings.Cut(rest, end)
	if !found || !ended {
		return "", fmt.Errorf("find the place of the result: expected a line %q and after it a line %q",
			strings.TrimSpace(begin), strings.TrimSpace(end))
	}
	return before + begin + text + end + after, nil
}

var titles = map[string]string{"go": "Go", "rust": "Rust"}

// Sentence is the result in one sentence of Markdown, for conformance/README.md.
func Sentence(scores []Score) string {
	var shares []string
	for i := range scores {
		what := "the small changes to"
		if i > 0 {
			what = "those to"
		}
		shares = append(shares, fmt.Sprintf("%.1f %% of %s the %s plugin", scores[i].Percent(), what,
			titles[scores[i].Language]))
	}
	return "The table notices " + strings.Join(shares, " and ") + ":\n" +
		"[mutants/README.md](mutants/README.md) shows the result, and the reason for each change that it does not notice.\n"
}

// Summary is the whole result in Markdown, for README.md of this folder; two runs with the same verdicts give the same.
func Summary(scores []Score, f Findings, tableDigest string, cases int) string {
	var b strings.Builder
	fmt.Fprintf(&b, "By `make mutants`, with %d cases (table sha256 %.12s):\n\n", cases, strings.TrimPrefix(tableDigest,
		"sha256:"))
	b.WriteString("| operator | what it changes |")
	rule := "|---|---|"
	for i := range scores {
		fmt.Fprintf(&b, " %s, killed of |", titles[scores[i].Language])
		rule += "--:|"
	}
	fmt.Fprintf(&b, "\n%s\n", rule)
	for _, op := range operators() {
		fmt.Fprintf(&b, "| %s | %s |", op, changesOf[op])
		for i := range scores {
			killed, all := tally(&scores[i], op)
			fmt.Fprintf(&b, " %d of %d |", killed, all)
		}
		b.WriteByte('\n')
	}
	b.WriteString("| **all** | |")
	for i := range scores {
		s := &scores[i]
		fmt.Fprintf(&b, " **%d of %d, %.1f %%** |", s.Count(Killed), s.Count(Killed)+s.Count(Survived), s.Percent())
	}
	b.WriteString("\n| do not compile | |")
	for i := range scores {
		fmt.Fprintf(&b, " %d |", scores[i].Count(NoProgram))
	}
	b.WriteString("\n| give no new module | |")
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
	b.WriteString("\n## Survivors\n\nEach change below survives, for the reason above it: nothing outside " +
		"the plugin can observe it.\n\n")
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
