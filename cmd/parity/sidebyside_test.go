package main

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/header-auth/header-auth/conformance/suite"
	"github.com/header-auth/header-auth/report"
)

func sample(name, end string, lines ...string) traced {
	t := traced{name: name, id: "group/case", stepsOfCase: 1, end: end}
	p := suite.StepTrace{Place: suite.Place{Step: 1, Repetition: 1}}
	for _, l := range lines {
		trimmed := strings.TrimLeft(l, " ")
		p.Lines = append(p.Lines, report.TraceLine{Depth: (len(l) - len(trimmed)) / 2, Text: trimmed})
	}
	t.steps = []suite.StepTrace{p}
	return t
}

func TestSideBySide(t *testing.T) {
	tests := []struct {
		name        string
		left, right traced
		width       int
		colour      bool
		want        string
	}{
		{"equal", sample("a", "", "-> f()", "  g()", "<- f"), sample("b", "", "-> f()", "  g()", "<- f"), 43, false, `
group/case
a                      b

the request
-> f()                 -> f()
  g()                    g()
<- f                   <- f
`},
		{"one more, one changed", sample("a", "", "-> f()", "  g(1)", "<- f"), sample("b", "", "-> f()", "  log()", "  g(2)", "<- f"), 43, false, `
group/case
a                      b

the request
-> f()                 -> f()
  g(1)               |   log()
                     >   g(2)
<- f                   <- f
`},
		{"missing on the right", sample("a", "", "-> f()", "  g(1)", "<- f"), sample("b", "", "-> f()", "<- f"), 43, false, `
group/case
a                      b

the request
-> f()                 -> f()
  g(1)               <
<- f                   <- f
`},
		{"addresses don't count", sample("a", "", "<- malloc = 0x1f"), sample("b", "", "<- malloc = 0x2e"), 43, false, `
group/case
a                      b

the request
<- malloc = an addr…   <- malloc = an addr…
`},
		{"long lines that differ are shown whole", sample("a", "", "  abcdefghijklmnopqrstuvwx1"), sample("b", "", "  abcdefghijklmnopqrstuvwx2"), 43, false, `
group/case
a                      b

the request
  abcdefghijklmnopqr |   abcdefghijklmnopqr
      stuvwx1        |       stuvwx2
`},
		{"colour", sample("a", "", "x"), sample("b", "", "y"), 43, true,
			"\ngroup/case\na                      b\n\nthe request\n\x1b[31mx\x1b[0m                    | \x1b[32my\x1b[0m\n"},
		{"one fails", sample("a", "", "x"), sample("b", "trapped", "x"), 43, false, `
group/case
a                      b

the request
x                      x

                     | trapped
`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var b strings.Builder
			sideBySide{test.left, test.right, test.width, test.colour}.write(&b)
			if diff := cmp.Diff(strings.TrimPrefix(test.want, "\n"), b.String()); diff != "" {
				t.Errorf("trace (-want +got):\n%s", diff)
			}
		})
	}
}

func TestTraceTitles(t *testing.T) {
	tests := []struct {
		steps int
		place suite.Place
		want  string
	}{
		{1, suite.Place{}, "start and configuration"},
		{1, suite.Place{Step: 1, Repetition: 1}, "the request"},
		{2, suite.Place{Step: 2, Repetition: 1}, "step 2"},
		{2, suite.Place{Step: 2, Repetition: 3}, "step 2, repetition 3"},
		{2, suite.Place{Step: 3, Repetition: 1}, "the good request afterwards"},
	}
	for _, test := range tests {
		if got := (traced{stepsOfCase: test.steps}).title(test.place); got != test.want {
			t.Errorf("%+v of %d: %q, want %q", test.place, test.steps, got, test.want)
		}
	}
}
