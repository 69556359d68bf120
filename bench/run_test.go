package bench_test

import (
	"context"
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/header-auth/header-auth/bench"
	"github.com/header-auth/header-auth/bench/evidence"
	"github.com/header-auth/header-auth/bench/guest"
	"github.com/header-auth/header-auth/bench/verdict"
	"github.com/header-auth/header-auth/conformance/suite"
	"github.com/header-auth/header-auth/conformance/table"
	"github.com/header-auth/header-auth/report"
)

// The test's own program is the worker, too.
const workerArg = "work"

func TestMain(m *testing.M) {
	if len(os.Args) == 2 && os.Args[1] == workerArg {
		if err := bench.Work(context.Background(), os.Stdin, os.Stdout); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

const cases = "../conformance/cases"

// small is the least plan that measures everything.
var small = evidence.Plan{Name: "small", Processes: 2, Instances: 1, Rounds: 3, Requests: 100, TailProcesses: 1, TailRequests: 2000,
	StartupSamples: 1, SoakRequests: 2000, ResidentVMs: []int{1, 3}, ResidentSamples: 1}

type named struct {
	name string
	wasm []byte
}

// configure writes the modules to files and selects the scenarios.
func configure(t testing.TB, p evidence.Plan, scenarios []string, modules ...named) (bench.Config, *evidence.Report) {
	t.Helper()
	whole, err := table.Load(cases)
	if err != nil {
		t.Fatal(err)
	}
	selected, err := whole.Select(scenarios...)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	c := bench.Config{Plan: p, Seed: 1, Folder: cases, Table: selected, CacheDir: dir, Worker: []string{os.Args[0], workerArg}, Periods: verdict.Periods}
	r := &evidence.Report{Schema: evidence.Schema}
	for _, m := range modules {
		path := filepath.Join(dir, m.name+".wasm")
		if err := os.WriteFile(path, m.wasm, 0o644); err != nil {
			t.Fatal(err)
		}
		c.Subjects = append(c.Subjects, bench.Subject{Subject: suite.Subject{Build: report.Build{Name: m.name}, Wasm: m.wasm}, Path: path})
		r.Builds = append(r.Builds, evidence.Build{Name: m.name, SHA256: fmt.Sprintf("%x", sha256.Sum256(m.wasm))})
	}
	return c, r
}

func measure(t testing.TB, p evidence.Plan, scenarios []string, modules ...named) *evidence.Report {
	t.Helper()
	c, r := configure(t, p, scenarios, modules...)
	if err := bench.Run(t.Context(), c, r); err != nil {
		t.Fatal(err)
	}
	return r
}

var allow = []string{"typical/allow"}

func TestEverythingIsMeasured(t *testing.T) {
	c, r := configure(t, small, allow, named{"a", guest.Work(0)}, named{"b", guest.Work(100)})
	c.Periods = nil // a busy machine may look like a collector, and its build would take part twice
	if err := bench.Run(t.Context(), c, r); err != nil {
		t.Fatal(err)
	}
	if len(r.Refused) > 0 || !r.Run.Complete {
		t.Fatalf("complete %t, refused %v, want a complete run without refusals", r.Run.Complete, r.Refused)
	}
	if want := []evidence.Scenario{{ID: "typical/allow", Why: r.Scenarios[0].Why, Decision: "allow", Status: 200}}; !cmp.Equal(want, r.Scenarios) {
		t.Errorf("scenarios %+v, want %+v", r.Scenarios, want)
	}
	var contestants []string
	for _, s := range r.Batches {
		contestants = append(contestants, fmt.Sprintf("%s %d.%d: %d", s.Contestant, s.Process, s.Instance, len(s.Nanos)))
	}
	var want []string
	for _, e := range []string{"(floor)", "(twin)", "a", "b"} {
		want = append(want, e+" 0.0: 3", e+" 1.0: 3")
	}
	if diff := cmp.Diff(want, contestants); diff != "" {
		t.Errorf("speed (-want +got):\n%s", diff)
	}
	for _, tail := range r.Tails {
		n := int64(0)
		for _, bucket := range tail.Counts {
			n += bucket[1]
		}
		if n != 1960 || tail.Max <= 0 { // two stretches of 1000, the first twenty of each left out
			t.Errorf("tail of %s: %d requests, at most %d ns; want 1960 and more than none", tail.Contestant, n, tail.Max)
		}
	}
	if len(r.Tails) != 4 || len(r.Startups) != 4 || len(r.Memory) != 4 || len(r.Resident) != 2 || len(r.Witnesses) != 3 {
		t.Errorf("%d tails, %d startups, %d soaks, %d of resident memory, %d witnesses; want 4, 4, 4, 2, 3",
			len(r.Tails), len(r.Startups), len(r.Memory), len(r.Resident), len(r.Witnesses))
	}
	for _, w := range r.Witnesses {
		if w.ToGuest == 0 || w.ToHost == 0 || w.BytesToGuest == 0 || w.Pages == 0 {
			t.Errorf("nothing counted: %+v", w)
		}
	}
}

func TestWrongBuildHasNoNumber(t *testing.T) {
	for _, test := range []struct {
		name   string
		wasm   []byte
		reason string
	}{
		{"from the first request on", guest.WrongAfter(1), "not conformant"},
		{"half way through a batch", guest.WrongAfter(250), "request 2"},
		{"once in a batch", guest.WrongOnce(250), "request 2"},
	} {
		t.Run(test.name, func(t *testing.T) {
			plan := small
			plan.SoakRequests, plan.ResidentSamples, plan.StartupSamples = 0, 0, 0
			r := measure(t, plan, allow, named{"good", guest.Work(0)}, named{"wrong", test.wasm})
			if len(r.Refused) != 1 || r.Refused[0].Build != "wrong" || !strings.Contains(r.Refused[0].Reason, test.reason) {
				t.Errorf("refused %+v, want wrong once, with %q", r.Refused, test.reason)
			}
			for _, s := range r.Batches {
				if s.Contestant == "wrong" {
					t.Errorf("it has a number: %+v", s)
				}
			}
			if !slices.ContainsFunc(r.Batches, func(s evidence.Batches) bool { return s.Contestant == "good" }) {
				t.Error("the good build has no number")
			}
		})
	}
}

// A run that is interrupted keeps what it has, and goes on from there.
func TestResume(t *testing.T) {
	file := filepath.Join(t.TempDir(), "journal")
	c, r := configure(t, small, allow, named{"a", guest.Work(0)})
	var err error
	if c.Journal, err = bench.OpenJournal(file, "key", false); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	c.Progress = func(p bench.Progress) {
		if strings.HasPrefix(p.What, "batches 2") {
			cancel()
		}
	}
	if err := bench.Run(ctx, c, r); err == nil || r.Run.Complete {
		t.Fatalf("error %v, complete %t; want an interrupted run", err, r.Run.Complete)
	}
	first := r.Batches
	if len(first) != 3 { // floor, twin and a
		t.Fatalf("%d samples of speed are kept, want those of the first process, 3", len(first))
	}
	if err := c.Journal.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := bench.OpenJournal(file, "another key", true); err == nil {
		t.Error("the journal of another run is taken up")
	}
	if c.Journal, err = bench.OpenJournal(file, "key", true); err != nil {
		t.Fatal(err)
	}
	r2 := &evidence.Report{Builds: r.Builds}
	c.Progress = nil
	if err := bench.Run(t.Context(), c, r2); err != nil || !r2.Run.Complete {
		t.Fatalf("error %v, complete %t; want a complete run", err, r2.Run.Complete)
	}
	for _, s := range first {
		if !slices.ContainsFunc(r2.Batches, func(other evidence.Batches) bool { return cmp.Equal(s, other) }) {
			t.Errorf("%s of process %d was measured again", s.Contestant, s.Process)
		}
	}
	if len(r2.Batches) != 6 {
		t.Errorf("%d samples of speed, want 6", len(r2.Batches))
	}
	if err := c.Journal.Remove(); err != nil {
		t.Fatal(err)
	}
	if _, err := bench.OpenJournal(file, "key", true); err == nil {
		t.Error("a run that is over is resumed")
	}
}

func TestCaseThatCanNotBeTimed(t *testing.T) {
	c, r := configure(t, small, []string{"callout/no-answer*", "config-refuse/unknown-key"}, named{"a", guest.Work(0)})
	if err := bench.Run(t.Context(), c, r); err == nil || !strings.Contains(err.Error(), "can't be timed") {
		t.Errorf("error %v, want one that says what can't be timed", err)
	}
}
