package bench

import (
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/header-auth/header-auth/bench/evidence"
	"github.com/header-auth/header-auth/bench/stats"
	"github.com/header-auth/header-auth/bench/verdict"
)

// The fixture is an invented run: its numbers are near those of real builds, and the same every time.

type fixtureBuild struct {
	name, language, sdk, label, state string
	time                              float64 // ns of an allowed request
	size, pages                       int
	compile                           float64 // ns
	resident                          float64 // bytes
	leaks                             float64 // bytes a request, in Envoy's order
	collects                          float64 // requests between two collections
}

var fixtureBuilds = []fixtureBuild{
	{"rust", "rust", "proxy-wasm 0.2.5", "", "maintained", 304, 154e3, 17, 40e6, 1143 << 10, 0, 0},
	{"tinygo", "go", "proxy-wasm-go-sdk v0.24.0", "Leaks in Envoy, on purpose here.", "archived", 1016, 155e3, 2, 57e6,
		145 << 10, 341, 0},
	{"tinygo-nottinygc", "go", "proxy-wasm-go-sdk v0.24.0", "", "maintained", 977, 238e3, 8, 83e6, 692 << 10, 0, 511},
	{"tinygo-custommalloc", "go", "proxy-wasm-go-sdk v0.24.0", "", "given up", 1003, 156e3, 2, 57e6, 138 << 10, 0, 129},
	{"go-wasip1", "go", "proxy-wasm/proxy-wasm-go-sdk", "", "maintained", 1483, 2697e3, 48, 780e6, 8574 << 10, 0, 700},
}

var fixtureScenarios = []struct {
	id, decision string
	status       int
	factor       float64
}{
	{"typical/allow", "allow", 200, 1}, {"typical/refuse-missing", "refuse", 403, 2.3},
	{"typical/headers-60", "allow", 200, 1.4}, {"typical/refuse-wrong", "refuse", 403, 2.1}, {"typical/headers-20",
		"allow", 200, 1.1}, {"typical/rate-limited", "refuse", 429, 2.6},
	{"typical/config-header", "allow", 200, 1.2}, {"typical/callout", "allow", 200, 4.5},
	{"typical/log-headers", "allow", 200, 6},
}

func about(mid, share float64, n int) verdict.Interval {
	return verdict.Interval{Low: mid * (1 - share), Mid: mid, High: mid * (1 + share), N: n}
}

// noise is a number between -1 and 1 that depends on its arguments alone.
func noise(of ...any) float64 {
	h := uint32(2166136261)
	for _, b := range []byte(fmt.Sprint(of...)) {
		h = (h ^ uint32(b)) * 16777619
	}
	h ^= h >> 15
	h *= 0x85ebca6b
	h ^= h >> 13
	return float64(h)/math.MaxUint32*2 - 1
}

