package verdict

import (
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/header-auth/header-auth/bench/evidence"
)

// whole is a report with every part: rust and three Go builds, of which one leaks and one has an archived collector.
func whole() *evidence.Report {
	w := steadyWorld(600, 1800, 1400, 3000)
	w.scenarios = 3
	r := w.drawn()
	names := []string{"rust", "go-good", "go-leaks", "go-archived"}
	for i := range r.Builds {
		r.Builds[i].Name, r.Builds[i].SHA256 = names[i], "a"
		r.Builds[i].Language, _, _ = strings.Cut(names[i], "-")
	}
	for i, s := range r.Batches {
		if n, ok := strings.CutPrefix(s.Contestant, "build"); ok {
			r.Batches[i].Contestant = names[n[0]-'0']
		}
	}
	for i, name := range names {
		for sample := range 6 {
			r.Startups = append(r.Startups,
				evidence.Startup{Build: name, Sample: sample, Compile: int64(40e6*(i+1)) + int64(sample)*1e5, Instantiate: 1e5,
					Configure: 1e5, First: 1e4},
				evidence.Startup{Build: name, Sample: sample, Cached: true, Compile: 2e6, Instantiate: 1e5, Configure: 1e5,
					First: 1e4})
		}
		for sample := range 3 {
			per := int64(1+i)*1_000_000 + int64(sample)*1000
			r.Resident = append(r.Resident, evidence.Resident{Build: name, Sample: sample, VMs: []int{1, 10, 40},
				Bytes: []int64{5e6 + per, 5e6 + 10*per, 5e6 + 40*per}})
		}
		r.Sizes = append(r.Sizes, evidence.Size{Build: name, Raw: 150_000 * (i + 1)})
		cost := evidence.Cost{Build: name, Parts: []evidence.Part{{Role: "SDK", Name: "sdk", State: "maintained"}}}
		if name == "go-archived" {
			cost.Parts = append(cost.Parts, evidence.Part{Role: "collector", Name: "old", State: "archived in May 2024",
				Source: "https://example", Checked: "2026-11-21"})
		}
		r.Costs = append(r.Costs, cost)
		for _, order := range []string{"envoy", "spec"} {
			m := soak(200_000, 2*page, leaking(1000, 0), byDoubling)
			if name == "go-leaks" && order == "envoy" {
				m = soak(200_000, 2*page, leaking(1000, 341), byDoubling)
			}
			m.Build, m.Allocator = name, order
			r.Memory = append(r.Memory, m)
		}
		r.Tails = append(r.Tails, evidence.Tail{Scenario: "typical/s0", Contestant: name,
			Counts: [][2]int64{{1000, 199_000}, {9000, 1000}}, Max: 9000},
			evidence.Tail{Scenario: "typical/s0", Contestant: name, Process: 1,
				Counts: [][2]int64{{1010, 199_000}, {9100, 1000}}, Max: 9100})
	}
	return r
}

func TestHeadline(t *testing.T) {
	f := Judge(whole())
	var slower, leaking, archivedOnes []string
	var all []Extremes
	for i, c := range f.Headline {
		switch c := c.(type) {
		case Choice:
			want := Choice{Build: "rust", Among: 2, Scenarios: 3, Wins: 3,
				LeftOut: []LeftOut{{Build: "go-leaks", Fault: Leaks}, {Build: "go-archived", Fault: Archived, Role: "collector"}}}
			if i == 1 {
				want = Choice{Build: "go-good", Language: "go", Among: 1}
			}
			if diff := cmp.Diff(want, c); diff != "" {
				t.Errorf("claim %d: - want + got\n%s", i, diff)
			}
		case LeakClaim:
			leaking = append(leaking, c.Memory.Build)
			if !c.OnlyEnvoys || c.Memory.PerRequest.Mid < 340 || c.Memory.PerRequest.Mid > 342 {
				t.Errorf("%+v", c)
			}
		case Comparison:
			slower = append(slower, c.Pair.A)
			if c.Pair.B != "rust" || c.Pair.Word != Slower || c.OthersN != 2 || c.Others[0] > c.Others[1] ||
				math.Abs(c.Others[0]-c.Pair.Ratio.Mid) > 0.1 || c.Small {
				t.Errorf("%+v", c)
			}
		case Extremes:
			all = append(all, c)
		case ArchivedPart:
			archivedOnes = append(archivedOnes, c.Builds[0]+" "+c.Part.Name)
		default:
			t.Errorf("claim %d: %+v", i, c)
		}
	}
	for _, list := range []struct{ got, want []string }{
		{slower, []string{"go-good", "go-archived"}}, {leaking, []string{"go-leaks"}},
		{archivedOnes, []string{"go-archived old"}},
	} {
		if diff := cmp.Diff(list.want, list.got); diff != "" {
			t.Errorf("- want + got\n%s", diff)
		}
	}
	if len(all) != 3 {
		t.Fatalf("%d extremes: %+v", len(all), all)
	}
	for i, of := range []Quantity{StartupTime, ResidentMemory, ModuleSize} {
		if e := all[i]; e.Of != of || e.Least.Build != "rust" || e.Most.Build != "go-archived" ||
			math.Abs(e.Ratio()-4) > 0.1 {
			t.Errorf("%+v", e)
		}
	}
}

