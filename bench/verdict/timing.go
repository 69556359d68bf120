package verdict

import (
	"math"

	"gonum.org/v1/gonum/stat"

	"github.com/header-auth/header-auth/bench/evidence"
	"github.com/header-auth/header-auth/bench/stats"
)

// Scenario is what was found in one scenario: a timing of each contestant, a pair of each two builds.
type Scenario struct {
	ID      string
	Timings []Timing
	Pairs   []Pair
	Dropped float64 // share of rounds left out because the floor itself was slow in them
}

// Timing is one contestant in one scenario.
type Timing struct {
	Contestant string
	Missing    Missing  // why there are no numbers
	Time       Interval // ns a request
	OverFloor  Interval // ratio of Time to the floor's
	AboveFloor Interval // ns a request, the floor subtracted
	Best       float64  // ns: the fastest tenth of the batches, a second estimate that outliers do not reach
	Spread     float64  // standard deviation of the instances' medians, as a share of Time
	Lost       float64  // share of its batches left out because they were interrupted, 0 to 1
	Unstable   bool     // Best and Time disagree about the ratio to the floor by more than the interval
}

// Timing finds a contestant's.
func (s *Scenario) Timing(contestant string) (Timing, bool) {
	for _, t := range s.Timings {
		if t.Contestant == contestant {
			return t, true
		}
	}
	return Timing{}, false
}

// Pair is the comparison of two builds, seen from a.
func (s *Scenario) Pair(a, b string) (Pair, bool) {
	for _, p := range s.Pairs {
		switch {
		case p.A == a && p.B == b:
			return p, true
		case p.A == b && p.B == a:
			return p.Inverse(), true
		}
	}
	return Pair{}, false
}

// Scenario finds one by its id; nil when it was not measured.
func (f *Findings) Scenario(id string) *Scenario {
	for i := range f.Scenarios {
		if f.Scenarios[i].ID == id {
			return &f.Scenarios[i]
		}
	}
	return nil
}

// scenariosOf judges every scenario. Pairs are of builds that both have a number there.
func scenariosOf(r *evidence.Report, all []samples, passed bool) []Scenario {
	found := make([]Scenario, len(all))
	var pairs []*Pair
	var logs [][]float64 // of pairs, by process
	for i := range all {
		s := &all[i]
		found[i] = Scenario{ID: s.scenario, Dropped: s.dropped()}
		for _, contestant := range contestants(r) {
			if t, ok := s.timing(r, contestant); ok {
				found[i].Timings = append(found[i].Timings, t)
			}
		}
		for a, x := range r.Builds {
			for _, y := range r.Builds[a+1:] {
				if byProcess := s.byProcess(x.Name, y.Name, logRatio); len(byProcess) > 0 {
					found[i].Pairs = append(found[i].Pairs, Pair{A: x.Name, B: y.Name})
					logs = append(logs, inOrder(byProcess))
				}
			}
		}
		for p := range found[i].Pairs {
			pairs = append(pairs, &found[i].Pairs[p])
		}
	}
	p := make([]float64, len(pairs))
	for i := range pairs {
		p[i] = stats.PValue(logs[i])
	}
	for i, adjusted := range stats.Holm(p) {
		pairs[i].P = adjusted
		pairs[i].judge(logs[i], len(pairs), passed)
	}
	return found
}

// contestants are the floor, the builds and the twin.
func contestants(r *evidence.Report) []string {
	names := []string{evidence.Floor}
	for _, b := range r.Builds {
		names = append(names, b.Name)
	}
	return append(names, evidence.Twin)
}

// timing is one contestant's; ok is false for one that was neither timed nor excluded.
func (s *samples) timing(r *evidence.Report, contestant string) (t Timing, ok bool) {
	none := stats.None()
	t = Timing{Contestant: contestant, Time: none, OverFloor: none, AboveFloor: none, Best: math.NaN(), Spread: math.NaN()}
	if t.Missing = excluded(r, contestant, s.scenario); t.Missing.Any() {
		return t, true
	}
	if !s.has(contestant) {
		t.Missing = Missing{Kind: NotMeasured}
		return t, contestant != evidence.Floor && contestant != evidence.Twin
	}
	t.Time = stats.TrimmedInterval(inOrder(s.byProcess(contestant, contestant, logarithm)), Confidence).Exp()
	t.Best, t.Lost = s.best(contestant), s.lost(contestant)
	var medians []float64
	for _, b := range s.blocks {
		if m := b.median(contestant, contestant, logarithm); !math.IsNaN(m) {
			medians = append(medians, m)
		}
	}
	t.Spread = stat.StdDev(medians, nil)
	if !s.has(evidence.Floor) {
		return t, true
	}
	t.OverFloor = stats.TrimmedInterval(inOrder(s.byProcess(contestant, evidence.Floor, logRatio)), Confidence).Exp()
	t.AboveFloor = stats.TrimmedInterval(inOrder(s.byProcess(contestant, evidence.Floor, difference)), Confidence)
	// Two estimates within the band are not called different, however narrow the interval is.
	tolerated := max(math.Log(t.OverFloor.High/t.OverFloor.Mid), math.Log(1+Band))
	t.Unstable = math.Abs(math.Log(t.Best/s.best(evidence.Floor)/t.OverFloor.Mid)) > tolerated
	return t, true
}

// best is the tenth percentile of all batches, those of dropped rounds as well.
func (s *samples) best(contestant string) float64 {
	var nanos []float64
	for _, b := range s.blocks {
		nanos = append(nanos, b.nanos[contestant]...)
	}
	return stats.Quantile(nanos, 0.1)
}