// fixture makes a report of so many builds and scenarios.
func fixture(builds, scenarios int) (*evidence.Report, *verdict.Findings) {
	r := &evidence.Report{
		Schema: evidence.Schema,
		Run: evidence.Run{RunHead: evidence.RunHead{Command: []string{"parity", "bench", "--plan", "default"},
			Revision: "0123456789abcdef0123", Started: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC), Seconds: 118.4,
			Complete: true, Seed: 20260102},
			Plan: evidence.Plan{Name: "default", Processes: 5, Instances: 2, Rounds: 34, Requests: 500, TailProcesses: 3}},
		Table: evidence.Table{Name: "header-auth", Folder: "conformance/cases", Digest: strings.Repeat("ab", 32)},
		Host:  evidence.Host{Wazero: "1.12.0", Engine: "compiler", Profile: "envoy-1.40", Allocator: "envoy"},
		Machine: evidence.Machine{OS: "linux", Arch: "amd64", Kernel: "6.18.0", CPU: "AMD EPYC 9V74", Microcode: "0xb002116",
			CPUs: 2, Go: "go1.26", LoadBefore: []float64{0.31, 0.4, 0.52}, LoadAfter: []float64{1.12, 0.8, 0.6}, Steal: 0.004},
	}
	f := &verdict.Findings{
		Gate: verdict.Gate{Passed: true, Twins: []verdict.TwinRatio{
			{Build: "rust", Ratio: verdict.Interval{Low: 0.998, Mid: 1.001, High: 1.004, N: 10}},
			{Build: "tinygo-custommalloc", Ratio: verdict.Interval{Low: 0.993, Mid: 0.998, High: 1.003, N: 10}}}},
		Headline: []verdict.Claim{
			verdict.Choice{Build: "rust", Among: 2, Scenarios: scenarios, Wins: scenarios,
				LeftOut: []verdict.LeftOut{{Build: "tinygo", Fault: verdict.Leaks}}},
			verdict.Choice{Build: "tinygo-nottinygc", Language: "go", Among: 1, Scenarios: scenarios},
			verdict.Comparison{Pair: verdict.Pair{A: "tinygo-nottinygc", B: "rust", Ratio: about(3.03, 0.02, 10),
				Word: verdict.Slower}, Scenario: "typical/allow", Others: [2]float64{3.29, 3.3}, OthersN: scenarios - 1},
			verdict.LeakClaim{OnlyEnvoys: true, Memory: verdict.Memory{Build: "tinygo", Allocator: "envoy", Requests: 1e6,
				Ready: 128 << 10, End: 512 << 20, Scenario: "typical/allow", Verdict: verdict.Leak,
				PerRequest: about(341, 0.003, 12), Course: verdict.Doubling, Steps: 12,
				First: verdict.UsedUp{Requests: 400, Bytes: 128 << 10}, Last: verdict.UsedUp{Requests: 800_000, Bytes: 256 << 20},
				Lately: 352}},
			verdict.Extremes{Of: verdict.ModuleSize, Least: verdict.Measured{Build: "rust", Value: stats.Exact(154e3)},
				Most: verdict.Measured{Build: "go-wasip1", Value: stats.Exact(2697e3)}, Level: []string{"tinygo"}},
			verdict.ArchivedPart{Builds: []string{"tinygo"}, Part: evidence.Part{Role: "SDK", Name: "proxy-wasm-go-sdk",
				Source: "example.com/tinygo", Checked: "2026-01-01"}},
		},
		Warnings: []verdict.Warning{{Kind: verdict.Stolen, Share: 0.041}},
	}
	for i, b := range fixtureBuilds[:builds] {
		r.Builds = append(r.Builds, evidence.Build{Name: b.name, File: "dist/" + b.name + ".wasm",
			SHA256: fmt.Sprintf("%064x", i+1), Language: b.language,
			Toolchain: b.language + " 1.2.3", SDK: b.sdk, Recipe: b.language + " build -o dist/" + b.name + ".wasm",
			Label: b.label})
		addResources(r, f, b)
	}
	for _, s := range fixtureScenarios[:scenarios] {
		r.Scenarios = append(r.Scenarios, evidence.Scenario{ID: s.id, Why: "It is usual.", Decision: s.decision,
			Status: s.status})
		addScenario(r, f, s.id, s.factor, fixtureBuilds[:builds])
	}
	f.Together([]verdict.Run{{Report: r, Findings: f}}, 0)
	return r, f
}

