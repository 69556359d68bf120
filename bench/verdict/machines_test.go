package verdict

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/header-auth/header-auth/bench/evidence"
	"github.com/header-auth/header-auth/bench/stats"
)

// on makes a report one of a machine and a day, with modules that have a digest each.
func on(r *evidence.Report, machine string, day int) *evidence.Report {
	r.Machine = evidence.Machine{CPU: machine, Arch: "amd64", CPUs: 2}
	r.Run.Started = time.Date(2026, 1, day, 0, 0, 0, 0, time.UTC)
	for i := range r.Builds {
		r.Builds[i].SHA256 = "of " + r.Builds[i].Name
	}
	return r
}

// TestRankingOfMachines: a ranking only where all machines agree.
func TestRankingOfMachines(t *testing.T) {
	const one, other = "a processor, amd64, 2 CPUs", "another, amd64, 2 CPUs"
	for _, test := range []struct {
		name  string
		times [2]float64 // of build1, on each machine; build0 takes 600
		want  Word       // of build0
		on    []Word
	}{
		{"both say faster", [2]float64{900, 750}, Faster, []Word{Faster, Faster}},
		{"the second ranks them the other way round", [2]float64{900, 500}, Depends, []Word{Faster, Slower}},
		{"equal on one of them", [2]float64{900, 600}, Depends, []Word{Faster, Equivalent}},
		{"equal on both", [2]float64{600, 600}, Equivalent, []Word{Equivalent, Equivalent}},
	} {
		t.Run(test.name, func(t *testing.T) {
			a := on(steadyWorld(600, test.times[0]).drawn(), "a processor", 1)
			b := on(steadyWorld(600, test.times[1]).drawn(), "another", 2)
			newest, f := JudgeAll([]*evidence.Report{a, b})
			if newest != b {
				t.Error("the newest is not the report")
			}
			p, ok := f.Machines.Pair(f.Scenarios[0].ID, "build0", "build1")
			if !ok || p.Word != test.want {
				t.Errorf("%q, expected %q: %+v", p.Word, test.want, p)
			}
			var words []Word
			var machines []string
			for _, on := range p.On {
				words, machines = append(words, on.Word), append(machines, on.Machine)
			}
			if diff := cmp.Diff(test.on, words); diff != "" {
				t.Errorf("words - want + got\n%s", diff)
			}
			if diff := cmp.Diff([]string{one, other}, machines); diff != "" {
				t.Errorf("machines - want + got\n%s", diff)
			}
			back, _ := f.Machines.Pair(f.Scenarios[0].ID, "build1", "build0")
			if math.Abs(back.Low*p.High-1) > 1e-9 || back.Word != test.want.inverse() || back.Next.N != 0 {
				t.Errorf("seen from the other: %+v and %+v", p, back)
			}
			if choice, ok := f.Headline[0].(Choice); ok && test.want == Depends && choice.Wins+choice.Losses > 0 {
				t.Errorf("the headline ranks them: %+v", choice)
			}
		})
	}
}

// TestAgreed: what several machines, or several runs of one, say together.
func TestAgreed(t *testing.T) {
	for _, test := range []struct {
		words []Word
		want  Word
	}{
		{nil, ""}, {[]Word{Faster}, Faster}, {[]Word{Slower, Slower}, Slower}, {[]Word{Undecided, Undecided}, Undecided},
		{[]Word{Faster, Undecided}, Undecided}, {[]Word{Faster, Undecided, Slower}, Depends},
		{[]Word{Equivalent, Slower}, Depends}, {[]Word{Faster, Refused}, Refused},
	} {
		if got := agreed(test.words); got != test.want {
			t.Errorf("%v: %q, expected %q", test.words, got, test.want)
		}
	}
}

