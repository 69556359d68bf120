package verdict

import (
	"math"

	"gonum.org/v1/gonum/stat"

	"github.com/header-auth/header-auth/bench/evidence"
	"github.com/header-auth/header-auth/bench/stats"
)

// EnvoyGate is the A/A check: the first build and its copy, in every scenario.
type EnvoyGate struct {
	Passed      bool
	Differences []Interval // of the copy's time and the build's, by scenario
	Share       float64    // of the build's time, the widest bound of these
}

// EnvoyScenario is the cost of every contestant in a scenario.
type EnvoyScenario struct {
	ID       string
	Decision string   // allow or refuse
	Base     Interval // without a filter
	Costs    []EnvoyCost
	Pairs    []EnvoyPair // of builds
}

// EnvoyCost is what one contestant costs.
type EnvoyCost struct {
	Contestant string
	Build      bool
	Leaks      bool     // its time grows: Over is none
	Over       Interval // over Envoy without a filter
	Service    Interval // of the service that is asked, besides; N is 0 without one
	Ratio      Interval // Over by that of the reference; N is 0 for the reference and where one of both is not known
	Missing    Missing
}

// EnvoyPair is a comparison of two builds: of the worker's whole time for a request.
type EnvoyPair struct {
	A, B       string
	Difference Interval // A's time minus B's
	P          float64  // adjusted after Holm over all pairs
	Word       Word     // on A
}

// EnvoyBand is the difference of two builds that does not matter on Envoy: the share of the
// worker's time for a request.
const EnvoyBand = 0.03

// EnvoyGateLimit is the share of its time within which a build must be known to be equal to its copy.
const EnvoyGateLimit = 0.1

// Cost is that of a contestant.
func (s *EnvoyScenario) Cost(contestant string) (EnvoyCost, bool) {
	for _, c := range s.Costs {
		if c.Contestant == contestant {
			return c, true
		}
	}
	return EnvoyCost{}, false
}

func (j *OnEnvoy) gate(r *evidence.OnEnvoy) {
	j.Gate.Passed = true
	level := 1 - gateAlpha/float64(max(1, len(r.Scenarios)))
	for _, s := range r.Scenarios {
		own, twin := workOf(r, s.ID, j.Reference), workOf(r, s.ID, evidence.Twin)
		d := differences(twin, own)
		i := stats.TrimmedInterval(d, level)
		total := stat.Mean(means(own), nil)
		if !i.Known() || !i.Contains(0) {
			j.Gate.Passed = false
		}
		plain := stats.TrimmedInterval(d, Confidence)
		j.Gate.Differences = append(j.Gate.Differences, plain)
		j.Gate.Share = max(j.Gate.Share, math.Abs(plain.Low)/total, math.Abs(plain.High)/total)
	}
	j.Gate.Passed = j.Gate.Passed && len(j.Gate.Differences) > 0 && j.Gate.Share <= EnvoyGateLimit
}

func (j *OnEnvoy) scenario(r *evidence.OnEnvoy, s evidence.Scenario) EnvoyScenario {
	none := workOf(r, s.ID, evidence.NoFilter)
	found := EnvoyScenario{ID: s.ID, Decision: s.Decision, Base: stats.TrimmedInterval(means(none), Confidence)}
	reference := differences(workOf(r, s.ID, j.Reference), none)
	add := func(name string, build bool) {
		work := workOf(r, s.ID, name)
		missing := refusal(r.Refused, name, s.ID)
		if len(work) == 0 && !missing.Any() {
			return
		}
		c := EnvoyCost{Contestant: name, Build: build, Over: stats.None(), Ratio: stats.None(), Service: stats.None(),
			Missing: missing}
		switch over := differences(work, none); {
		case missing.Any():
		case build && j.leaks(name):
			c.Leaks = true
		default:
			c.Over = stats.TrimmedInterval(over, Confidence)
			if build && name != j.Reference && len(over) == len(reference) && !j.leaks(j.Reference) {
				c.Ratio = quotient(over, reference)
			}
		}
		service := map[int][]float64{}
		for _, w := range r.Work {
			if w.Scenario == s.ID && w.Contestant == name && len(w.Service) > 0 {
				service[w.Process] = w.Service
			}
		}
		if len(service) > 0 {
			c.Service = stats.TrimmedInterval(means(service), Confidence)
		}
		found.Costs = append(found.Costs, c)
	}
	for _, name := range otherChecks {
		add(name, false)
	}
	for _, b := range r.Builds {
		add(b.Name, true)
	}
	for i, a := range r.Builds {
		for _, b := range r.Builds[:i] {
			if p, ok := j.pair(r, s.ID, a.Name, b.Name); ok {
				found.Pairs = append(found.Pairs, p)
			}
		}
	}
	return found
}

// quotient is the ratio of two means with its interval, from what both were in each process: a
// - ratio·b has the mean 0.
func quotient(a, b []float64) Interval {
	ratio := stats.TrimmedMean(a).Mid / stats.TrimmedMean(b).Mid
	rest := make([]float64, len(a))
	for i := range a {
		rest[i] = (a[i] - ratio*b[i]) / stats.TrimmedMean(b).Mid
	}
	i := stats.TrimmedInterval(rest, Confidence)
	return Interval{Low: ratio + i.Low - i.Mid, Mid: ratio, High: ratio + i.High - i.Mid, N: i.N}
}

func (j *OnEnvoy) pair(r *evidence.OnEnvoy, scenario, a, b string) (EnvoyPair, bool) {
	d := differences(workOf(r, scenario, a), workOf(r, scenario, b))
	if len(d) == 0 {
		return EnvoyPair{}, false
	}
	p := EnvoyPair{A: a, B: b, Difference: stats.TrimmedInterval(d, Confidence), P: stats.TrimmedMean(d).P()}
	if j.leaks(a) || j.leaks(b) {
		p.Word, p.P = Unsteady, math.NaN()
	}
	return p, true
}

// words judges all pairs together.
func (j *OnEnvoy) words() {
	var pairs []*EnvoyPair
	var bands, p []float64
	for i := range j.Scenarios {
		s := &j.Scenarios[i]
		for k := range s.Pairs {
			if s.Pairs[k].Word == "" {
				reference, _ := s.Cost(s.Pairs[k].B)
				pairs, p = append(pairs, &s.Pairs[k]), append(p, s.Pairs[k].P)
				bands = append(bands, EnvoyBand*(s.Base.Mid+reference.Over.Mid))
			}
		}
	}
	adjusted := stats.Holm(p)
	for i, pair := range pairs {
		pair.P = adjusted[i]
		d := pair.Difference
		pair.Word = wordOf(j.Gate.Passed, d.Within(-bands[i], bands[i]), pair.P, d.Mid)
	}
}