func addScenario(r *evidence.Report, f *verdict.Findings, id string, factor float64, builds []fixtureBuild) {
	found := verdict.Scenario{ID: id}
	floor := 160 * math.Sqrt(factor)
	times := []float64{floor}
	contestants := []string{evidence.Floor}
	for _, b := range builds {
		times = append(times, b.time*factor*(1+0.08*noise(id, b.name)))
		contestants = append(contestants, b.name)
	}
	for i, contestant := range contestants {
		found.Timings = append(found.Timings, verdict.Timing{Contestant: contestant, Time: about(times[i], 0.012, 10),
			OverFloor: about(times[i]/floor, 0.01, 10), AboveFloor: about(times[i]-floor, 0.015, 10), Usual: times[i] * 0.98,
			Spread: 0.02, Replaced: 0.012, LeftOut: 0.006})
		if last := &found.Timings[i]; contestant == "go-wasip1" && id == "typical/headers-60" {
			last.Usual, last.Collector = times[i]*0.9, &verdict.Collector{Period: 700, Pause: 42e3, Max: 90e3, Share: 0.11}
		}
		if last := &found.Timings[i]; contestant == "tinygo" {
			last.Growth = 1.7
		}
		for process := range 5 {
			for instance := range 2 {
				s := evidence.Batches{Scenario: id, Contestant: contestant, Process: process, Instance: instance}
				for round := range 5 {
					s.Nanos = append(s.Nanos, math.Round(times[i]*(1+0.02*noise(id, contestant, process, instance)+
						0.01*noise(round))*10)/10)
				}
				r.Batches = append(r.Batches, s)
			}
		}
		r.Tails = append(r.Tails, evidence.Tail{Scenario: id, Contestant: contestant,
			Counts: [][2]int64{{int64(times[i]), 500000}}, Max: int64(times[i] * 260)})
		addTail(f, id, contestant, times[i], builds[max(0, i-1)].collects, i == 0)
	}
	for i := range builds {
		for j := i + 1; j < len(builds); j++ {
			ratio := times[i+1] / times[j+1]
			p := verdict.Pair{A: builds[i].name, B: builds[j].name, Ratio: about(ratio, 0.02, 10), P: 0.0001,
				Word: verdict.Faster}
			switch {
			case math.Abs(ratio-1) < 0.03:
				p.Word, p.P = verdict.Equivalent, 0.61
			case math.Abs(ratio-1) < 0.08:
				p.Word, p.P, p.More = verdict.Undecided, 0.083, 14
			case ratio > 1:
				p.Word = verdict.Slower
			}
			p.Within = about(ratio, 0.01, 10)
			if builds[i].leaks+builds[j].leaks > 0 {
				p.Word, p.P, p.More = verdict.Unsteady, math.NaN(), 0
			}
			found.Pairs = append(found.Pairs, p)
		}
	}
	f.Scenarios = append(f.Scenarios, found)
	for i, b := range builds {
		for _, rate := range []float64{1e3, 1e5, 1e6} {
			f.Scale = append(f.Scale, verdict.Scale{Build: b.name, Scenario: id, Rate: rate, Workers: 4, Proxies: 1,
				Cores: about(rate*times[i+1]/1e9, 0.012, 10), GiB: about(5*b.resident/(1<<30), 0.02, 5)})
		}
		r.Witnesses = append(r.Witnesses, evidence.Witness{Build: b.name, Scenario: id, ToGuest: 6, ToHost: 1,
			BytesToGuest: 12, BytesToHost: 5, Pages: b.pages})
	}
}

func addTail(f *verdict.Findings, id, contestant string, time, collects float64, floor bool) {
	tail := verdict.Tail{Scenario: id, Contestant: contestant, Count: 500000, Max: time * 260}
	slow := func(p float64) float64 {
		x := time * (0.9 + 0.05*-math.Log10(1-p/100)) * (1 + 0.3*math.Pow(p/100, 40))
		if collects > 0 && !floor && 1-p/100 < 1/collects {
			x += 40e3
		}
		return x
	}
	for _, p := range []float64{50, 90, 99, 99.9} {
		tail.Percentiles = append(tail.Percentiles, verdict.Percentile{P: p, Nanos: about(slow(p), 0.05, 5)})
	}
	for d := 0.0; d <= 4.5; d += 0.1 {
		p := 100 * (1 - math.Pow(10, -d))
		tail.Curve = append(tail.Curve, verdict.CurvePoint{P: p, Nanos: slow(p)})
	}
	if collects > 0 && !floor {
		tail.Collector = &verdict.Collector{Period: collects, Pause: 42e3, Max: 90e3, Share: 0.11,
			Periods: about(collects, 0, 5), Pauses: about(42e3, 0.1, 5)}
	}
	tail.Slow = verdict.Slow{OfTime: about(0.02, 0.2, 5), OfRequests: about(1./1300, 0.2, 5), Longer: about(30e3, 0.1, 5)}
	tail.Open = verdict.Open{Rate: about(0.5e9/time, 0.01, 5),
		Percentiles: []verdict.Percentile{{P: 99, Nanos: about(25e3, 0.2, 5)}, {P: 99.9, Nanos: about(90e3, 0.5, 5)}}}
	f.Tails = append(f.Tails, tail)
}

