package verdict

import (
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/header-auth/header-auth/bench/evidence"
)

func TestChange(t *testing.T) {
	for _, test := range []struct {
		name      string
		then, now Interval
		want      ChangeWord
	}{
		{"worse", Interval{Low: 99, Mid: 100, High: 101, N: 9}, Interval{Low: 108, Mid: 110, High: 112, N: 9}, Worse},
		{"better", Interval{Low: 99, Mid: 100, High: 101, N: 9}, Interval{Low: 88, Mid: 90, High: 92, N: 9}, Better},
		{"the same", Interval{Low: 99, Mid: 100, High: 101, N: 9}, Interval{Low: 99.5, Mid: 100.5, High: 101.5, N: 9}, NoChange},
		{"apart, and too little", Interval{Low: 99.9, Mid: 100, High: 100.1, N: 9}, Interval{Low: 101, Mid: 101.1, High: 101.2, N: 9}, NoChange},
		{"wide", Interval{Low: 80, Mid: 100, High: 120, N: 2}, Interval{Low: 90, Mid: 120, High: 150, N: 2}, Unsure},
		{"none", Interval{Mid: 100, N: 1, Low: math.NaN(), High: math.NaN()}, Interval{Low: 1, Mid: 1, High: 1, N: 1}, Unsure},
		{"from nothing", Interval{N: 1}, Interval{Low: 1, Mid: 1, High: 1, N: 1}, Worse},
		{"nothing still", Interval{N: 1}, Interval{N: 1}, NoChange},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := change(test.then, test.now); got != test.want {
				t.Errorf("%s, expected %s", got, test.want)
			}
		})
	}
}

func TestCompare(t *testing.T) {
	for _, test := range []struct {
		name     string
		change   func(*evidence.Report)
		same     bool
		note     Note
		has, not []string // "build what scenario word"
	}{
		{"nothing changed", func(*evidence.Report) {}, true, Note{}, []string{"rust time typical/s0 no change", "rust size  no change", "rust resident  no change", "go-leaks bytes_per_request  no change"}, []string{"worse", "better"}},
		{"a slower build", func(r *evidence.Report) { slow(r, "go-good", "typical/s1", 1.2) }, true, Note{},
			[]string{"go-good time typical/s1 worse", "go-good ratio_to_floor typical/s1 worse", "go-good time typical/s0 no change"}, []string{"better"}},
		{"another machine", func(r *evidence.Report) { r.Machine.CPU = "Other"; slow(r, "", "", 0.5) }, false, Note{Kind: OtherMachine, What: "processor", Now: "Other"},
			[]string{"rust ratio_to_floor typical/s0", "rust size  no change", "rust bytes_per_request  no change"}, []string{" time ", "startup", "p99", "resident"}},
		{"another engine", func(r *evidence.Report) { r.Host.Wazero = "v2" }, false, Note{Kind: OtherMachine, What: "wazero", Now: "v2"}, nil, []string{" time "}},
		{"another kernel", func(r *evidence.Report) { r.Machine.Kernel = "7" }, true, Note{Kind: OtherSurroundings, What: "kernel", Now: "7"}, []string{"rust time typical/s0 no change"}, nil},
		{"a failed gate", func(r *evidence.Report) { without(r, evidence.Twin, "") }, true, Note{Kind: GateFailedNow}, []string{"rust size  no change"}, []string{" time ", "ratio_to_floor"}},
		{"a build less", func(r *evidence.Report) { r.Builds = r.Builds[:3] }, true, Note{Kind: OnlyThen, Build: "go-archived"}, nil, []string{"go-archived"}},
		{"refused", func(r *evidence.Report) { r.Refused = []evidence.Refused{{Build: "go-good", Reason: "no"}} }, true, Note{}, []string{"rust size  no change"}, []string{"go-good"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			now := whole()
			test.change(now)
			got := Compare(whole(), now, "old.json")
			var lines []string
			for _, c := range got.Changes {
				lines = append(lines, strings.Join([]string{c.Build, c.What, c.Scenario, string(c.Word)}, " "))
			}
			all := strings.Join(lines, "\n")
			if test.note == (Note{}) && len(got.Notes) > 0 || test.note != (Note{}) && !slices.Contains(got.Notes, test.note) || got.Same != test.same {
				t.Errorf("same: %t, notes %+v", got.Same, got.Notes)
			}
			for _, want := range test.has {
				if !strings.Contains(all, want) {
					t.Errorf("no %q in\n%s", want, all)
				}
			}
			for _, no := range test.not {
				if strings.Contains(all, no) {
					t.Errorf("%q in\n%s", no, all)
				}
			}
		})
	}
}
