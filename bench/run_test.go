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
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/header-auth/header-auth/bench"
	"github.com/header-auth/header-auth/bench/evidence"
	"github.com/header-auth/header-auth/bench/guest"
	"github.com/header-auth/header-auth/bench/verdict"
	"github.com/header-auth/header-auth/conformance/suite"
	"github.com/header-auth/header-auth/conformance/table"
	"github.com/header-auth/header-auth/host"
	"github.com/header-auth/header-auth/host/wasmtest"
	"github.com/header-auth/header-auth/internal/sandbox"
	"github.com/header-auth/header-auth/report"
)

// The test's own program is the worker, too.
const workerArg = "work"

func TestMain(m *testing.M) {
	if len(os.Args) == 3 && os.Args[1] == workerArg {
		if err := sandbox.Serve(context.Background(), os.Stdin, os.Stdout, os.Args[2], bench.Jobs(nil)); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

const cases = "../conformance/cases"

// small is the least plan that measures everything.
var small = evidence.Plan{Name: "small", Processes: 2, Instances: 1, Rounds: 3, Requests: 100, TailProcesses: 1,
	TailRequests: 2000, StartupSamples: 1, SoakRequests: 2000, ResidentVMs: []int{1, 3}, ResidentSamples: 1}

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
	c := bench.Config{Plan: p, Seed: 1, Folder: cases, Table: selected, CacheDir: dir,
		Worker: []string{os.Args[0], workerArg}, Periods: verdict.Periods}
	r := &evidence.Report{Schema: evidence.Schema}
	for _, m := range modules {
		path := filepath.Join(dir, m.name+".wasm")
		if err := os.WriteFile(path, m.wasm, 0o644); err != nil {
			t.Fatal(err)
		}
		c.Subjects = append(c.Subjects, bench.Subject{Subject: suite.Subject{Build: report.Build{Name: m.name}, Wasm: m.wasm},
			Path: path})
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
	if want := []evidence.Scenario{{ID: "typical/allow", Why: r.Scenarios[0].Why, Decision: "allow",
		Status: 200}}; !cmp.Equal(want, r.Scenarios) {
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

// TestStalls: a soak that comes to a stand with half of its memory in use is a finding on memory, and no hang.
func TestStalls(t *testing.T) {
	g := hanging(2500)
	g.MaxPages = 8 // of which it has four
	c, r := configure(t, evidence.Plan{Name: "speed", Instances: 1, SoakRequests: 3000}, allow, named{"stalls", g.Bytes()})
	c.Host.Deadline = 100 * time.Millisecond
	if err := bench.Run(t.Context(), c, r); err != nil || len(r.Refused) > 0 || len(r.Memory) != 2 {
		t.Fatalf("%v, refused %v, %d soaks, want 2 and no refusal", err, r.Refused, len(r.Memory))
	}
	if m := r.Memory[0]; !strings.HasPrefix(m.Ended, "stalled after 24") || m.Requests < 2400 {
		t.Errorf("after %d requests: %q", m.Requests, m.Ended)
	}
}

// hangs is a guest that lets everything pass, and does not return from its nth request.
func hangs(n int) []byte { return hanging(n).Bytes() }

func hanging(n int) *wasmtest.Guest {
	g := wasmtest.NewGuest("0_2_1")
	g.Exports("proxy_on_context_create", "proxy_on_vm_start", "proxy_on_configure", "proxy_on_done", "proxy_on_delete")
	count := g.Global(0)
	g.Do("proxy_on_request_headers", wasmtest.GetGlobal(count), wasmtest.I32(1), wasmtest.Add, wasmtest.SetGlobal(count),
		wasmtest.GetGlobal(count), wasmtest.I32(n), wasmtest.Eq, wasmtest.If, wasmtest.Loop, wasmtest.Br(0), wasmtest.End,
		wasmtest.End)
	return g
}

// TestBuildThatHangs: it costs its own numbers and no others, whatever it is measured with, and be it the
// first, which takes part twice.
func TestBuildThatHangs(t *testing.T) {
	for _, test := range []struct {
		name string
		plan evidence.Plan
		at   int
	}{
		{"in a batch", evidence.Plan{Name: "speed", Processes: 2, Instances: 1, Rounds: 3, Requests: 100}, 450},
		{"in a batch, after tails", evidence.Plan{Name: "speed", TailProcesses: 1, TailRequests: 1000, Processes: 1,
			Instances: 1, Rounds: 50, Requests: 100}, 4500},
		{"in a tail", evidence.Plan{Name: "speed", TailProcesses: 2, TailRequests: 2000, Processes: 1, Instances: 1,
			Rounds: 3, Requests: 100}, 4000},
		{"in a soak", evidence.Plan{Name: "speed", Instances: 1, SoakRequests: 3000}, 2500},
		{"in a start-up", evidence.Plan{Name: "speed", Instances: 1, StartupSamples: 1}, 1},
	} {
		for _, names := range [][2]string{{"good", "hangs"}, {"hangs", "good"}} {
			t.Run(test.name+", first "+names[0], func(t *testing.T) {
				wasm := map[string][]byte{"good": guest.Work(0), "hangs": hangs(test.at)}
				c, r := configure(t, test.plan, allow, named{names[0], wasm[names[0]]}, named{names[1], wasm[names[1]]})
				c.Host.Deadline = 100 * time.Millisecond
				c.Judge = func(_ context.Context, cases *table.Table, subjects []suite.Subject, _ suite.RunOptions) *report.Report {
					return suite.NewReport(cases) // it passes: what is looked at comes later
				}
				asked := 0
				c.Hang = func(_ context.Context, s bench.Subject, c *table.Case, requests int) error {
					if asked++; s.Name != "hangs" || c.ID != "typical/allow" || requests < test.at {
						t.Errorf("asked about %s, %s and %d requests", s.Name, c.ID, requests)
					}
					return &host.Failure{Kind: host.DeadlineExceeded, In: "a callback", Reason: "it took long"}
				}
				if err := bench.Run(t.Context(), c, r); err != nil {
					t.Fatal(err)
				}
				want := []evidence.Refused{{Build: "hangs", Reason: "typical/allow: deadline exceeded in a callback: it took long"}}
				if diff := cmp.Diff(want, r.Refused); diff != "" || asked != 1 || !r.Run.Complete {
					t.Errorf("asked %d times, complete %t, refused (-want +got):\n%s", asked, r.Run.Complete, diff)
				}
				got := map[string]int{}
				for _, s := range r.Batches {
					got[s.Contestant]++
				}
				for _, s := range r.Tails {
					got[s.Contestant]++
				}
				for _, s := range r.Memory {
					got[s.Build]++
				}
				for _, s := range r.Startups {
					got[s.Build]++
				}
				p := test.plan
				good := p.Processes + p.TailProcesses + 2*p.StartupSamples
				if p.SoakRequests > 0 {
					good += 2
				}
				if got["good"] != good || got["hangs"] != 0 || got[evidence.Twin] != p.Processes+p.TailProcesses {
					t.Errorf("%v, want %d samples of good, its twin and none of hangs", got, good)
				}
			})
		}
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