// TestTheLeastOfSeveral: what cannot be told from it is named with it.
func TestTheLeastOfSeveral(t *testing.T) {
	around := func(build string, mid, half float64) Measured {
		return Measured{build, Interval{Low: mid - half, Mid: mid, High: mid + half, N: 5}}
	}
	for _, test := range []struct {
		second Measured
		level  []string
	}{
		{around("b", 110, 5), []string{"b"}},
		{around("b", 120, 5), nil},
	} {
		claims := extremes(StartupTime, []Measured{around("c", 300, 10), test.second, around("a", 100, 8)})
		if len(claims) != 1 {
			t.Fatalf("%+v", claims)
		}
		if e := claims[0].(Extremes); e.Least.Build != "a" || e.Most.Build != "c" || e.Small ||
			cmp.Diff(test.level, e.Level) != "" {
			t.Errorf("%+v, want level %v", e, test.level)
		}
	}
}

// TestSmallDifferences are marked as such.
func TestSmallDifferences(t *testing.T) {
	for _, test := range []struct {
		second float64
		word   Word
		small  bool
	}{
		{640, Slower, true}, {601, Equivalent, true}, {700, Slower, false},
	} {
		w := steadyWorld(600, test.second)
		w.scenarios = 1
		f := Judge(w.drawn())
		if c := f.Headline[len(f.Headline)-1].(Comparison); c.Pair.A != "build1" || c.Pair.Word != test.word ||
			c.Small != test.small || c.OthersN != 0 {
			t.Errorf("%v: %+v", test.second, c)
		}
	}
}

// TestNoVerdictOnSpeed: when the gate fails nothing else is claimed on speed.
func TestNoVerdictOnSpeed(t *testing.T) {
	r := whole()
	without(r, evidence.Twin, "")
	for i, c := range Judge(r).Headline {
		if _, ok := c.(NoSpeedVerdict); ok != (i == 0) || i > 0 && c.Topic() == AboutSpeed {
			t.Errorf("claim %d: %+v", i, c)
		}
	}
}

func TestInverse(t *testing.T) {
	p := Pair{A: "a", B: "b", Ratio: Interval{Low: 2, Mid: 4, High: 5, N: 9},
		Within: Interval{Low: 2, Mid: 4, High: 5, N: 9}, Count: Count{4, true}, P: 0.01, Word: Slower}
	want := Pair{A: "b", B: "a", Ratio: Interval{Low: 0.2, Mid: 0.25, High: 0.5, N: 9},
		Within: Interval{Low: 0.2, Mid: 0.25, High: 0.5, N: 9}, Count: Count{0.25, true}, P: 0.01, Word: Faster}
	if diff := cmp.Diff(want, p.Inverse()); diff != "" {
		t.Errorf("- want + got\n%s", diff)
	}
	if diff := cmp.Diff(p, p.Inverse().Inverse()); diff != "" {
		t.Errorf("twice: - want + got\n%s", diff)
	}
}

func TestPartsOfFindings(t *testing.T) {
	f := Judge(whole())
	if len(f.Startups) != 8 || f.Startups[0].Cached || !f.Startups[1].Cached || len(f.Startups[0].Phases) != 4 ||
		!f.Startups[0].Total.Contains(40_460_000) {
		t.Errorf("start-up: %+v", f.Startups[0])
	}
	rust := f.Resident[0]
	if math.Abs(rust.PerVM.Mid-1_001_000) > 1 || !rust.PerVM.Known() || math.Abs(rust.Fixed.Mid-5e6) > 1 {
		t.Errorf("resident: %+v", rust)
	}
	if len(f.Scale) != 9 {
		t.Fatalf("scale: %d rows", len(f.Scale))
	}
	for _, s := range f.Scale {
		if s.Build == "go-archived" && s.Rate == 1e6 { // 3 µs a request: 3 cores of 4 workers, one proxy of five VMs
			if math.Abs(s.Cores.Mid-3) > 0.05 || s.Proxies != 1 || math.Abs(s.GiB.Mid-5*4_001_000./(1<<30)) > 1e-6 {
				t.Errorf("scale: %+v", s)
			}
		}
	}
	two := scales(f, 2)
	if s := two[len(two)-1]; s.Proxies != 2 || math.Abs(s.GiB.Mid-2*3*4_001_000./(1<<30)) > 1e-6 {
		t.Errorf("scale of two workers: %+v", s)
	}
}