// TestRunsOfOneMachine are averaged first, and show the noise from run to run.
func TestRunsOfOneMachine(t *testing.T) {
	w := steadyWorld(600, 900)
	w.noise.run = 0.02
	random := rand.New(rand.NewPCG(21, 1))
	var reports []*evidence.Report
	for day := range 12 {
		reports = append(reports, on(w.draw(random), "a processor", 1+day))
	}
	_, f := JudgeAll(reports)
	p := f.Machines.Pairs[0]
	if len(f.Machines.Machines) != 1 || len(p.On) != 1 || p.On[0].Runs != 12 || p.Low != p.High {
		t.Errorf("%+v", p)
	}
	if math.Abs(math.Log(p.Low*1.5)) > 4*0.02/math.Sqrt(12) {
		t.Errorf("the ratio is %.3f, expected about %.3f", p.Low, 1/1.5)
	}
	if noise := f.Machines.RunNoise; noise < 0.01 || noise > 0.035 {
		t.Errorf("noise from run to run %.4f, expected about 0.02", noise)
	}
}

// TestOtherModules: a run of other modules stands apart, and does not count.
func TestOtherModules(t *testing.T) {
	a := on(steadyWorld(600, 1200).drawn(), "a processor", 1)
	b := on(steadyWorld(600, 900).drawn(), "another", 2)
	a.Builds[1].SHA256 = "an older one" // of both builds there are: not one comparison counts
	_, f := JudgeAll([]*evidence.Report{b, a})
	p, _ := f.Machines.Pair(f.Scenarios[0].ID, "build1", "build0")
	if len(f.Machines.Counting()) != 1 || len(p.On) != 1 || len(p.Others) != 1 || math.Abs(p.High-1.5) > 0.05 ||
		math.Abs(p.Others[0].Ratio-2) > 0.05 {
		t.Errorf("%+v", p)
	}
	if s := f.BuildRows[1]; math.Abs(s.Time.High-1.5) > 0.05 || s.Time.N != 1 {
		t.Errorf("the first table counts it: %+v", s.Time)
	}
}

// TestGateOfOneMachine: times of a run whose A/A check failed do not count.
func TestGateOfOneMachine(t *testing.T) {
	a := on(steadyWorld(600, 1200).drawn(), "a processor", 1)
	without(a, evidence.Twin, "")
	_, f := JudgeAll([]*evidence.Report{a, on(steadyWorld(600, 900).drawn(), "another", 2)})
	if p := f.Machines.Pairs[0]; len(p.On) != 1 || f.Machines.Machines[0].Refused != 1 {
		t.Errorf("%+v", p)
	}
}

// TestNextMachine: of machines drawn from one population, the interval holds the next one's ratio in 95 of
// 100 cases. It needs three.
func TestNextMachine(t *testing.T) {
	random := rand.New(rand.NewPCG(22, 1))
	for _, machines := range []int{3, 5, 10} {
		held := 0
		const cases = 20_000
		for range cases {
			logs := make([]float64, machines)
			for i := range logs {
				logs[i] = 0.7 + 0.05*random.NormFloat64()
			}
			if stats.Next(logs, Confidence).Contains(0.7 + 0.05*random.NormFloat64()) {
				held++
			}
		}
		if share := float64(held) / cases; math.Abs(share-0.95) > 0.006 {
			t.Errorf("%d machines: the interval holds the next one in %.1f %% of the cases", machines, 100*share)
		}
	}
	var reports []*evidence.Report
	for i, time := range []float64{900, 960, 1020} {
		reports = append(reports, on(steadyWorld(600, time).drawn(), fmt.Sprint("processor ", i), 1+i))
		_, f := JudgeAll(reports)
		p, _ := f.Machines.Pair(f.Scenarios[0].ID, "build1", "build0")
		if known := p.Next.Known() && p.Next.N > 0; known != (i == 2) {
			t.Errorf("%d machines: %+v", i+1, p.Next)
		}
		if i == 2 && !(p.Next.Low < p.Low && p.High < p.Next.High) {
			t.Errorf("the next machine lies between %.2f and %.2f, those seen between %.2f and %.2f", p.Next.Low, p.Next.High,
				p.Low, p.High)
		}
	}
}

// TestPlaces: a run among published machines.
func TestPlaces(t *testing.T) {
	published := []*evidence.Report{on(steadyWorld(600, 900).drawn(), "a processor", 1),
		on(steadyWorld(600, 1200).drawn(), "another", 2)}
	mine := on(steadyWorld(600, 1000).drawn(), "mine", 3)
	places := Places(mine, Judge(mine), published)
	if len(places) != 1 || !places[0].Same || math.Abs(places[0].Here-1.667) > 0.03 ||
		math.Abs(places[0].Published.Low-1.5) > 0.03 || math.Abs(places[0].Published.High-2) > 0.03 {
		t.Errorf("%+v", places)
	}
	mine.Scenarios = mine.Scenarios[:1]
	if places := Places(mine, Judge(mine), published); places != nil {
		t.Errorf("of other scenarios: %+v", places)
	}
}

