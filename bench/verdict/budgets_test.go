package verdict

import (
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/header-auth/header-auth/bench/evidence"
)

// TestBudgetFaults holds all that is said about faulty files.
func TestBudgetFaults(t *testing.T) {
	for _, test := range []struct{ name, source, want string }{
		{"no YAML", "a: [", "b.yaml:1:4: not YAML: "},
		{"nothing", "", "b.yaml:1:1: "},
		{"a list", "- size: 1",
			`b.yaml:1:1: - size: 1, expected a mapping from builds, or "*", to their limits, write keys and values`},
		{"a build twice", "a:\n  size: 1B\na:\n  size: 2B\n", "b.yaml:3:1: not YAML: "},
		{"unknown quantity", "a:\n  sise: 5MiB\n",
			`b.yaml:2:3: unknown key "sise", expected one of known, size, ratio_to_floor, p50, p99, p99.9, bytes_per_request, startup, change or remove it`},
		{"no unit", "a:\n  size: 5000000\n", `b.yaml:2:9: 5000000, expected a size such as "640KiB" or "5MiB", change it`},
		{"no time", "a: {startup: 5}", `b.yaml:1:14: 5, expected a time above zero such as "250us" or "1.5ms", change it`},
		{"no number", "a: {ratio_to_floor: many}", `b.yaml:1:21: many, expected a number, zero or more, change it`},
		{"scenarios of a size", "a:\n  size: {typical/allow: 5MiB}\n",
			`b.yaml:2:9: limits by scenario, expected one of a size such as "640KiB" or "5MiB", as it has no scenarios`},
		{"a bad pattern", "a:\n  p99:\n    typical/[: 5ms\n",
			`b.yaml:3:5: the pattern "typical/[", expected a scenario's name or a pattern such as typical/headers-*, mend it`},
		{"known for all", "'*':\n  known: {size: So.}\n", `b.yaml:2:3: known for "*", expected under one build`},
		{"known without a reason", "a:\n  known:\n    size:\n", "b.yaml:3:"},
		{"two faults", "a:\n  size: 1\n  startup: 1\n", "b.yaml:3:12: "},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := parseBudgets("b.yaml", []byte(test.source))
			var faults *BudgetError
			if !errors.As(err, &faults) || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got  %v\nwant %s", err, test.want)
			}
		})
	}
}