// TestModulesAtFault: what answers wrongly is named first, and neither the A/A check nor the machine is blamed for it.
func TestModulesAtFault(t *testing.T) {
	const trapped = "trapped in proxy_on_request_headers: unreachable"
	everywhere := func(r *evidence.Report, build string) {
		for _, s := range r.Scenarios {
			r.Refused = append(r.Refused, evidence.Refused{Build: build, Scenario: s.ID, Reason: trapped})
		}
	}
	for _, test := range []struct {
		name   string
		change func(*evidence.Report)
		want   []Wrong
		fault  GateFaultKind
	}{
		{"all of them, everywhere", func(r *evidence.Report) { r.Builds = r.Builds[:1]; everywhere(r, "rust") },
			[]Wrong{{Build: "rust", Of: 3, Reason: trapped}}, GateNothingTimed},
		{"one of them, everywhere", func(r *evidence.Report) { everywhere(r, "go-good") },
			[]Wrong{{Build: "go-good", Of: 3, Reason: trapped}}, 0},
		{"one of them, in one scenario", func(r *evidence.Report) {
			r.Refused = []evidence.Refused{{Build: "go-good", Scenario: "typical/s1", Reason: trapped}}
		}, []Wrong{{Build: "go-good", Scenarios: []string{"typical/s1"}, Of: 3, Reason: trapped}}, 0},
		{"one that is not conformant", func(r *evidence.Report) {
			r.Refused = []evidence.Refused{{Build: "go-good", Reason: "no"}}
		},
			[]Wrong{{Build: "go-good", Of: 3, Reason: "no"}}, 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			r := whole()
			test.change(r)
			f := Judge(r)
			for i, want := range test.want {
				if diff := cmp.Diff(Claim(want), f.Headline[i]); diff != "" {
					t.Errorf("claim %d: - want + got\n%s", i, diff)
				}
			}
			for _, c := range f.Headline {
				if _, ok := c.(NoSpeedVerdict); ok {
					t.Errorf("%+v", f.Headline)
				}
			}
			if faults := f.Gate.Faults; test.fault == 0 && len(faults) > 0 || test.fault > 0 &&
				(len(faults) != 1 || faults[0].Kind != test.fault) {
				t.Errorf("%+v", faults)
			}
		})
	}
}

// TestOneModule: a report of one module has numbers to tell.
func TestOneModule(t *testing.T) {
	r := whole()
	r.Builds = r.Builds[:1]
	var found *Alone
	for _, c := range Judge(r).Headline {
		if a, ok := c.(Alone); ok {
			found = &a
		}
	}
	if found == nil || found.Build != "rust" || found.Scenario != "typical/s0" || found.Scenarios != 3 ||
		math.Abs(found.Time.Mid-600) > 20 ||
		found.Startup.N == 0 || found.Resident.N == 0 || found.Size.Mid != 150_000 || found.Memory == nil ||
		found.Longest.Mid != 9100 {
		t.Errorf("%+v", found)
	}
}

// TestHeals: that the other order of allocators cures a leak is said where a leaking scenario was soaked under
// both, and is flat there.
func TestHeals(t *testing.T) {
	soak := func(verdict Growth, scenarios ...string) Memory {
		var m Memory
		for _, s := range scenarios {
			m.Each = append(m.Each, Memory{Scenario: s, Verdict: verdict})
		}
		return m
	}
	for name, test := range map[string]struct {
		leaking, other Memory
		want           bool
	}{
		"both":                {soak(Leak, "allow", "post"), soak(Flat, "allow"), true},
		"another scenario":    {soak(Leak, "post"), soak(Flat, "allow"), false},
		"undecided":           {soak(Leak, "allow"), soak(Unclear, "allow"), false},
		"it leaks there too":  {soak(Leak, "allow", "post"), soak(Leak, "post"), false},
		"an older report has": {soak(Leak, ""), soak(Plateau, ""), true},
	} {
		if got := heals(test.leaking, test.other); got != test.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}