// TestBuildRows: the first table's numbers, of two machines.
func TestBuildRows(t *testing.T) {
	a, b := on(whole(), "a processor", 1), on(whole(), "another", 2)
	for i := range b.Startups {
		b.Startups[i].Compile *= 2
	}
	for i := range b.Tails {
		if b.Tails[i].Contestant == "go-good" {
			b.Tails[i].Max = 5_000_000
		}
	}
	_, f := JudgeAll([]*evidence.Report{a, b})
	if f.Reference != "rust" || len(f.BuildRows) != 4 {
		t.Fatalf("reference %q, %d rows", f.Reference, len(f.BuildRows))
	}
	faults := map[string]Fault{"rust": 0, "go-good": 0, "go-leaks": Leaks, "go-archived": Archived}
	for _, s := range f.BuildRows {
		if s.Out.Fault != faults[s.Build.Name] {
			t.Errorf("%s: fault %d", s.Build.Name, s.Out.Fault)
		}
		if (s.Time.N == 0) != (s.Build.Name == "go-leaks") {
			t.Errorf("%s: time %+v", s.Build.Name, s.Time)
		}
		if s.Startup.N != 2 || math.Abs(s.Startup.High/s.Startup.Low-2) > 0.05 || s.Size == 0 || s.Memory.N != 2 ||
			s.Leak == nil {
			t.Errorf("%+v", s)
		}
	}
	if good := f.BuildRows[1]; math.Abs(good.Time.Mid()-3) > 0.1 || good.Time.N != 2 || good.Pause.High < 4.9e6 {
		t.Errorf("%+v", good)
	}
	if archived := f.BuildRows[3]; len(archived.GivenUp) != 1 || !archived.Upkeep {
		t.Errorf("%+v", archived.GivenUp)
	}
}

// TestChoicesOfFew: one build, equal ones and faulty ones are not called a choice.
func TestChoicesOfFew(t *testing.T) {
	first := func(r *evidence.Report) Claim { return Judge(r).Headline[0] }
	one := steadyWorld(600, 900).drawn()
	one.Builds = one.Builds[:1]
	if c, ok := first(one).(Alone); !ok || c.Build != "build0" {
		t.Errorf("one build: %+v", first(one))
	}
	equal := steadyWorld(600, 600).drawn()
	if c, ok := first(equal).(NoDifference); !ok || len(c.Builds) != 2 || c.SameFile || c.Scenarios != 2 {
		t.Errorf("equal builds: %+v", first(equal))
	}
	equal.Builds[0].SHA256, equal.Builds[1].SHA256 = "x", "x"
	if c, ok := first(equal).(NoDifference); !ok || !c.SameFile {
		t.Errorf("one file: %+v", first(equal))
	}
	faulty := steadyWorld(600, 900).drawn()
	faulty.Refused = []evidence.Refused{{Build: "build1", Reason: "a wrong answer"}}
	without(faulty, "build1", "")
	f := Judge(faulty)
	if c, ok := f.Headline[0].(Wrong); !ok || c.Build != "build1" {
		t.Errorf("the cause does not come first: %+v", f.Headline)
	}
	if c, ok := f.Headline[1].(OnlyOne); !ok || c.Build != "build0" || len(c.LeftOut) != 1 {
		t.Errorf("%+v", f.Headline[1])
	}
	faulty.Memory = append(faulty.Memory, leak("build0"))
	if c, ok := Judge(faulty).Headline[1].(NothingToChoose); !ok || len(c.LeftOut) != 2 {
		t.Errorf("%+v", Judge(faulty).Headline)
	}
	two := steadyWorld(600, 600, 900).drawn()
	if c, ok := first(two).(Choice); !ok || len(c.Level) != 1 || c.Wins != 2 {
		t.Errorf("two equal ones and a slower one: %+v", first(two))
	}
}
