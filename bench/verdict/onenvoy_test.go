package verdict

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/header-auth/header-auth/bench/evidence"
)

// envoyWorld is a run with known truth: the time of each contestant over 16 µs, with noise of each
// Envoy and of each round.
type envoyWorld struct {
	over      map[string]float64 // ns
	process   float64            // standard deviation of a contestant's time from Envoy to Envoy, ns
	processes int
	rounds    int
}

func (w envoyWorld) run(seed uint64) *evidence.OnEnvoy {
	random := rand.New(rand.NewPCG(seed, 0))
	r := &evidence.OnEnvoy{Schema: evidence.OnEnvoySchema,
		Scenarios: []evidence.Scenario{{ID: "typical/allow", Decision: "allow"}}}
	for _, name := range []string{"rust", "go", "slow"} {
		r.Builds = append(r.Builds, evidence.Build{Name: name, SHA256: name})
	}
	for n := range w.processes {
		drift := make([]float64, w.rounds) // that all contestants share
		for i := range drift {
			drift[i] = random.NormFloat64() * 400
		}
		for _, name := range []string{evidence.NoFilter, evidence.NativeRBAC, "rust", evidence.Twin, "go", "slow"} {
			work := evidence.Work{Scenario: "typical/allow", Contestant: name, Process: n}
			own := random.NormFloat64() * w.process
			for i := range w.rounds {
				work.Nanos = append(work.Nanos, 16_000+w.over[name]+own+drift[i]+random.NormFloat64()*300)
			}
			r.Work = append(r.Work, work)
		}
	}
	return r
}

// TestOnEnvoyHoldsTheTruth: the intervals hold the true cost and the true ratio in 95 of 100 runs,
// and few words are wrong.
func TestOnEnvoyHoldsTheTruth(t *testing.T) {
	w := envoyWorld{over: map[string]float64{evidence.NativeRBAC: 1700, "rust": 5000, evidence.Twin: 5000, "go": 5100,
		"slow": 8000}, process: 150,
		processes: 8, rounds: 4}
	const runs = 400
	var cost, ratio, gate, wrong, found int
	for seed := range uint64(runs) {
		j := JudgeOnEnvoy(w.run(seed), nil, nil)
		s := &j.Scenarios[0]
		for _, c := range s.Costs {
			if c.Contestant == "slow" && c.Over.Contains(8000) {
				cost++
			}
			if c.Contestant == "slow" && c.Ratio.Contains(1.6) {
				ratio++
			}
		}
		if j.Gate.Passed {
			gate++
		}
		for _, p := range s.Pairs {
			switch {
			case p.A == "go" && (p.Word == Faster || p.Word == Slower):
				wrong++ // 100 ns of 21 µs are within the band
			case p.A == "slow" && p.Word == Slower:
				found++
			case p.A == "slow" && (p.Word == Faster || p.Word == Equivalent):
				wrong++
			}
		}
	}
	for name, got := range map[string]struct{ got, least, most int }{
		"the cost is in its interval": {cost, 370, 392}, "the ratio is in its interval": {ratio, 368, 394},
		"the A/A check passes": {gate, 390, runs},
		"wrong words":          {wrong, 0, 20}, "a difference of 3 µs is found, by pair": {found, 2*runs - 40, 2 * runs},
	} {
		if got.got < got.least || got.got > got.most {
			t.Errorf("%s: %d of %d runs, expected %d to %d", name, got.got, runs, got.least, got.most)
		}
	}
}

// TestGateOnEnvoy: a copy that is not equal stops all words.
func TestGateOnEnvoy(t *testing.T) {
	w := envoyWorld{over: map[string]float64{"rust": 5000, evidence.Twin: 6000, "go": 9000, "slow": 8000}, process: 50,
		processes: 8, rounds: 4}
	j := JudgeOnEnvoy(w.run(1), nil, nil)
	if j.Gate.Passed {
		t.Fatal("it passed")
	}
	for _, p := range j.Scenarios[0].Pairs {
		if p.Word != Refused {
			t.Errorf("%s against %s: %s", p.A, p.B, p.Word)
		}
	}
}