func TestCheckBudgets(t *testing.T) {
	broken := func(b Budget) string {
		s := b.Where + " " + b.Build + " " + b.What
		if b.Scenario != "" {
			s += " " + b.Scenario
		}
		switch b.State {
		case Unjudged:
			return s + ": " + string(b.Missing.Kind) + b.Missing.Refusal
		case KnownAbove:
			return s + " known: " + b.Known
		case KnownInVain:
			return s + " known in vain"
		case NoSuchBuild:
			return s + "no such build"
		case NoSteadyTime:
			return s + " has no steady time"
		}
		return s
	}
	for _, test := range []struct {
		name, source string
		change       func(*evidence.Report)
		want         []string // broken, or known
	}{
		{name: "all kept",
			source: `"*": {size: 5MiB, ratio_to_floor: 60, p99.9: 5ms, bytes_per_request: 1000000, startup: 250ms}`,
			change: tailsEverywhere, want: []string{
				"budgets.yaml:1 go-leaks ratio_to_floor typical/s0 has no steady time",
				"budgets.yaml:1 go-leaks ratio_to_floor typical/s1 has no steady time",
				"budgets.yaml:1 go-leaks ratio_to_floor typical/s2 has no steady time",
				"budgets.yaml:1 go-leaks p99.9 typical/s0 has no steady time",
				"budgets.yaml:1 go-leaks p99.9 typical/s1 has no steady time",
				"budgets.yaml:1 go-leaks p99.9 typical/s2 has no steady time"}},
		{name: "by build", source: "'*':\n  size: 140KiB\nrust:\n  size: 150KiB\n",
			want: []string{"budgets.yaml:2 go-good size", "budgets.yaml:2 go-leaks size", "budgets.yaml:2 go-archived size"}},
		{name: "by scenario, the first that fits", source: "rust:\n  ratio_to_floor:\n    typical/s0: 2.5\n    " +
			"typical/*: 3.5\n    '*': 1\n",
			want: []string{"budgets.yaml:3 rust ratio_to_floor typical/s0"}},
		{name: "a leak", source: "'*':\n  bytes_per_request: 1\n",
			want: []string{"budgets.yaml:2 go-leaks bytes_per_request"}},
		{name: "a known leak",
			source: "'*':\n  bytes_per_request: 1\ngo-leaks:\n  known: {bytes_per_request: It is known.}\n",
			want:   []string{"budgets.yaml:2 go-leaks bytes_per_request known: It is known."}},
		{name: "a leak and its time", source: "go-leaks:\n  bytes_per_request: 1\n  ratio_to_floor: {typical/s0: 0}\n  " +
			"known: {bytes_per_request: It is known.}\n",
			want: []string{"budgets.yaml:3 go-leaks ratio_to_floor typical/s0 has no steady time",
				"budgets.yaml:2 go-leaks bytes_per_request known: It is known."}},
		{name: "a leak without a limit", source: "go-leaks:\n  ratio_to_floor: {typical/s0: 0}\n",
			want: []string{"budgets.yaml:2 go-leaks ratio_to_floor typical/s0: leaks"}},
		{name: "known no more", source: "rust:\n  size: 5MiB\n  known: {size: It is known.}\n",
			want: []string{"budgets.yaml:2 rust size known in vain"}},
		{name: "not measured", source: "rust:\n  size: 5MiB\n  p99.9: 5ms\n", change: func(r *evidence.Report) {
			r.Sizes = nil
			r.Scenarios = r.Scenarios[1:2]
		},
			want: []string{"budgets.yaml:2 rust size: not measured", "budgets.yaml:3 rust p99.9 typical/s1: not measured"}},
		{name: "refused", source: "rust:\n  ratio_to_floor: {typical/s1: 9}\n",
			change: func(r *evidence.Report) {
				r.Refused = []evidence.Refused{{Build: "rust", Scenario: "typical/s1", Reason: "answers 200"}}
			},
			want: []string{"budgets.yaml:2 rust ratio_to_floor typical/s1: excludedanswers 200"}},
		{name: "too few for a percentile", source: "rust:\n  p99.9: 5ms\n", change: func(r *evidence.Report) {
			tailsEverywhere(r)
			r.Scenarios = r.Scenarios[:1]
			for i := range r.Tails {
				r.Tails[i].Counts = [][2]int64{{1000, 5000}}
			}
		}, want: []string{"budgets.yaml:2 rust p99.9 typical/s0: few requests"}},
		{name: "the gate", source: "rust:\n  ratio_to_floor: {typical/s0: 60}\n", change: func(r *evidence.Report) {
			without(r, evidence.Twin, "")
		},
			want: []string{"budgets.yaml:2 rust ratio_to_floor typical/s0: no verdicts"}},
		{name: "a build that is not there", source: "rast:\n  size: 5MiB\n",
			want: []string{"budgets.yaml:1 rast no such build"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			b, err := parseBudgets("some/budgets.yaml", []byte(test.source))
			if err != nil {
				t.Fatal(err)
			}
			r := whole()
			if test.change != nil {
				test.change(r)
			}
			var got []string
			for _, budget := range CheckBudgets(b, r, Judge(r)) {
				if budget.State != Kept {
					got = append(got, broken(budget))
				}
				if kept := budget.State == Kept || budget.State == KnownAbove ||
					budget.State == NoSteadyTime; budget.Broken() == kept {
					t.Errorf("broken: %t, %+v", budget.Broken(), budget)
				}
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("- want + got\n%s", diff)
			}
		})
	}
}

// tailsEverywhere copies the first scenario's tails to the others.
func tailsEverywhere(r *evidence.Report) {
	for _, t := range r.Tails {
		for _, s := range r.Scenarios[1:] {
			t.Scenario = s.ID
			r.Tails = append(r.Tails, t)
		}
	}
}

// TestOwnBudgets: the file in the root is sound, and every build it names is one of builds.yaml.
func TestOwnBudgets(t *testing.T) {
	b, err := LoadBudgets("../../budgets.yaml")
	if err != nil {
		t.Fatal(err)
	}
	builds, err := os.ReadFile("../../builds.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for _, set := range b.builds {
		if set.build != "*" && !strings.Contains(string(builds), "- name: "+set.build+"\n") {
			t.Errorf("budgets.yaml:%d: no build %s", set.line, set.build)
		}
	}
	if _, err := LoadBudgets("missing.yaml"); err == nil || !strings.Contains(err.Error(), "missing.yaml") {
		t.Errorf("a missing file: %v", err)
	}
}
