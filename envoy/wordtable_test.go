package envoy

import (
	"slices"
	"strings"
	"testing"

	"github.com/header-auth/header-auth/conformance/suite"
	"github.com/header-auth/header-auth/conformance/table"
	"github.com/header-auth/header-auth/conformance/wordtable"
	"github.com/header-auth/header-auth/host"
)

// knownMessages are the cases in which Envoy 1.40 gives another status message than package host, with what it says.
var knownMessages = map[string]string{
	"grpc-failures/refused": "service0.sock", // Envoy names the socket; the error of package host is that of TCP
	"stream-ends/refused":   "service0.sock",
}

// TestWords holds a real Envoy against the table of package wordtable, and against package host.
func TestWords(t *testing.T) {
	dir := t.TempDir()
	if err := wordtable.Write(dir); err != nil {
		t.Fatal(err)
	}
	whole, err := table.Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	plugins, shown := wordtable.Plugins(), 0
	for _, group := range whole.Groups {
		t.Run(group.Name, func(t *testing.T) {
			cases, err := whole.Select(group.Name)
			if err != nil {
				t.Fatal(err)
			}
			g := engine(t, cases, plugins[group.Name])
			m, err := suite.Compile(t.Context(), plugins[group.Name], host.Options{})
			if err != nil {
				t.Fatal(err)
			}
			defer m.Close(t.Context())
			for _, c := range cases.Cases() {
				seen, err := g.Observe(t.Context(), &c, nil)
				if err != nil {
					t.Fatalf("%s: %v", c.ID, err)
				}
				shown++
				for _, m := range suite.Check(&c, seen) {
					t.Errorf("%s: %s: expected %s, got %s", c.ID, m.Field, m.Wanted, m.Got)
				}
				ours, err := suite.Observe(t.Context(), m, &c, suite.ObserveOptions{})
				if err != nil {
					t.Fatal(err)
				}
				message := knownMessages[c.ID]
				if message != "" && !hasLine(&seen, message) {
					t.Errorf("%s: no line with %s: take it out of knownMessages", c.ID, message)
				}
				for _, d := range suite.Diff([]suite.Seen{{Build: "host", Observation: ours},
					{Build: "envoy", Observation: seen}}) {
					if message != "" && strings.HasSuffix(d.Field, "log lines") {
						continue
					}
					t.Errorf("%s: host/ and Envoy differ in %s: %v", c.ID, d.Field, d.Sides)
				}
				falsifiedWords(t, &c, seen)
			}
		})
	}
	if want := whole.Len(); shown != want {
		t.Errorf("%d cases were shown to Envoy, want %d", shown, want)
	}
}

// hasLine says whether a line of a step has the text.
func hasLine(o *suite.Observation, text string) bool {
	for _, s := range o.Steps {
		for _, run := range s.Runs {
			if slices.ContainsFunc(run.Logs, func(l table.Log) bool { return strings.Contains(l.Text, text) }) {
				return true
			}
		}
	}
	return false
}

// falsifiedWords makes each expectation of a kind false and looks whether it is found.
func falsifiedWords(t *testing.T, c *table.Case, seen suite.Observation) {
	t.Helper()
	for what, change := range map[string]func(w *table.Want) bool{
		"gRPC calls": func(w *table.Want) bool { had := len(w.GRPC) > 0; w.GRPC = nil; return had },
		"effects":    func(w *table.Want) bool { had := len(w.Effects) > 0; w.Effects = nil; return had },
		"log lines": func(w *table.Want) bool {
			had := w.Logs.Lines != nil || w.Logs.Partial != nil
			w.Logs = table.Logs{}
			return had
		},
		"other streams": func(w *table.Want) bool { had := w.Streams != nil; w.Streams = nil; return had },
		"forwarded":     func(w *table.Want) bool { had := w.ForwardedEdit != nil; w.ForwardedEdit = nil; return had },
		"response":      func(w *table.Want) bool { had := w.ResponseEdit != nil; w.ResponseEdit = nil; return had },
	} {
		for i := range c.Steps {
			wanted := c.Steps[i].Want
			if change(&c.Steps[i].Want) && len(suite.Check(c, seen)) == 0 {
				t.Errorf("%s, step %d: %s that are not wanted are not found", c.ID, i+1, what)
			}
			c.Steps[i].Want = wanted
		}
	}
}
