package suite

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/header-auth/header-auth/conformance/table"
	"github.com/header-auth/header-auth/host"
	"github.com/header-auth/header-auth/report"
)

// soon keeps the tests of modules that never return short. No other module needs so much time or memory.
var soon = host.Options{Deadline: 100 * time.Millisecond, MemoryPages: 64}

// TestRunOfHostileModules: any module has one clear outcome, and the other module passes.
func TestRunOfHostileModules(t *testing.T) {
	tests := []struct {
		name    string
		wasm    []byte
		outcome report.Outcome
		reason  string // of an error
		field   string // of a failure, and what was got
		got     string
	}{
		{"refuses", refusing().Bytes(), report.Fail, "", "decision", "refuse"},
		{"traps in a request", in(onRequest, []byte{0}), report.Fail, "", "virtual machine",
			"trapped in the request, proxy_on_request_headers: unreachable"},
		{"traps at the end of a stream", in("proxy_on_log", []byte{0}), report.Fail, "", "virtual machine",
			"trapped in the request, proxy_on_log"},
		{"traps in configure", in("proxy_on_configure", []byte{0}), report.Fail, "", "virtual machine",
			"trapped at the start, proxy_on_configure"},
		{"refuses its configuration", configure(0), report.Fail, "", "configuration: verdict", "refused"},
		{"does not start", start(0), report.Error, "start plugin: proxy_on_vm_start returned false", "", ""},
		{"traps in _initialize", in("_initialize", []byte{0}), report.Fail, "", "virtual machine",
			"trapped at the start, _initialize: unreachable"},
		{"loops in a request", in(onRequest, endlessLoop...), report.Fail, "", "virtual machine",
			"deadline exceeded in the request, proxy_on_request_headers"},
		{"loops in configure", in("proxy_on_configure", endlessLoop...), report.Fail, "", "virtual machine",
			"deadline exceeded at the start, proxy_on_configure"},
		{"loops in _initialize", in("_initialize", endlessLoop...), report.Fail, "", "virtual machine",
			"deadline exceeded at the start, _initialize"},
		{"grows without end", in(onRequest, endlessGrowth...), report.Fail, "", "virtual machine",
			"deadline exceeded in the request"},
		{"passes invalid pointers", wild(), report.Pass, "", "", ""},
		{"imports an unknown function", unknownImport(), report.Error, "proxy_make_coffee", "", ""},
		{"exits in _start", exits(), report.Fail, "", "virtual machine",
			"trapped at the start, _start: start functions must not call proc_exit"},
		{"text", []byte("header-auth\n"), report.Error, "load module", "", ""},
		{"nothing", nil, report.Error, "load module", "", ""},
		{"cut short", guest().Bytes()[:60], report.Error, "load module", "", ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			v := Run(context.Background(), smallTable(), subjects(t, "mine", test.wasm, "good", guest().Bytes()),
				RunOptions{Host: soon, Workers: 2})
			mine, good := v.Results[:6], v.Results[6:]
			for _, r := range good {
				if r.Outcome != report.Pass {
					t.Errorf("the other module: %s %+v", r.Outcome, r)
				}
			}
			r := mine[0]
			if r.Outcome != test.outcome || !strings.Contains(r.Reason, test.reason) {
				t.Fatalf("%s: %q, want %s with %q; mismatches %+v", r.Outcome, r.Reason, test.outcome, test.reason, r.Mismatches)
			}
			if test.outcome == report.Fail {
				if m := r.Mismatches[0]; m.Field != test.field || !strings.HasPrefix(m.Got, test.got) {
					t.Errorf("mismatch %+v, want %s, %s", m, test.field, test.got)
				}
				if seen := r.Mismatches[0].Wanted != "starts" && !strings.HasPrefix(r.Mismatches[0].Got,
					"deadline"); seen != (len(r.Trace) > 0) {
					t.Error("crossings go with each failure but of a call that had to be ended")
				}
			}
			if strings.Contains(r.Reason, "\n") {
				t.Errorf("the reason is not one line: %q", r.Reason)
			}
		})
	}
}