func addResources(r *evidence.Report, f *verdict.Findings, b fixtureBuild) {
	for _, cached := range []bool{false, true} {
		compile := b.compile
		if cached {
			compile /= 28
		}
		phases := []verdict.Phase{{Name: "compile", Time: about(compile, 0.04, 10)},
			{Name: "instantiate", Time: about(compile/300, 0.05, 10)},
			{Name: "configure", Time: about(90e3, 0.05, 10)}, {Name: "first request", Time: about(60e3, 0.2, 10)}}
		total := compile + compile/300 + 150e3
		f.Startups = append(f.Startups, verdict.Startup{Build: b.name, Cached: cached, Phases: phases,
			Total: about(total, 0.04, 10)})
		for sample := range 3 {
			r.Startups = append(r.Startups, evidence.Startup{Build: b.name, Sample: sample, Cached: cached,
				Compile: int64(compile * (1 + 0.03*noise(b.name, sample))), Instantiate: int64(compile / 300), Configure: 90e3,
				First: 60e3})
		}
	}
	for _, order := range []string{"envoy", "spec"} {
		ready := int64(b.pages) << 16
		m := evidence.Memory{Build: b.name, Allocator: order, Scenario: "typical/allow", Requests: 1e6, Ready: ready}
		v := verdict.Memory{Build: b.name, Allocator: order, Requests: 1e6, Ready: ready, Warm: ready,
			Scenario: "typical/allow", Verdict: verdict.Flat, Course: verdict.NeverGrew,
			PerRequest: verdict.Interval{High: float64(ready) / 1e6, N: 12}}
		size := ready
		for _, n := range []int{0, 1, 10, 100, 1000, 10000, 100000, 1000000} {
			if order == "envoy" {
				for float64(size) < float64(ready)+b.leaks*float64(n) {
					size *= 2
				}
			}
			if b.name == "go-wasip1" && n == 1000 {
				size += 4 << 20
			}
			m.Curve = append(m.Curve, evidence.Point{Requests: n, Bytes: size})
		}
		v.End = size
		switch {
		case order == "envoy" && b.leaks > 0:
			v.Verdict, v.PerRequest, v.Course, v.Steps = verdict.Leak, about(b.leaks, 0.003, 12), verdict.Doubling, 12
		case b.name == "go-wasip1":
			v.Verdict, v.Course, v.Steps, v.LastStep = verdict.Plateau, verdict.Stopped, 1, 1000
		}
		other := v
		other.Scenario = "typical/refuse-missing"
		v.Each = []verdict.Memory{v, other}
		r.Memory, f.Memory = append(r.Memory, m), append(f.Memory, v)
	}
	f.Resident = append(f.Resident, verdict.Resident{Build: b.name, PerVM: about(b.resident, 0.02, 5),
		Fixed: about(12<<20, 0.1, 5)})
	r.Sizes = append(r.Sizes, evidence.Size{Build: b.name, Raw: b.size, Stripped: b.size * 9 / 10, StrippedZip: b.size / 3,
		Zip: b.size * 4 / 10, Image: b.size/2 + 900, CacheOnDisk: b.size * 7 / 2,
		Sections: []evidence.Section{{Name: "code", Bytes: b.size * 7 / 10}, {Name: "data", Bytes: b.size * 15 / 100},
			{Name: "custom", Bytes: b.size / 10}, {Name: "export", Bytes: 900}},
		Profiles: []evidence.Loads{{Profile: "envoy-1.32", Loads: b.name != "go-wasip1", Reason: "it needs Envoy 1.33"},
			{Profile: "envoy-1.40", Loads: true}}})
	r.Costs = append(r.Costs, evidence.Cost{Build: b.name, Cold: b.compile / 2e6, Warm: b.compile / 3e7,
		ToolchainBytes: 900 << 20, Dependencies: []string{b.sdk}, Lines: 640,
		Parts: []evidence.Part{{Role: "SDK", Name: b.sdk, Version: "1.0", Date: "2025-02-12", State: b.state,
			Source: "https://example.com/" + b.name, Checked: "2026-01-01"}}})
	budget := verdict.Budget{Where: "budgets.yaml:7", Build: b.name, What: "size", Limit: 1 << 20,
		Got: about(float64(b.size), 0, 1), Unit: verdict.InBytes}
	if b.size > 1<<20 {
		budget.State = verdict.Above
	}
	f.Budgets = append(f.Budgets, budget)
}

