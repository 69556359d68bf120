package bench

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/header-auth/header-auth/bench/evidence"
	"github.com/header-auth/header-auth/bench/verdict"
)

// pair is a variant's time over the build's, seen from the build.
func pair(variant string, low, mid, high float64, word verdict.Word) verdict.Pair {
	p := verdict.Pair{A: variant, B: "shipped", Ratio: verdict.Interval{Low: low, Mid: mid, High: high, N: 16}, Word: word}
	return p.Inverse()
}

// percentile is one of three processes.
func percentile(p, nanos float64) verdict.Percentile {
	return verdict.Percentile{P: p, Nanos: verdict.Interval{Mid: nanos, N: 3}}
}

func flagsTable() *Flags {
	t := &Flags{Build: "shipped", Cases: 7, Report: &evidence.Report{Machine: evidence.Machine{CPU: "A processor",
		CPUs: 2}}}
	t.Rows = []FlagsRow{
		{Name: "shipped"},
		{Name: "smaller", Change: []string{"-Oz"}},
		{Name: "alike", Change: []string{"no -g", "-x"}},
		{Name: "unclear", Change: []string{"-y"}},
		{Name: "wide", Change: []string{"-w"}},
		{Name: "wrong", Change: []string{"-z"}, Missing: "fails 1 of 7 cases, the first is a/b"},
		{Name: "leaky", Change: []string{"-gc=none"}, Notes: "Frees nothing."},
	}
	for i, kib := range []int{200, 150, 200, 250, 200, 0, 100} {
		if kib > 0 {
			t.Report.Sizes = append(t.Report.Sizes, evidence.Size{Build: t.Rows[i].Name, Raw: kib << 10})
		}
	}
	twin := verdict.TwinRatio{Build: "shipped", Ratio: verdict.Interval{Low: 0.998, Mid: 1, High: 1.002, N: 16}}
	time := verdict.Timing{Contestant: "shipped", Time: verdict.Interval{Low: 1400, Mid: 1500, High: 1600, N: 16}}
	t.Findings = &verdict.Findings{
		Gate: verdict.Gate{Passed: true, Twins: []verdict.TwinRatio{twin}},
		Scenarios: []verdict.Scenario{{ID: "typical/allow", Timings: []verdict.Timing{time}, Pairs: []verdict.Pair{
			pair("smaller", 1.10, 1.12, 1.14, verdict.Slower),
			pair("alike", 0.99, 1.01, 1.02, verdict.Equivalent),
			pair("unclear", 1.01, 1.03, 1.05, verdict.Undecided),
			pair("wide", 0.94, 1.01, 1.08, verdict.Undecided),
			pair("leaky", 0.5, 0.6, 0.7, verdict.Unsteady),
		}}},
		Tails: []verdict.Tail{
			{Contestant: "shipped", Max: 9e3, Percentiles: []verdict.Percentile{percentile(50, 1), percentile(99.9, 2e3)}},
			{Contestant: "shipped", Max: 5e3, Percentiles: []verdict.Percentile{percentile(50, 1), percentile(99.9, 3e3)}},
			{Contestant: "smaller", Max: 1e6, Percentiles: []verdict.Percentile{percentile(99.9, 4e3)}},
		},
		Memory: []verdict.Memory{
			{Build: "leaky", Allocator: "spec", Verdict: verdict.Plateau},
			{Build: "leaky", Allocator: "envoy", Verdict: verdict.Leak},
			{Build: "alike", Allocator: "envoy", Verdict: verdict.Flat},
		},
		Resident: []verdict.Resident{
			{Build: "shipped", PerVM: verdict.Interval{Mid: 176 << 10, N: 3}},
			{Build: "smaller", PerVM: verdict.Interval{Mid: 170 << 10, N: 3}},
		},
	}
	return t
}

func TestFlags(t *testing.T) {
	var out strings.Builder
	if err := FlagsText(&out, []*Flags{flagsTable()}, TextOptions{Width: 100}); err != nil {
		t.Fatal(err)
	}
	_, rows, _ := strings.Cut(out.String(), "within 1 ± 3.0 %.\n")
	want := `    build     size         allow       p99.9     longest   memory
    shipped   200 KiB      1.50 µs     3.00 µs   9.00 µs   176 KiB
    smaller   −25.0 %      +12.0 %     4.00 µs   1.00 ms   170 KiB
    alike     =            =           –         –         –
    unclear   +25.0 %      undecided   –         –         –
    wide      =            =           –         –         –
    wrong     no numbers
    leaky     −50.0 %      –           –         –         leaks
    smaller: -Oz
    alike: no -g -x
    unclear: -y
    wide: -w
    wrong: -z · fails 1 of 7 cases, the first is a/b
    leaky: -gc=none · Frees nothing.
`
	if diff := cmp.Diff(want, rows); diff != "" {
		t.Error(diff)
	}
	for line := range strings.Lines(out.String()) {
		if n := len([]rune(line)); n > 101 {
			t.Errorf("%d columns: %s", n, line)
		}
	}
}

func TestFlagsMarkdown(t *testing.T) {
	failed := flagsTable()
	failed.Findings.Gate.Passed = false
	for i := range failed.Findings.Scenarios[0].Pairs {
		failed.Findings.Scenarios[0].Pairs[i].Word = verdict.Refused
	}
	sizes := flagsTable()
	sizes.Findings = nil
	none := flagsTable()
	none.Report, none.Findings, none.Rows[0].Missing = nil, nil, "fails 1 of 7 cases, the first is a/b"
	tests := []struct {
		name  string
		table *Flags
		want  []string
	}{
		{"measured", flagsTable(), []string{
			"| build | flags | size | allow | p99.9 | longest | memory |",
			"| shipped | – | 200 KiB | 1.50 µs | 3.00 µs | 9.00 µs | 176 KiB |",
			"| smaller | -Oz | −25.0 % | +12.0 % [+10.0 %, +14.0 %] | 4.00 µs | 1.00 ms | 170 KiB |",
			"| alike | no -g -x | = | = [−1.0 %, +2.0 %] | – | – | – |",
			"| wrong | -z | **no numbers** |", "- wrong: fails 1 of 7 cases, the first is a/b.\n",
			"**leaks** |", "- leaky: Frees nothing."}},
		{"without verdicts", failed, []string{
			"A/A check failed, no times are compared", "| smaller | -Oz | −25.0 % | – | 4.00 µs |"}},
		{"sizes alone", sizes, []string{"Nothing was timed.", "| build | flags | size |\n", "| smaller | -Oz | −25.0 % |\n"}},
		{"the build itself is wrong", none, []string{
			"shipped itself does not pass the table", "| shipped | – | **no numbers** |", "| smaller | -Oz | not measured |"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var out strings.Builder
			if err := FlagsMarkdown(&out, []*Flags{tt.table}); err != nil {
				t.Fatal(err)
			}
			for _, want := range tt.want {
				if !strings.Contains(out.String(), want) {
					t.Errorf("no %q in\n%s", want, out.String())
				}
			}
		})
	}
}
