package bench

import (
	"bytes"
	"flag"
	"io"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/header-auth/header-auth/bench/evidence"
	"github.com/header-auth/header-auth/bench/verdict"
	"github.com/header-auth/header-auth/internal/golden"
)

var update = flag.Bool("update", false, "write the golden files anew")

type form func(io.Writer, *evidence.Report, *verdict.Findings) error

func inText(o TextOptions) form {
	return func(w io.Writer, r *evidence.Report, f *verdict.Findings) error { return Text(w, r, f, o) }
}

func inSummary(w io.Writer, r *evidence.Report, f *verdict.Findings) error {
	return Summary(w, r, f, "forest.svg")
}

func inEnding(o TextOptions) form {
	return func(w io.Writer, r *evidence.Report, f *verdict.Findings) error { return Ending(w, r, f, o) }
}

func inBenchfmt(w io.Writer, r *evidence.Report, _ *verdict.Findings) error { return Benchfmt(w, r) }

func TestForms(t *testing.T) {
	usual := func() (*evidence.Report, *verdict.Findings) { return fixture(3, 3) }
	for _, test := range []struct {
		name  string
		of    func() (*evidence.Report, *verdict.Findings)
		write form
	}{
		{"good.txt", usual, inText(TextOptions{Width: 120})},
		{"good.ansi", usual, inText(TextOptions{Color: true, Width: 120})},
		{"good.md", usual, Markdown},
		{"good.bench", usual, inBenchfmt},
		{"refused.txt", refusedFixture, inText(TextOptions{Width: 80})},
		{"refused.md", refusedFixture, Markdown},
		{"machines.txt", twoMachines, inText(TextOptions{Width: 100})},
		{"machines.md", twoMachines, Markdown},
		{"machines.summary.md", twoMachines, inSummary},
		{"machines.end", twoMachines, inEnding(TextOptions{Width: 100})},
	} {
		t.Run(test.name, func(t *testing.T) {
			r, f := test.of()
			var got bytes.Buffer
			if err := test.write(&got, r, f); err != nil {
				t.Fatal(err)
			}
			golden.Check(t, filepath.Join("testdata", test.name), got.Bytes(), *update)
		})
	}
}

var forms = map[string]form{"text": inText(TextOptions{}), "markdown": Markdown, "benchstat": inBenchfmt, "html": HTML}

// TestEqualFigures: a figure that another build has, too, is told of both.
func TestEqualFigures(t *testing.T) {
	r, f := twoMachines()
	for i := range f.Machines.Pairs {
		for j := range f.Machines.Pairs[i].On {
			f.Machines.Pairs[i].On[j].Ratio = 2
		}
	}
	for _, c := range f.Headline {
		if _, ok := c.(verdict.Comparison); ok {
			f.Headline = append(f.Headline, c)
			break
		}
	}
	v := view{r, f}
	compared := 0
	for i, s := range v.headline() {
		c, ok := f.Headline[i].(verdict.Comparison)
		if !ok {
			continue
		}
		compared++
		a, _ := v.onMachines(c)
		if len(a.On) < 2 || len(s.Evidence) != len(a.On) {
			t.Errorf("%s: of %d machines only %q", s.Text, len(a.On), s.Evidence)
		}
	}
	if compared < 2 {
		t.Errorf("%d comparisons, want two at least", compared)
	}
}

// TestFigureOfOneMachine: what one run says alone names its machine, when there are several.
func TestFigureOfOneMachine(t *testing.T) {
	r, f := twoMachines()
	for of, named := range map[verdict.Quantity]bool{verdict.StartupTime: true, verdict.ResidentMemory: true,
		verdict.ModuleSize: false} {
		s := view{r, f}.state(verdict.Extremes{Of: of})
		if got := strings.Contains(strings.Join(s.Evidence, "; "), "on "+r.Machine.CPU); got != named {
			t.Errorf("quantity %d: %q, named its machine: %v", of, s.Evidence, got)
		}
	}
}