// twoMachines is the fixture and a second run of the same modules on another machine, where every ratio is a tenth
// larger, and one build was another module.
func twoMachines() (*evidence.Report, *verdict.Findings) {
	r, f := fixture(4, 3)
	other, found := fixture(4, 3)
	other.Machine.CPU, other.Builds[3].SHA256 = "Intel Xeon", "another"
	other.Run.Started = r.Run.Started.AddDate(0, 0, -1)
	for i := range found.Scenarios {
		for j, p := range found.Scenarios[i].Pairs {
			found.Scenarios[i].Pairs[j].Ratio = p.Ratio.Scale(1 / 1.1)
		}
	}
	found.Scenarios[1].Pairs[1].Word = verdict.Slower // rust against tinygo-nottinygc
	f.Together([]verdict.Run{{Report: other, Findings: found}, {Report: r, Findings: f}}, 1)
	f.Places = []verdict.Place{{Build: "tinygo-nottinygc", Here: 3.2, Published: verdict.Span{Low: 2.9, High: 3.4, N: 2}}}
	return r, f
}

// refusedFixture is a run without a verdict: the A/A check failed, one build has no number, nothing has an interval.
func refusedFixture() (*evidence.Report, *verdict.Findings) {
	r, f := fixture(3, 2)
	none := func(i *verdict.Interval) { i.Low, i.High, i.N = math.NaN(), math.NaN(), 1 }
	biased := verdict.Interval{Low: 1.02, Mid: 1.06, High: 1.1, N: 10}
	f.Gate = verdict.Gate{Twins: []verdict.TwinRatio{{Build: "rust", Ratio: biased}},
		Faults: []verdict.GateFault{{Kind: verdict.GateBiased, Build: "rust", Ratio: biased}}}
	f.Headline = append([]verdict.Claim{verdict.NoSpeedVerdict{}}, f.Headline[4:]...)
	reason := "step 1 of typical/allow was answered with 500 at request 1207"
	r.Refused = []evidence.Refused{{Build: "tinygo-nottinygc", Reason: reason}}
	r.Run.Complete = false
	for i := range f.Scenarios {
		s := &f.Scenarios[i]
		s.Timings[3] = verdict.Timing{Contestant: "tinygo-nottinygc",
			Missing: verdict.Missing{Kind: verdict.Excluded, Refusal: reason}}
		for j := range s.Timings {
			none(&s.Timings[j].Time)
			none(&s.Timings[j].OverFloor)
			none(&s.Timings[j].AboveFloor)
		}
		for j := range s.Pairs {
			s.Pairs[j].Word, s.Pairs[j].P = verdict.Refused, math.NaN()
			none(&s.Pairs[j].Ratio)
		}
	}
	for i := range f.Scale {
		none(&f.Scale[i].Cores)
		none(&f.Scale[i].GiB)
	}
	for i := range f.Startups {
		none(&f.Startups[i].Total)
	}
	for i := range f.Memory {
		none(&f.Memory[i].PerRequest)
	}
	for i := range f.Resident {
		f.Resident[i].PerVM = verdict.Interval{Low: math.NaN(), Mid: math.NaN(), High: math.NaN()}
	}
	for i := range f.Tails {
		f.Tails[i].Percentiles = nil
	}
	f.Against = &verdict.Against{File: "earlier.json", Same: true, Notes: []verdict.Note{{Kind: verdict.GateFailedNow}}}
	f.Headline = append([]verdict.Claim{verdict.Wrong{Build: "tinygo-nottinygc", Of: 2, Reason: reason}}, f.Headline...)
	f.Together([]verdict.Run{{Report: r, Findings: f}}, 0)
	return r, f
}
