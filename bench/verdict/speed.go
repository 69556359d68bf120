package verdict

import (
	"math"

	"github.com/header-auth/header-auth/bench/evidence"
	"github.com/header-auth/header-auth/bench/stats"
	"gonum.org/v1/gonum/stat/distuv"
)

// power is the probability that More further processes decide a pair.
const power = 0.8

// speeds judges every scenario. Pairs are of builds that both have a number there.
func speeds(r *evidence.Report, all []samples, passed bool, o Options) []ScenarioSpeed {
	found := make([]ScenarioSpeed, len(all))
	var pairs []*Pair
	var logs [][]float64 // of pairs, by process
	for i := range all {
		s := &all[i]
		found[i] = ScenarioSpeed{Scenario: s.scenario, Dropped: s.dropped()}
		for _, entrant := range entrants(r) {
			if row, ok := s.row(r, entrant, o); ok {
				found[i].Rows = append(found[i].Rows, row)
			}
		}
		var numbers [][]float64
		for a, x := range r.Builds {
			for _, y := range r.Builds[a+1:] {
				if byProcess := s.byProcess(x.Name, y.Name, logRatio); len(byProcess) > 0 {
					found[i].Pairs = append(found[i].Pairs, Pair{A: x.Name, B: y.Name, Band: o.Band})
					numbers = append(numbers, inOrder(byProcess))
				}
			}
		}
		for p := range found[i].Pairs {
			pairs = append(pairs, &found[i].Pairs[p])
		}
		logs = append(logs, numbers...)
	}
	p := make([]float64, len(pairs))
	for i := range pairs {
		p[i] = stats.PValue(logs[i])
	}
	for i, adjusted := range stats.Holm(p) {
		pairs[i].P = adjusted
		pairs[i].judge(logs[i], len(pairs), passed, o)
	}
	return found
}

func entrants(r *evidence.Report) []string {
	names := []string{evidence.Floor}
	for _, b := range r.Builds {
		names = append(names, b.Name)
	}
	return append(names, evidence.Twin)
}

// row is one entrant; ok is false for one that was neither timed nor refused.
func (s *samples) row(r *evidence.Report, entrant string, o Options) (Speed, bool) {
	none := stats.None()
	row := Speed{Entrant: entrant, Time: none, OverFloor: none, AboveFloor: none, Best: math.NaN(), Spread: math.NaN()}
	if row.Reason = reason(r, entrant, s.scenario); row.Reason != "" {
		return row, true
	}
	if !s.has(entrant) {
		if entrant == evidence.Floor || entrant == evidence.Twin {
			return row, false
		}
		row.Reason = "not measured"
		return row, true
	}
	row.Time = stats.TrimmedInterval(inOrder(s.byProcess(entrant, entrant, logarithm)), o.Confidence).Exp()
	row.Best, row.Lost = s.best(entrant), s.lost(entrant)
	var medians []float64
	for _, b := range s.blocks {
		if m := b.median(entrant, entrant, logarithm); !math.IsNaN(m) {
			medians = append(medians, m)
		}
	}
	row.Spread = stats.Deviation(medians)
	if !s.has(evidence.Floor) {
		return row, true
	}
	logs := inOrder(s.byProcess(entrant, evidence.Floor, logRatio))
	row.OverFloor = stats.TrimmedInterval(logs, o.Confidence).Exp()
	row.AboveFloor = stats.TrimmedInterval(inOrder(s.byProcess(entrant, evidence.Floor, difference)), o.Confidence)
	// Within the band nobody would call the two estimates different, however narrow the interval.
	tolerated := max(math.Log(row.OverFloor.High/row.OverFloor.Mid), math.Log(1+o.Band))
	row.Unstable = math.Abs(math.Log(row.Best/s.best(evidence.Floor)/row.OverFloor.Mid)) > tolerated
	return row, true
}

// best is the tenth percentile of all batches, those of dropped rounds as well.
func (s *samples) best(entrant string) float64 {
	var nanos []float64
	for _, b := range s.blocks {
		nanos = append(nanos, b.nanos[entrant]...)
	}
	return stats.Quantile(nanos, 0.1)
}

// judge gives the word on a pair, from its log-ratios by process. P is set already.
func (p *Pair) judge(logs []float64, family int, passed bool, o Options) {
	i := stats.TrimmedInterval(logs, o.Confidence)
	p.Ratio = i.Exp()
	outside := o.outside(i.Mid)
	switch {
	case !passed:
		p.Word = Refused
	case p.P < o.Alpha && outside > 0 && i.Mid < 0:
		p.Word = Faster
	case p.P < o.Alpha && outside > 0:
		p.Word = Slower
	case p.Ratio.Within(1-o.Band, 1+o.Band):
		p.Word = Equivalent
	default:
		p.Word = Undecided
		p.More = more(i, stats.TrimmedDeviation(logs), outside, family, o)
	}
}

// more is how many processes beyond those measured would probably decide a pair, were its ratio and spread the true ones.
func more(i Interval, deviation, outside float64, family int, o Options) int {
	const enough = 10 // for a spread that is not known yet
	var need int
	switch {
	case i.N < 2:
		need = enough
	case outside > 0:
		// Both: the difference is significant, and the estimate stays beyond the band.
		need = stats.SamplesFor(deviation, math.Abs(i.Mid), o.Alpha/float64(family), power)
		stays := distuv.UnitNormal.Quantile(power) * deviation / outside
		need = max(need, int(min(math.Ceil(stays*stays), TooMany)))
	default:
		need = stats.SamplesFor(deviation, -outside, 1-o.Confidence, power)
	}
	if need >= TooMany {
		return TooMany
	}
	return max(1, need-i.N)
}
