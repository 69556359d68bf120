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
}

// Timing is one contestant in one scenario.
type Timing struct {
	Contestant string
	Missing    Missing  // why there are no numbers
	Time       Interval // ns a request: the mean, collections included
	Usual      float64  // ns a request in the median batch
	OverFloor  Interval // ratio of Time to the floor's
	AboveFloor Interval // ns a request, the floor subtracted
	Spread     float64  // standard deviation of the instances' means, as a share of Time
	// share of its batches that something from outside disturbed, 0 to 1: they count as their
	// round and instance let expect
	Replaced  float64
	LeftOut   float64    // share of the measured time that is not counted for that reason, 0 to 1
	Collector *Collector // nil: none is known
	// of a build that leaks, whose Time is of this run's requests only: the time in the last half of the rounds over
	// that in the first; else 0
	Growth float64
}

// differs is by how much the mean and the usual batch may differ before both are shown.
const differs = 0.05

// Differs reports whether the mean is far from the usual batch.
func (t *Timing) Differs() bool { return math.Abs(t.Time.Mid/t.Usual-1) > differs }

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
func scenariosOf(r *evidence.Report, all []samples, leaks func(build, scenario string) bool, passed bool) []Scenario {
	found := make([]Scenario, len(all))
	var open []pending
	for i := range all {
		s := &all[i]
		found[i] = Scenario{ID: s.scenario}
		for _, contestant := range contestants(r) {
			if t, ok := s.timing(r, contestant, leaks(r.Original(contestant), s.scenario)); ok {
				found[i].Timings = append(found[i].Timings, t)
			}
		}
		var own []stats.Estimate
		for a, x := range r.Builds {
			for _, y := range r.Builds[a+1:] {
				if logs := inOrder(s.logRatio(x.Name, y.Name)); len(logs) > 0 {
					found[i].Pairs = append(found[i].Pairs, Pair{A: x.Name, B: y.Name})
					own = append(own, stats.TrimmedMean(logs).Plus(math.Hypot(s.timed[x.Name].cycles, s.timed[y.Name].cycles)))
				}
			}
		}
		for p := range found[i].Pairs {
			pair := &found[i].Pairs[p]
			open = append(open, pending{pair, own[p], leaks(pair.A, s.scenario) || leaks(pair.B, s.scenario)})
		}
	}
	judged(r, found, open, passed)
	return found
}

// judged gives every pair its word. A pair with a build that leaks has none, and does not count among those that P is
// adjusted for.
func judged(r *evidence.Report, found []Scenario, open []pending, passed bool) {
	p := make([]float64, len(open))
	family := 0
	for i, c := range open {
		p[i] = math.NaN()
		if !c.unsteady {
			p[i] = c.ratio().P()
			family++
		}
	}
	for i, adjusted := range stats.Holm(p) {
		open[i].pair.P = adjusted
		open[i].judge(family, passed)
		if open[i].unsteady {
			open[i].pair.Word, open[i].pair.More = Unsteady, 0
		}
	}
	for i := range found {
		for j := range found[i].Pairs {
			counted(r, &found[i].Pairs[j], found[i].ID)
		}
	}
}

// contestants are the floor, the builds and the twins.
func contestants(r *evidence.Report) []string {
	names := []string{evidence.Floor}
	for _, b := range r.Builds {
		names = append(names, b.Name)
	}
	return append(names, r.Twins()...)
}

// timing is one contestant's; ok is false for a floor that was not timed.
func (s *samples) timing(r *evidence.Report, contestant string, leaks bool) (t Timing, ok bool) {
	none := stats.None()
	t = Timing{Contestant: contestant, Time: none, OverFloor: none, AboveFloor: none, Usual: math.NaN(),
		Spread: math.NaN()}
	if t.Missing = excluded(r, contestant, s.scenario); t.Missing.Any() {
		return t, true
	}
	if !s.has(contestant) {
		t.Missing = Missing{Kind: NotMeasured}
		return t, contestant != evidence.Floor && r.Original(contestant) == contestant
	}
	own := s.timed[contestant]
	t.Time = stats.TrimmedMean(inOrder(s.logTime(contestant))).Plus(own.cycles).Interval(Confidence).Exp()
	t.Usual, t.Replaced, t.LeftOut, t.Collector = own.usual(), own.replaced, own.leftOut, own.collected
	t.Spread = own.spread()
	if leaks {
		t.Growth = own.growth()
	}
	if s.has(evidence.Floor) {
		t.OverFloor = stats.TrimmedMean(inOrder(s.logRatio(contestant,
			evidence.Floor))).Plus(own.cycles).Interval(Confidence).Exp()
		t.AboveFloor = stats.TrimmedMean(inOrder(s.difference(contestant,
			evidence.Floor))).Plus(own.cycles * t.Time.Mid).Interval(Confidence)
	}
	return t, true
}

// usual is the geometric mean over instances of the median batch, in ns a request.
func (t *timed) usual() float64 {
	var logs []float64
	for _, v := range t.medians {
		if v > 0 {
			logs = append(logs, math.Log(v))
		}
	}
	return math.Exp(stat.Mean(logs, nil))
}

// spread is the standard deviation of the logarithms of the instances' means.
func (t *timed) spread() float64 {
	var logs []float64
	for _, v := range t.means {
		if v > 0 {
			logs = append(logs, math.Log(v))
		}
	}
	return stat.StdDev(logs, nil)
}

// growth is the mean time in the last half of the rounds over that in the first.
func (t *timed) growth() float64 {
	var first, last []float64
	for _, row := range t.raw {
		first, last = append(first, row[:len(row)/2]...), append(last, row[len(row)-len(row)/2:]...)
	}
	return stat.Mean(last, nil) / stat.Mean(first, nil)
}
