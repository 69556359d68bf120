package main

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/jedib0t/go-pretty/v6/table"

	"github.com/header-auth/header-auth/bench/soak"
	"github.com/header-auth/header-auth/bench/verdict"
	"github.com/header-auth/header-auth/internal/diff"
	"github.com/header-auth/header-auth/internal/units"
	"github.com/header-auth/header-auth/internal/words"
	benchreport "github.com/header-auth/header-auth/report/bench"
)

// soakText writes a table of paths and builds, and below it every finding as a sentence.
func soakText(to io.Writer, r *soakReport, color bool) error {
	w := &words.Writer{To: to}
	paint := words.Paint{On: color}
	t := words.NewTable()
	head := table.Row{"path"}
	for _, b := range r.builds {
		head = append(head, b)
	}
	t.AppendHeader(head)
	for i, id := range r.cases {
		row := table.Row{id}
		for b := range r.builds {
			row = append(row, soakCell(&r.Results[b*len(r.cases)+i], paint))
		}
		t.AppendRow(row)
	}
	fmt.Fprintln(w, words.TrimLines(t.Render()))
	fmt.Fprintln(w, "✓ flat, or stopped growing  ✗ leaks that many bytes a round, or is wrong  ~ known to "+
		"leak  ? not known  - not run")
	fmt.Fprintln(w)
	for i := range r.Results {
		if line := soakFinding(&r.Results[i]); line != "" {
			fmt.Fprintln(w, line)
		}
	}
	for _, b := range r.builds {
		if reason, ok := r.Tight[b]; ok {
			fmt.Fprintf(w, "%s does not leak, though builds.yaml says so: %q; remove leaks there.\n", b, reason)
		}
	}
	soakKnown(w, r)
	soakPauses(w, r)
	soakLeftOut(w, r)
	fmt.Fprintln(w, soakSummary(r))
	return w.Err
}

func soakCell(p *soak.Result, paint words.Paint) string {
	switch {
	case p.LeftOut != "":
		return "-"
	case p.Wrong != nil:
		return paint.Red(fmt.Sprintf("✗ wrong in round %s", units.Count(p.Wrong.Round)))
	case p.Failed != "":
		return paint.Red("✗ died")
	case p.Cut:
		return "- cut"
	case p.Memory.Verdict == verdict.Leak && p.Known != "":
		return paint.Yellow("~ " + bytesARound(p))
	case p.Memory.Verdict == verdict.Leak:
		return paint.Red("✗ " + bytesARound(p))
	case p.Memory.Verdict == verdict.Unclear:
		return paint.Yellow("?")
	}
	return paint.Green("✓")
}

func bytesARound(p *soak.Result) string {
	i := p.Memory.PerRound
	return units.Interval(i.Low, i.Mid, i.High, units.Digits)
}

// soakWhy is what the verdict on a path's memory follows from.
func soakWhy(m soak.Memory) string {
	switch m.Reason {
	case soak.KeptGrows:
		return "The bytes that stay in memory grow at a steady pace, and memory grows too."
	case soak.KeptDoesNot:
		return "Memory grew late, but the bytes that stay in it do not grow."
	case soak.NeitherTellsIt:
		return "Memory may grow: neither its steps nor the bytes that stay in it tell yet. More rounds would."
	case soak.BySteps:
		return benchreport.MemoryCourse(m.Steps, "round")
	}
	return ""
}

// soakJSON is a report for programs: with the reason of each verdict on memory as a sentence.
func soakJSON(r *soakReport) any {
	type memory struct {
		soak.Memory
		Why string `json:"why"`
	}
	type result struct {
		soak.Result
		Memory memory `json:"memory"`
	}
	results := make([]result, len(r.Results))
	for i, p := range r.Results {
		results[i] = result{p, memory{p.Memory, soakWhy(p.Memory)}}
	}
	return struct {
		*soakReport
		Results []result `json:"results"`
	}{r, results}
}

// soakFinding is what is wrong with a path; "" if nothing is.
func soakFinding(p *soak.Result) string {
	what := p.Build + " " + p.Case + ": "
	m := p.Memory
	switch i := m.PerRound; {
	case p.Wrong != nil:
		return fmt.Sprintf("%swrong in round %s, and right in all before: %s", what, units.Count(p.Wrong.Round),
			p.Wrong.What) + difference(p.Wrong.Wanted, p.Wrong.Got)
	case p.Failed != "":
		return fmt.Sprintf("%sended after %s rounds: %s", what, units.Count(p.Rounds), p.Failed)
	case p.LeftOut != "" || p.Known != "":
		return ""
	case m.Verdict == verdict.Leak:
		ended := ""
		if m.Ended != "" {
			ended = ", " + m.Ended
		}
		course := fmt.Sprintf("%s to %s", units.Bytes(float64(m.Ready)), units.Bytes(float64(m.End)))
		if m.Reason == soak.BySteps {
			course = benchreport.UsedUp(m.Steps, "round")
		}
		return fmt.Sprintf("%sleaks %s bytes a round (95 %% interval %s to %s), %s rounds of %s, %s%s. %s", what,
			units.Digits(i.Mid), units.Digits(i.Low), units.Digits(i.High), units.Count(p.Rounds),
			counted(p.Requests, "request"), course, ended, soakWhy(m))
	case m.Verdict == verdict.Unclear && !p.Cut:
		return fmt.Sprintf("%snot known whether it leaks after %s rounds, %s to %s. %s", what, units.Count(p.Rounds),
			units.Bytes(float64(m.Ready)), units.Bytes(float64(m.End)), soakWhy(m))
	}
	return ""
}