func configure(answer int) []byte {
	g := guest()
	g.Returns("proxy_on_configure", answer)
	return g.Bytes()
}

func start(answer int) []byte {
	g := guest()
	g.Returns("proxy_on_vm_start", answer)
	return g.Bytes()
}

// TestRunStopsAfterTimeouts: with any number of workers, the cases after MaxEnded are not run.
func TestRunStopsAfterTimeouts(t *testing.T) {
	for _, workers := range []int{1, 4} {
		v := Run(context.Background(), smallTable(), subjects(t, "mine", in(onRequest, endlessLoop...)),
			RunOptions{Host: soon, Workers: workers})
		for i, r := range v.Results {
			notRun := r.Outcome == report.Error && strings.HasPrefix(r.Reason, "not run: in 3 cases before it")
			if r.Outcome == report.Pass || notRun != (i >= 3) {
				t.Errorf("%d workers, case %d: %s %q", workers, i, r.Outcome, r.Reason)
			}
		}
	}
}

// TestRunStopsAfterTheSameFailure: what always fails in the same way is not tried in every case; what fails often, is.
func TestRunStopsAfterTheSameFailure(t *testing.T) {
	always := in(onRequest, []byte{0})
	many := smallTable()
	one := many.Groups[0].Cases[0]
	many.Groups[0].Cases = nil
	for i := range 60 {
		one.ID = fmt.Sprintf("g/c%d", i)
		many.Groups[0].Cases = append(many.Groups[0].Cases, one)
	}
	for _, workers := range []int{1, 4} {
		v := Run(context.Background(), many, subjects(t, "mine", always, "other", refusing().Bytes()),
			RunOptions{Host: soon, Workers: workers})
		for i, r := range v.Results {
			notRun := strings.Contains(r.Reason,
				"20 of the 20 cases before it ended with the same failure: trapped proxy_on_request_headers")
			if r.Outcome == report.Pass || notRun != (i >= 20 && i < 60) {
				t.Errorf("%d workers, case %d: %s %q", workers, i, r.Outcome, r.Reason)
			}
		}
	}
}

// TestTally: the rest is run where the same failure is not what mostly happens.
func TestTally(t *testing.T) {
	var f tally
	for i := range 200 {
		r := result{}
		if i%2 == 0 {
			r.failure = "trapped"
		}
		if f.add(&r); f.enough != "" {
			t.Fatalf("after %d cases, of which every other one fails: %s", f.cases, f.enough)
		}
	}
}

func TestRunIsTheSameForAnyNumberOfWorkers(t *testing.T) {
	modules := subjects(t, "a", guest().Bytes(), "b", refusing().Bytes(), "c", in("proxy_on_log", growOnce...))
	one := Run(context.Background(), smallTable(), modules, RunOptions{Host: soon, Workers: 1})
	four := Run(context.Background(), smallTable(), modules, RunOptions{Host: soon, Workers: 4})
	for _, r := range []*report.Report{one, four} {
		for i := range r.Results {
			if r.Results[i].Seconds <= 0 {
				t.Errorf("%s %s took no time", r.Results[i].Build, r.Results[i].Case)
			}
			r.Results[i].Seconds = 0
		}
	}
	if diff := cmp.Diff(one, four); diff != "" {
		t.Errorf("one worker and four differ:\n%s", diff)
	}
}

