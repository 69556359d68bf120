package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/jedib0t/go-pretty/v6/table"

	"github.com/header-auth/header-auth/bench"
	"github.com/header-auth/header-auth/bench/evidence"
	"github.com/header-auth/header-auth/bench/stats"
	"github.com/header-auth/header-auth/bench/worst"
	"github.com/header-auth/header-auth/conformance/apart"
	"github.com/header-auth/header-auth/conformance/suite"
	requests "github.com/header-auth/header-auth/conformance/table"
	"github.com/header-auth/header-auth/host/profile"
	"github.com/header-auth/header-auth/internal/sandbox"
	"github.com/header-auth/header-auth/internal/units"
	"github.com/header-auth/header-auth/internal/words"
)

const worstRounds = 1000

var worstHelp = fmt.Sprintf(`Usage: parity worst [CASE…] [flags]

How long can one client keep a worker busy? Times the heaviest legal requests under the heaviest legal configurations,
the group worst of the table, one case after the other: the mean of a request with its 95 %% interval, the longest
request (most often a garbage collector's pause), and linear memory. Times are processor time of the thread, the host's
work included.

  parity worst                                   all builds of builds.yaml
  parity worst 'worst/users*' --build rust
  parity worst --format markdown                 the table of bench/METHODOLOGY.md

Flags
`+selectionHelp+`  --case PATTERN         the same as CASE, the cases to time (default: the group worst, else all);
                         repeat it for several
  --list                 print the cases and the builds that would be timed, and about how long it takes; time nothing
  --rounds N             timed rounds of each case (default %d)
  --format FORMAT        text (default), markdown or json

The time of a build with leaks in builds.yaml does not count: its garbage collector has more to do with every request.

Exit codes: 0 no request is known to take longer than %s; 1 one is (its whole interval lies above that), or an answer is
wrong; 2 the call, builds.yaml or the table is wrong; 3 this machine lacks a compiler, or the run was interrupted.
`, profile.Default, worstRounds, worst.Limit)

// worstReport is what is printed.
type worstReport struct {
	Schema  string           `json:"schema"`
	Taken   time.Time        `json:"taken"`
	Table   string           `json:"table"`
	Rounds  int              `json:"rounds"`
	Machine evidence.Machine `json:"machine"`
	Results []worst.Result   `json:"results"` // case by case, in the table's order

	builds, cases []string
}

// runWorst is the command "worst"; worstHelp says what its exit codes mean.
func runWorst(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	var s selection
	var patterns nameList
	flags := flag.NewFlagSet("worst", flag.ContinueOnError)
	s.flags(flags)
	flags.Var(&patterns, "case", "")
	rounds := flags.Int("rounds", worstRounds, "")
	list := flags.Bool("list", false, "")
	form := flags.String("format", "text", "")
	cases, code, done := parseArgs(flags, args, worstHelp, stdout, stderr)
	if done {
		return code
	}
	patterns = append(patterns, cases...)
	if err := format("worst", *form); err != nil {
		return exit("worst", err, stderr)
	}
	if *rounds < 40 {
		return exit("worst", usagef("--rounds %d: expected 40 or more, a mean needs them", *rounds), stderr)
	}
	if *list {
		return exit("worst", listWorst(&s, patterns, *rounds, stdout, stderr), stderr)
	}
	r, err := worstAll(ctx, &s, patterns, *rounds, stderr)
	if err != nil {
		return exit("worst", err, stderr)
	}
	if *form == "json" {
		e := json.NewEncoder(stdout)
		e.SetIndent("", "  ")
		err = e.Encode(r)
	} else {
		err = worstText(stdout, r, *form == "markdown")
	}
	switch {
	case err != nil:
		fmt.Fprintf(stderr, "parity worst: write report: %v\n", err)
		return 3
	case ctx.Err() != nil:
		fmt.Fprintln(stderr, "parity worst: interrupted; what was timed until then is above")
		return 3
	case slices.ContainsFunc(r.Results, func(p worst.Result) bool { return p.Red() }):
		return 1
	}
	return 0
}

// worstOr are the cases that the patterns select; without patterns the group worst, or in a table without it
// all that can be repeated.
func worstOr(patterns []string) func(*requests.Table) []string {
	return func(whole *requests.Table) []string {
		if len(patterns) > 0 {
			return patterns
		}
		if slices.ContainsFunc(whole.Groups, func(g requests.Group) bool { return g.Name == "worst" }) {
			return []string{"worst"}
		}
		var all []string
		for _, c := range whole.Cases() {
			if suite.Cyclic(&c) == nil {
				all = append(all, c.ID)
			}
		}
		return all
	}
}

// listWorst prints what would be timed.
func listWorst(s *selection, patterns []string, rounds int, stdout, stderr io.Writer) error {
	run, err := s.choose(worstOr(patterns), stderr)
	if err != nil {
		return err
	}
	printCases(stdout, run.cases.Cases())
	fmt.Fprintln(stdout)
	builds, err := s.listModules(stdout)
	if err != nil {
		return err
	}
	about := time.Duration(run.cases.Len()*builds*rounds) * worst.Usual
	fmt.Fprintf(stdout, "\n%s rounds of each case on each build. %s; while it runs, it shows the time that is left.\n",
		units.Count(rounds), aboutSo(about))
	return nil
}

