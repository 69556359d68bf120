package main

import (
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/header-auth/header-auth/bench/verdict"
)

// regressionLimit is the flag --fail-on-regression: a share such as 5%.
type regressionLimit struct {
	set   bool
	share float64
}

func (l *regressionLimit) String() string { return "" }

// Set reads a percentage.
func (l *regressionLimit) Set(s string) error {
	number, ok := strings.CutSuffix(s, "%")
	v, err := strconv.ParseFloat(strings.TrimSpace(number), 64)
	if !ok || err != nil || !(v >= 0 && v < 1000) {
		return fmt.Errorf("expected a percentage such as 5%%")
	}
	l.set, l.share = true, v/100
	return nil
}

// check requires an earlier report to compare with.
func (l *regressionLimit) check(against string) error {
	if l.set && against == "" {
		return usagef("--fail-on-regression: expected --against FILE with it")
	}
	return nil
}

// code is the exit code for regressions: 0 none, or not asked for; 1 there are some, or something is gone; 3 the two
// reports cannot be compared. It says why on stderr.
func (l *regressionLimit) code(f *verdict.Findings, command string, stderr io.Writer) int {
	a := f.Against
	if !l.set || a == nil {
		return 0
	}
	say := func(format string, args ...any) {
		fmt.Fprintf(stderr, "parity %s: --fail-on-regression: "+format+"\n", append([]any{command}, args...)...)
	}
	if !a.Same {
		say("%s is of another machine or plan, and cannot be compared: measure both on one machine with one plan", a.File)
		return 3
	}
	code := 0
	for _, c := range a.Regressions(l.share) {
		what := strings.TrimSpace(c.What + " " + c.Scenario)
		if c.Ratio.Known() {
			say("%s: %s is %.3g [%.3g, %.3g] times that of %s", c.Build, what, c.Ratio.Mid, c.Ratio.Low, c.Ratio.High, a.File)
		} else {
			say("%s: %s was %.3g and is %.3g", c.Build, what, c.Then.Mid, c.Now.Mid)
		}
		code = 1
	}
	for _, n := range a.Notes {
		switch n.Kind {
		case verdict.OnlyThen:
			say("%s is in %s only", strings.TrimSpace(n.Build+n.Scenario), a.File)
			code = 1
		case verdict.RefusedNow:
			say("%s has no numbers any more: %s", strings.TrimSpace(n.Build+" "+n.Scenario), n.Now)
			code = 1
		}
	}
	if code == 0 && !a.Timed {
		say("an A/A check failed: times cannot be compared")
		return 3
	}
	return code
}