// difference is what was wanted and what came instead; of texts of many lines, the lines that differ.
func difference(wanted, got string) string {
	if !strings.Contains(wanted+got, "\n") {
		return fmt.Sprintf(": wanted %s, got %s", cmp.Or(wanted, "nothing"), cmp.Or(got, "nothing"))
	}
	a, b := strings.Split(wanted, "\n"), strings.Split(got, "\n")
	text := "  - wanted + got"
	for _, l := range diff.Lines(a, b) {
		switch l.Mark {
		case '-':
			text += "\n    - " + a[l.A]
		case '+':
			text += "\n    + " + b[l.B]
		}
	}
	return text
}

// soakKnown writes a line for each build that is known to leak.
func soakKnown(w io.Writer, r *soakReport) {
	for b, build := range r.builds {
		n, low, high, reason := 0, 0., 0., ""
		for i := range r.cases {
			p := &r.Results[b*len(r.cases)+i]
			if p.Known == "" {
				continue
			}
			if mid := p.Memory.PerRound.Mid; n == 0 {
				low, high = mid, mid
			} else {
				low, high = min(low, mid), max(high, mid)
			}
			n++
			reason = p.Known
		}
		if n > 0 {
			fmt.Fprintf(w, "%s leaks on %d of %d paths, %s to %s bytes a round. Known: %s\n", build, n, len(r.cases),
				units.Digits(low), units.Digits(high), reason)
		}
	}
}

// soakPauses writes a line for each build with a pause: its longest.
func soakPauses(w io.Writer, r *soakReport) {
	for b, build := range r.builds {
		paths, worst := 0, (*soak.Result)(nil)
		for i := range r.cases {
			p := &r.Results[b*len(r.cases)+i]
			if p.Pauses.Longest == 0 {
				continue
			}
			paths++
			if worst == nil || p.Pauses.Longest > worst.Pauses.Longest {
				worst = p
			}
		}
		if worst != nil {
			fmt.Fprintf(w, "%s pauses on %d of %d paths: %s, %s in round %s, is %.0f times the median "+
				"of %s; %s beyond %d times.\n", build, paths, len(r.cases),
				worst.Case, worst.Pauses.Longest.Round(time.Microsecond), units.Count(worst.Pauses.Round),
				float64(worst.Pauses.Longest)/float64(worst.Pauses.Median),
				worst.Pauses.Median.Round(100*time.Nanosecond), counted(worst.Pauses.Beyond, "round"), soak.TimesMedian)
		}
	}
}

// soakLeftOut lists the paths that were not run, and why. A reason that all builds share is written once; paths that
// were not begun are counted.
func soakLeftOut(w io.Writer, r *soakReport) {
	waiting := 0
	for i, id := range r.cases {
		by := map[string][]string{}
		var reasons []string
		for b, build := range r.builds {
			switch why := r.Results[b*len(r.cases)+i].LeftOut; why {
			case "":
			case soak.NotBegun:
				waiting++
			default:
				if by[why] == nil {
					reasons = append(reasons, why)
				}
				by[why] = append(by[why], build)
			}
		}
		slices.Sort(reasons)
		for _, why := range reasons {
			who := strings.Join(by[why], ", ")
			if len(by[why]) == len(r.builds) {
				who = ""
			} else {
				who = " on " + who
			}
			fmt.Fprintf(w, "left out %s%s: %s\n", id, who, why)
		}
	}
	if waiting > 0 {
		fmt.Fprintf(w, "not begun: %s\n", counted(waiting, "path"))
	}
}

func soakSummary(r *soakReport) string {
	paths, requests := 0, 0
	for i := range r.Results {
		if p := &r.Results[i]; p.LeftOut == "" {
			paths++
			requests += p.Rounds * p.Requests
		}
	}
	word := "sound"
	switch {
	case paths == 0 && !r.Interrupted:
		return "nothing is known: every path was left out"
	case r.Red():
		word = "not sound"
	case r.Interrupted:
		word = "interrupted"
	}
	return fmt.Sprintf("%s: %s, %s requests, every answer looked at whole, %s", word, counted(paths, "path"),
		units.Count(requests), (time.Duration(r.Seconds * float64(time.Second))).Round(time.Second))
}

func counted(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return units.Count(n) + " " + what + "s"
}