// worstAll times what was selected, one after the other: side by side they would slow each other down.
func worstAll(ctx context.Context, s *selection, patterns []string, rounds int,
	stderr io.Writer) (*worstReport, error) {
	run, err := s.load(ctx, worstOr(patterns), stderr)
	if err != nil {
		return nil, err
	}
	cases, modules := run.cases.Cases(), run.modules
	watch := bench.WatchMachine()
	r := &worstReport{Schema: "header-auth/worst/v1", Taken: time.Now().UTC(), Table: run.cases.Digest, Rounds: rounds}
	for _, m := range modules {
		r.builds = append(r.builds, m.Name)
	}
	runner := newTimedRunner(run.options, len(modules)) // a process for each module, of which one is at work
	defer runner.Close()
	line := newProgress(stderr)
	ended := make([]int, len(modules)) // cases
	for i := range cases {
		if ctx.Err() != nil {
			break
		}
		r.cases = append(r.cases, cases[i].ID)
		for b := range modules {
			m := &modules[b]
			line.step(i*len(modules)+b+1, len(cases)*len(modules), m.Name, cases[i].ID)
			p := worst.Result{Build: m.Name, Case: cases[i].ID, Mean: stats.None()}
			if ended[b] < worstEnded {
				p, err = worstOf(ctx, runner, m, &cases[i], rounds)
			} else {
				err = fmt.Errorf("not run: in %d cases before it the module did not return in time, or took too much memory",
					worstEnded)
			}
			if failureOf(err) != nil {
				ended[b]++
			}
			switch {
			case ctx.Err() != nil:
				p.Failed = "interrupted"
			case err != nil:
				p.Failed = err.Error()
			}
			p.Known = m.leaks
			r.Results = append(r.Results, p)
		}
	}
	line.clear()
	r.Machine = watch.Machine()
	return r, nil
}

// worstEnded is how many cases of a build may end because a call had to be ended. The cases after them are not run.
const worstEnded = 3

// worstRequestTime is how long a request may take on the average until its case is ended: ten times the limit.
const worstRequestTime = 10 * worst.Limit

// worstOf times one case on one build in a process. The error says why there are no times; it is a *host.Failure when
// the process had to be ended.
func worstOf(ctx context.Context, runner *apart.Runner, m *module, c *requests.Case, rounds int) (worst.Result, error) {
	found := worst.Result{Build: m.Name, Case: c.ID, Mean: stats.None()}
	if m.Err != nil {
		return found, m.Err
	}
	compiled, err := runner.Compile(ctx, m.Wasm, m.Environment)
	if err != nil {
		return found, err
	}
	repeated := 0
	for i := range c.Steps {
		repeated += max(1, c.Steps[i].Times)
	}
	err = compiled.Do(ctx, sandbox.Job{Kind: worstJob, Request: worstRequest{m.Name, *c, rounds}, Answer: &found,
		Whole: time.Duration(rounds*repeated)*worstRequestTime + worstGrace})
	return found, err
}

// worstGrace is how much longer a case may take, for its start and the rounds that are not timed.
const worstGrace = 20 * time.Second

// worstText writes a table of cases and builds, and below it what is above the limit.
func worstText(to io.Writer, r *worstReport, markdown bool) error {
	w := &words.Writer{To: to}
	t := words.NewTable()
	head := table.Row{"case"}
	for _, b := range r.builds {
		head = append(head, b)
	}
	t.AppendHeader(head)
	for i, id := range r.cases {
		row := table.Row{strings.TrimPrefix(id, "worst/")}
		for b := range r.builds {
			row = append(row, worstCell(&r.Results[i*len(r.builds)+b]))
		}
		t.AppendRow(row)
	}
	if markdown {
		fmt.Fprintln(w, t.RenderMarkdown())
	} else {
		fmt.Fprintln(w, words.TrimLines(t.Render()))
	}
	fmt.Fprintf(w, "\nMean of a request [95 %% interval] / the longest of %s, in µs; linear memory at the end. %s, %s, "+
		"%d CPUs, table sha256 %s.\n",
		units.Count(r.Rounds+50), r.Taken.Format("2006-01-02 15:04 UTC"), r.Machine.CPU, r.Machine.CPUs, words.Short(r.Table))
	for i := range r.Results {
		switch p := &r.Results[i]; {
		case p.Failed != "":
			fmt.Fprintf(w, "%s %s: %s\n", p.Build, p.Case, p.Failed)
		case p.Red():
			fmt.Fprintf(w, "%s %s takes %s, expected at most %s.\n", p.Build, p.Case,
				units.Interval(p.Mean.Low, p.Mean.Mid, p.Mean.High, units.Nanos), units.Nanos(float64(worst.Limit)))
		}
	}
	return w.Err
}

func worstCell(p *worst.Result) string {
	if p.Failed != "" {
		return "failed"
	}
	return fmt.Sprintf("%s / %s; %s", units.Interval(p.Mean.Low, p.Mean.Mid, p.Mean.High, micros),
		micros(float64(p.Longest)), units.Bytes(float64(p.Peak)))
}

// micros are nanoseconds as microseconds.
func micros(nanos float64) string { return units.Digits(nanos / 1000) }
