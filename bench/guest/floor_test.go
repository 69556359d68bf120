package guest_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"regexp"
	"slices"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/header-auth/header-auth/bench/guest"
	"github.com/header-auth/header-auth/conformance/suite"
	"github.com/header-auth/header-auth/conformance/table"
	"github.com/header-auth/header-auth/host"
	"github.com/header-auth/header-auth/internal/hosttest"
	"github.com/header-auth/header-auth/report"
)

var loaded = sync.OnceValues(func() (*table.Table, error) {
	all, err := table.Load("../../conformance/cases")
	if err != nil {
		return nil, err
	}
	return all.Select("typical/*")
})

// scenarios are the cases that the benchmark times.
func scenarios(t testing.TB) []table.Case {
	t.Helper()
	selected, err := loaded()
	if err != nil {
		t.Fatal(err)
	}
	return selected.Cases()
}

// address is what an allocator returned: it differs from plugin to plugin.
var address = regexp.MustCompile(` = 0x[0-9a-f]+$`)

// line is a crossing as text, indented by depth.
func line(c report.TraceLine) string {
	return fmt.Sprintf("%*s%s", 2*c.Depth, "", address.ReplaceAllString(c.Text, ""))
}

// crossings are those of a case, step by step, without the start functions, in which runtimes differ.
func crossings(t *testing.T, m *host.Module, c *table.Case) [][]string {
	t.Helper()
	var steps [][]string
	o := suite.ObserveOptions{Trace: func(p suite.StepTrace) {
		var lines []string
		for _, c := range p.Lines {
			lines = append(lines, line(c))
		}
		if p.Step == 0 {
			lines = lines[1+slices.Index(lines, "<- _initialize"):]
		}
		steps = append(steps, lines)
	}}
	seen, err := suite.Observe(context.Background(), m, c, o)
	if err != nil {
		t.Fatal(err)
	}
	for _, wrong := range suite.Check(c, seen) {
		t.Errorf("%s: wanted %s, got %s", wrong.Field, wrong.Wanted, wrong.Got)
	}
	return steps
}

func TestFloorKeepsToTheContract(t *testing.T) {
	for _, c := range scenarios(t) {
		t.Run(c.ID, func(t *testing.T) {
			wasm, ok := guest.Floor(c.ID)
			if !ok {
				t.Fatal("the scenario has no floor")
			}
			seen, err := suite.Observe(context.Background(), hosttest.Compile(t, wasm), &c, suite.ObserveOptions{})
			if err != nil {
				t.Fatal(err)
			}
			for _, wrong := range suite.Check(&c, seen) {
				t.Errorf("%s: wanted %s, got %s", wrong.Field, wrong.Wanted, wrong.Got)
			}
		})
	}
	if _, ok := guest.Floor("typical/none"); ok {
		t.Error("an unknown scenario has a floor")
	}
}

// TestFloorCrossesLikeTheBuilds: a floor is a measure only while its calls and those of the builds are the same in both
// directions, with their arguments and in their order.
func TestFloorCrossesLikeTheBuilds(t *testing.T) {
	for _, build := range []struct {
		name  string
		twice bool // it sets the effective context twice when a call is answered: its SDK does, and the plugin itself
	}{
		{"rust", false},
		{"tinygo-custommalloc", true},
		{"tinygo-successor", true},
	} {
		t.Run(build.name, func(t *testing.T) {
			wasm, err := os.ReadFile("../../dist/" + build.name + ".wasm")
			if errors.Is(err, fs.ErrNotExist) {
				t.Skip("dist/" + build.name + ".wasm is not built: make build")
			}
			if err != nil {
				t.Fatal(err)
			}
			module := hosttest.Compile(t, wasm)
			for _, c := range scenarios(t) {
				t.Run(c.ID, func(t *testing.T) {
					floor, _ := guest.Floor(c.ID)
					got, want := crossings(t, hosttest.Compile(t, floor), &c), crossings(t, module, &c)
					if c.ID == "typical/callout" && build.twice {
						want[1] = slices.Compact(want[1])
					}
					if diff := cmp.Diff(want, got); diff != "" {
						t.Errorf("the build's crossings -, the floor's +:\n%s", diff)
					}
				})
			}
		})
	}
}