// TestThreeMachines: from three on there is an interval for the next, and the noise of a machine with two runs is told.
func TestThreeMachines(t *testing.T) {
	var runs []verdict.Run
	for i, cpu := range []string{"one", "two", "three", "three"} {
		r, f := fixture(3, 2)
		r.Machine.CPU = cpu
		for j := range f.Scenarios {
			for k, p := range f.Scenarios[j].Pairs {
				f.Scenarios[j].Pairs[k].Ratio = p.Ratio.Scale(1 + 0.02*float64(i))
			}
		}
		runs = append(runs, verdict.Run{Report: r, Findings: f})
	}
	f := runs[0].Findings
	f.Together(runs, 0)
	var got bytes.Buffer
	if err := Text(&got, runs[0].Report, f, TextOptions{Width: 120}); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"4 runs on 3 machines", "the next machine", "on all 3 machines",
		"one machine differ by a standard deviation of 1.3 %"} {
		if !strings.Contains(got.String(), want) {
			t.Errorf("the report lacks %q:\n%s", want, got.String()[:min(6000, got.Len())])
		}
	}
}

// TestTablesFitTheTerminal: no line is longer than the terminal is wide.
func TestTablesFitTheTerminal(t *testing.T) {
	r, f := fixture(5, 9)
	for _, width := range []int{80, 100, 160} {
		var got bytes.Buffer
		if err := Text(&got, r, f, TextOptions{Width: width}); err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(got.String()) {
			if n := utf8.RuneCountInString(strings.TrimSuffix(line, "\n")); n > width {
				t.Errorf("%d columns of %d: %s", n, width, line)
			}
		}
	}
}

// TestNothingPrintsNaN: a report without intervals, without percentiles, or an empty one can still be read.
func TestNothingPrintsNaN(t *testing.T) {
	for name, write := range forms {
		for _, make := range []func() (*evidence.Report, *verdict.Findings){
			refusedFixture, func() (*evidence.Report, *verdict.Findings) {
				return new(evidence.Report), new(verdict.Findings)
			}} {
			var got bytes.Buffer
			r, f := make()
			if err := write(&got, r, f); err != nil {
				t.Errorf("%s: %v", name, err)
			}
			for _, bad := range []string{"NaN", "Inf", "%!"} {
				if i := strings.Index(strings.ReplaceAll(got.String(), ": NaN", ""), bad); i >= 0 {
					t.Errorf("%s has %s: …%s…", name, bad, got.String()[max(0, i-80):min(got.Len(), i+20)])
				}
			}
		}
	}
}

func TestWriteErrorIsReturned(t *testing.T) {
	r, f := fixture(2, 1)
	for name, write := range forms {
		if err := write(failing{}, r, f); err == nil {
			t.Errorf("%s: no error from a writer that fails", name)
		}
	}
}

type failing struct{}

func (failing) Write([]byte) (int, error) { return 0, io.ErrClosedPipe }

// TestInstructionsConfirm: under the first table it says how many verdicts on time the counted
// instructions confirm, and which not.
func TestInstructionsConfirm(t *testing.T) {
	r, f := fixture(3, 3)
	for i, count := range []verdict.Count{{Ratio: 3.2, Agrees: true}, {Ratio: 0.8}} {
		for k := range f.Scenarios[i].Pairs {
			if p := &f.Scenarios[i].Pairs[k]; p.A == "tinygo-nottinygc" && p.B == "rust" {
				p.Count = count
			} else if p.B == "tinygo-nottinygc" && p.A == "rust" {
				p.Count = verdict.Count{Ratio: 1 / count.Ratio, Agrees: count.Agrees}
			}
		}
	}
	for name, write := range map[string]form{"text": inText(TextOptions{}), "markdown": Markdown, "html": HTML,
		"summary": inSummary} {
		var got bytes.Buffer
		if err := write(&got, r, f); err != nil {
			t.Fatal(err)
		}
		const want = "1 of 2 verdicts on time, in typical/allow and typical/refuse-missing; not tinygo-nottinygc in " +
			"typical/refuse-missing (0.800 times the instructions)."
		if !strings.Contains(got.String(), want) {
			t.Errorf("%s lacks %q", name, want)
		}
		if name == "html" && !(strings.Contains(got.String(), "slower, confirmed") && strings.Contains(got.String(),
			"slower, instructions disagree")) {
			t.Errorf("%s: its tables do not say which verdicts are confirmed", name)
		}
	}
}