// TestGateOnEnvoyIsPrecise: a copy of which hardly anything is known does not pass as equal.
func TestGateOnEnvoyIsPrecise(t *testing.T) {
	w := envoyWorld{over: map[string]float64{"rust": 5000, evidence.Twin: 5000, "go": 9000, "slow": 8000}, process: 4000,
		processes: 3, rounds: 4}
	for seed := range uint64(20) {
		if j := JudgeOnEnvoy(w.run(seed), nil, nil); j.Gate.Passed {
			t.Errorf("it passed with %+v", j.Gate)
		}
	}
}

// TestSoakOnEnvoy: a leak is told from a heap that finds its size, and from what Envoy itself gains.
func TestSoakOnEnvoy(t *testing.T) {
	soak := func(bytes func(i int) int64, longest func(i int) int64) evidence.EnvoySoak {
		s := evidence.EnvoySoak{Contestant: "x", Requests: 1_000_000}
		for i := range 51 {
			s.Points = append(s.Points, evidence.SoakPoint{Requests: i * 20_000, Bytes: bytes(i), Nanos: 20_000,
				Longest: longest(i)})
		}
		return s
	}
	flat := func(int) int64 { return 1e6 }
	noise := rand.New(rand.NewPCG(1, 1))
	for name, test := range map[string]struct {
		soak evidence.EnvoySoak
		want Growth
	}{
		"leak of 300 bytes": {soak(func(i int) int64 { return 40<<20 + int64(i)*20_000*300 }, flat), Leak},
		"leak that doubles memory": {soak(func(i int) int64 {
			return 40<<20 +
				int64(math.Exp2(math.Floor(math.Log2(float64(i+1))))*20_000*400)
		}, flat), Unclear},
		"heap that fills":  {soak(func(i int) int64 { return 40<<20 + int64(min(i, 12))<<20 }, flat), Flat},
		"noise of 100 KiB": {soak(func(int) int64 { return 40<<20 + noise.Int64N(100<<10) }, flat), Flat},
	} {
		if m := envoyMemory(test.soak, 0); m.Verdict != test.want {
			t.Errorf("%s: %s, %+v", name, m.Verdict, m.PerRequest)
		}
	}
	growing := envoyMemory(soak(func(i int) int64 { return int64(i) * 20_000 * 300 },
		func(i int) int64 { return int64(i) * 1e6 }), 0)
	if growing.Pauses != [2]float64{10e6, 50e6} || growing.Longest != 50e6 || math.Abs(growing.PerRequest.Mid-300) > 1 {
		t.Errorf("%+v", growing)
	}
}

// TestOrders: pairs are compared where the modules are the same.
func TestOrders(t *testing.T) {
	w := envoyWorld{over: map[string]float64{"rust": 5000, evidence.Twin: 5000, "go": 5010, "slow": 9000}, process: 30,
		processes: 8, rounds: 4}
	r := w.run(1)
	onWazero := &evidence.Report{Builds: r.Builds}
	pair := func(a, b string, w Word) Pair {
		return Pair{A: a, B: b, Word: w, Ratio: Interval{Low: 1, Mid: 2, High: 3}}
	}
	f := &Findings{Scenarios: []Scenario{{ID: "typical/allow", Pairs: []Pair{pair("go", "rust", Slower), pair("slow",
		"rust", Slower), pair("slow", "go", Faster)}}}}
	got := map[string]OrderState{}
	for _, o := range JudgeOnEnvoy(r, onWazero, f).Orders {
		got[o.A+" "+o.B] = o.State
	}
	want := map[string]OrderState{"go rust": OrdersClose, "slow rust": OrdersAgree, "slow go": OrdersDiffer}
	for pair, state := range want {
		if got[pair] != state {
			t.Errorf("%s: %s, expected %s", pair, got[pair], state)
		}
	}
	onWazero.Builds = append([]evidence.Build{{Name: "rust", SHA256: "another"}}, onWazero.Builds[1:]...)
	if n := len(JudgeOnEnvoy(r, onWazero, f).Orders); n != 1 {
		t.Errorf("%d pairs of the same modules, expected 1", n)
	}
}