func TestRunKnownFailures(t *testing.T) {
	refuse := refusing().Bytes()
	known := []Known{{Pattern: "h/*", Reason: "elsewhere"}, {Pattern: "g/t*", Reason: "a reason"},
		{Pattern: "g/fi*", Reason: "a reason", MayPass: true}}
	v := Run(context.Background(), smallTable(), []Subject{{Build: report.Build{Name: "bad"}, Wasm: refuse, Known: known},
		{Build: report.Build{Name: "good"}, Wasm: guest().Bytes(), Known: known}}, RunOptions{Host: soon})
	want := map[string][2]report.Outcome{"g/one": {report.Fail, report.Pass}, "g/two": {report.XFail, report.XPass},
		"g/three": {report.XFail, report.XPass}, "g/four": {report.Fail, report.Pass}, "g/five": {report.XFail, report.Pass}}
	for i, r := range v.Results {
		w, ok := want[r.Case]
		if !ok {
			continue
		}
		if r.Outcome != w[i/6] || r.Outcome != report.Pass && r.Outcome != report.Fail && r.Reason != "a reason" {
			t.Errorf("%s %s: %s %q, want %s", r.Build, r.Case, r.Outcome, r.Reason, w[i/6])
		}
	}
}

func TestRunWithoutModule(t *testing.T) {
	v := Run(context.Background(), smallTable(), []Subject{{Build: report.Build{Name: "a"}, Err: context.Canceled},
		{Build: report.Build{Name: "b"}, Wasm: guest().Bytes()}}, RunOptions{Host: soon})
	if r := v.Results[0]; r.Outcome != report.Error || r.Reason != context.Canceled.Error() {
		t.Errorf("%+v, want an error that says why", r)
	}
	if r := v.Results[6]; r.Outcome != report.Pass {
		t.Errorf("the other module: %+v", r)
	}
}

func TestRunInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	config := RunOptions{Host: soon, Progress: func(done, _ int, _, _ string) {
		if done == 2 {
			cancel()
		}
	}}
	v := Run(ctx, smallTable(), subjects(t, "a", guest().Bytes()), config)
	for i, r := range v.Results {
		if want := map[bool]report.Outcome{true: report.Pass, false: report.Error}[i < 2]; r.Outcome != want {
			t.Errorf("case %d: %s %q, want %s", i, r.Outcome, r.Reason, want)
		}
	}
}

// TestRunComparesBuilds: builds that differ in what the case allows are reported.
func TestRunComparesBuilds(t *testing.T) {
	chatty := guest()
	chatty.Call(onRequest, "proxy_log", 2, "passed")
	small := smallTable()
	small.Groups[0].Cases = small.Groups[0].Cases[:1]
	small.Groups[0].Cases[0].Steps[0].Want.Logs = table.Logs{Any: true}
	v := Run(context.Background(), small, subjects(t, "a", guest().Bytes(), "b", chatty.Bytes(), "c", guest().Bytes(), "d",
		refusing().Bytes()), RunOptions{Host: soon})
	want := []report.Divergence{
		{Case: "g/one", Field: "log lines", Sides: []report.Side{{Builds: []string{"a", "c"}, Value: ""},
			{Builds: []string{"b"}, Value: "info passed"}}},
		{Case: "g/one", Field: "good request afterwards: log lines",
			Sides: []report.Side{{Builds: []string{"a", "c"}, Value: ""}, {Builds: []string{"b"}, Value: "info passed"}}},
	}
	if diff := cmp.Diff(want, v.Divergences); diff != "" {
		t.Errorf("divergences (-want +got):\n%s", diff)
	}
}

// TestObserveKeepsLittleOfEndlessLogs: a module that logs without end must not use up the memory.
func TestObserveKeepsLittleOfEndlessLogs(t *testing.T) {
	v := Run(context.Background(), smallTable(), subjects(t, "mine", talks()), RunOptions{Workers: 1})
	if m := v.Results[0].Mismatches; len(m) == 0 || !strings.Contains(m[0].Got, "the guest makes the host keep") {
		t.Fatalf("%s %q %+v", v.Results[0].Outcome, v.Results[0].Reason, m)
	}
	kept := 0
	for _, m := range v.Results[0].Mismatches {
		kept += len(m.Got)
	}
	if kept > 2*logBytes || len(v.Results[0].Trace) > 121 {
		t.Errorf("%d bytes of mismatches and %d lines of trace are kept", kept, len(v.Results[0].Trace))
	}
}
