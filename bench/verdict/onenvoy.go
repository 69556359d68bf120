package verdict

import (
	"math"
	"slices"

	"gonum.org/v1/gonum/stat"

	"github.com/header-auth/header-auth/bench/evidence"
	"github.com/header-auth/header-auth/bench/stats"
)

// OnEnvoy are the findings of a run on a real Envoy. Times are the worker's processor time, in ns a request. The independent samples
// are the Envoys: what varies from one start to the next is in every interval.
type OnEnvoy struct {
	Report    *evidence.OnEnvoy // that they follow from
	Version   string
	Reference string // the first build
	Gate      EnvoyGate
	Scenarios []EnvoyScenario
	Latencies []EnvoyLatency
	Soaks     []EnvoyMemory
	Startups  []EnvoyStart
	Crossings []Crossing // the empty guest first
	Orders    []Order    // nil: there is no run on wazero with these modules
}

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

// EnvoyLatency is how long clients waited.
type EnvoyLatency struct {
	Scenario, Contestant string
	Rate                 int
	Count                int64
	P50, P99, P999, Max  float64 // ns; P999 is NaN with fewer than a hundred requests above it
}

// EnvoyMemory is how an Envoy's memory went over many requests to one build.
type EnvoyMemory struct {
	Contestant, Scenario string
	Requests             int
	Ready, Warm, End     float64 // bytes: with the plugin, after a tenth of the requests, at the end
	PerRequest           Interval
	Verdict              Growth
	Pauses               [2]float64 // ns: the longest wait for answers in the first fifth and in the last
	Times                [2]float64 // ns of the worker for a request, likewise
	Longest              float64    // of all
	Ended                string
}

// EnvoyStart is how long a listener takes to its first answer, and the memory that it takes.
type EnvoyStart struct {
	Build string
	Time  Interval
	Bytes Interval
}

// Crossing is what one thing costs on both: the guest that does it, less the empty guest.
type Crossing struct {
	Guest  string
	Envoy  Interval // of the empty guest: over Envoy without a filter
	Wazero Interval // of the empty guest: all of its time
}

// Order is a pair of builds in a scenario that both runs have.
type Order struct {
	Scenario, A, B string
	Wazero, Envoy  Word    // on A
	Ratio          float64 // on wazero, A's time over B's
	Difference     Interval
	State          OrderState
}

// OrderState is whether two runs agree.
type OrderState string

const (
	OrdersAgree  OrderState = "agree"     // the same word
	OrdersDiffer OrderState = "differ"    // one says faster, the other slower
	OrdersClose  OrderState = "close"     // one is sure of a difference, the other finds none worth mentioning
	OrdersOpen   OrderState = "undecided" // one cannot say
)

// EnvoyBand is the difference of two builds that does not matter on Envoy: the share of the worker's time for a request.
const EnvoyBand = 0.03

// EnvoyGateLimit is the share of its time within which a build must be known to be equal to its copy.
const EnvoyGateLimit = 0.1

// leakShown is how many bytes a request an Envoy's memory must gain, beyond one without a filter, to be a leak.
const leakShown = 8

// JudgeOnEnvoy makes the findings. onWazero is a run on wazero, with its findings; nil: there is none.
func JudgeOnEnvoy(r *evidence.OnEnvoy, onWazero *evidence.Report, f *Findings) *OnEnvoy {
	j := &OnEnvoy{Report: r, Version: r.Envoy.Version}
	if len(r.Builds) > 0 {
		j.Reference = r.Builds[0].Name
	}
	j.Soaks = envoyMemories(r)
	j.gate(r)
	for _, s := range r.Scenarios {
		j.Scenarios = append(j.Scenarios, j.scenario(r, s))
	}
	j.words()
	j.Latencies = envoyLatencies(r)
	j.Startups = envoyStarts(r)
	j.Crossings = crossings(r)
	j.Orders = orders(r, j, onWazero, f)
	return j
}

// leaks reports whether a build leaks on Envoy.
func (j *OnEnvoy) leaks(build string) bool {
	return slices.ContainsFunc(j.Soaks, func(m EnvoyMemory) bool { return m.Contestant == build && m.Verdict == Leak })
}

// Cost is that of a contestant.
func (s *EnvoyScenario) Cost(contestant string) (EnvoyCost, bool) {
	for _, c := range s.Costs {
		if c.Contestant == contestant {
			return c, true
		}
	}
	return EnvoyCost{}, false
}

// workOf are the mean times of a contestant, by process.
func workOf(r *evidence.OnEnvoy, scenario, contestant string) map[int][]float64 {
	found := map[int][]float64{}
	for _, w := range r.Work {
		if w.Scenario == scenario && w.Contestant == contestant && !envoyRefused(r, contestant, scenario).Any() {
			found[w.Process] = w.Nanos
		}
	}
	return found
}

// differences are those of two contestants' times: the mean of the rounds, by process in its order.
func differences(a, b map[int][]float64) []float64 {
	var all []float64
	for _, process := range keys(a) {
		var each []float64
		for i := range min(len(a[process]), len(b[process])) {
			each = append(each, a[process][i]-b[process][i])
		}
		if len(each) > 0 {
			all = append(all, stat.Mean(each, nil)) // of all rounds: a collector's work is in some of them
		}
	}
	return all
}

func keys[V any](m map[int]V) []int {
	var all []int
	for k := range m {
		all = append(all, k)
	}
	slices.Sort(all)
	return all
}

func means(a map[int][]float64) []float64 {
	var all []float64
	for _, process := range keys(a) {
		if len(a[process]) > 0 {
			all = append(all, stat.Mean(a[process], nil))
		}
	}
	return all
}

func envoyRefused(r *evidence.OnEnvoy, contestant, scenario string) Missing {
	for _, f := range r.Refused {
		if f.Build == contestant && (f.Scenario == "" || f.Scenario == scenario) {
			return Missing{Kind: Excluded, Refusal: f.Reason}
		}
	}
	return Missing{}
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
		missing := envoyRefused(r, name, s.ID)
		if len(work) == 0 && !missing.Any() {
			return
		}
		c := EnvoyCost{Contestant: name, Build: build, Over: stats.None(), Ratio: stats.None(), Service: stats.None(), Missing: missing}
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
	for _, name := range []string{evidence.NativeRBAC, evidence.NullGuest, evidence.DynamicModule, evidence.LuaFilter, evidence.ExtAuthz} {
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

// quotient is the ratio of two means with its interval, from what both were in each process: a - ratio·b has the mean 0.
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
		switch d := pair.Difference; {
		case !j.Gate.Passed:
			pair.Word = Refused
		case d.Within(-bands[i], bands[i]):
			pair.Word = Equivalent
		case pair.P < Alpha && d.Mid < 0:
			pair.Word = Faster
		case pair.P < Alpha:
			pair.Word = Slower
		default:
			pair.Word = Undecided
		}
	}
}

func envoyLatencies(r *evidence.OnEnvoy) (all []EnvoyLatency) {
	type key struct{ scenario, contestant string }
	var order []key
	histograms := map[key][][][2]int64{}
	most, rate := map[key]int64{}, map[key]int{}
	for _, l := range r.Latencies {
		k := key{l.Scenario, l.Contestant}
		if envoyRefused(r, l.Contestant, l.Scenario).Any() {
			continue
		}
		if histograms[k] == nil {
			order = append(order, k)
		}
		histograms[k], most[k], rate[k] = append(histograms[k], l.Counts), max(most[k], l.Max), l.Rate
	}
	for _, name := range envoyNames(r) {
		for _, k := range order {
			if k.contestant != name {
				continue
			}
			merged := stats.Merge(histograms[k]...)
			l := EnvoyLatency{k.scenario, k.contestant, rate[k], stats.Count(merged), stats.BucketQuantile(merged, 0.5),
				stats.BucketQuantile(merged, 0.99), math.NaN(), float64(most[k])}
			if l.Count >= 100_000 {
				l.P999 = stats.BucketQuantile(merged, 0.999)
			}
			all = append(all, l)
		}
	}
	return all
}

// envoyNames are the contestants in the order of a report.
func envoyNames(r *evidence.OnEnvoy) []string {
	names := []string{evidence.NoFilter, evidence.NativeRBAC, evidence.NullGuest, evidence.DynamicModule, evidence.LuaFilter, evidence.ExtAuthz}
	for _, b := range r.Builds {
		names = append(names, b.Name)
	}
	return names
}

func envoyMemories(r *evidence.OnEnvoy) (all []EnvoyMemory) {
	base := 0. // what an Envoy without a filter gains, bytes a request
	for _, s := range r.Soaks {
		if s.Contestant == evidence.NoFilter {
			base = max(0, envoyMemory(s, 0).PerRequest.Mid)
		}
	}
	for _, s := range r.Soaks {
		all = append(all, envoyMemory(s, base))
	}
	return all
}

// envoyMemory judges the second half of a soak: by then heaps have found their size. base is taken off.
func envoyMemory(s evidence.EnvoySoak, base float64) EnvoyMemory {
	m := EnvoyMemory{Contestant: s.Contestant, Scenario: s.Scenario, Requests: s.Requests, Ended: s.Ended, PerRequest: stats.None(), Verdict: Unclear}
	n := len(s.Points)
	if n == 0 {
		return m
	}
	m.Ready, m.Warm, m.End = float64(s.Points[0].Bytes), float64(s.Points[n/10].Bytes), float64(s.Points[n-1].Bytes)
	fifth := max(1, (n-1)/5)
	ends := func(points []evidence.SoakPoint, i int) {
		var nanos []float64
		for _, p := range points {
			m.Pauses[i], nanos = max(m.Pauses[i], float64(p.Longest)), append(nanos, p.Nanos)
		}
		m.Times[i] = stats.Median(nanos)
	}
	if n > 5 {
		ends(s.Points[1:1+fifth], 0)
		ends(s.Points[n-fifth:], 1)
	}
	for _, p := range s.Points {
		m.Longest = max(m.Longest, float64(p.Longest))
	}
	if n < 10 {
		return m
	}
	var x, y []float64
	for _, p := range s.Points[n/2:] {
		x, y = append(x, float64(p.Requests)), append(y, float64(p.Bytes))
	}
	m.PerRequest = stats.TheilSen(x, y, Confidence)
	gained := (y[len(y)-1] - y[0]) / (x[len(x)-1] - x[0]) // over the whole half: a heap that grows in steps has flat stretches
	switch {
	case m.PerRequest.Low > base+leakShown && gained > base+leakShown:
		m.Verdict = Leak
	case max(m.PerRequest.High, gained) <= base+leakShown:
		m.Verdict = Flat
	}
	return m
}

func envoyStarts(r *evidence.OnEnvoy) (all []EnvoyStart) {
	for _, name := range envoyNames(r) {
		var nanos, bytes []float64
		for _, s := range r.Startups {
			if s.Build == name {
				nanos, bytes = append(nanos, float64(s.Nanos)), append(bytes, float64(s.Bytes))
			}
		}
		if len(nanos) > 0 {
			all = append(all, EnvoyStart{name, stats.MeanInterval(nanos, Confidence), stats.MeanInterval(bytes, Confidence)})
		}
	}
	return all
}

// crossings compares each guest with the empty one, on Envoy and on wazero.
func crossings(r *evidence.OnEnvoy) (all []Crossing) {
	var names []string
	onHost := map[string]map[int][]float64{}
	for _, c := range r.Crossings {
		if onHost[c.Guest] == nil {
			onHost[c.Guest] = map[int][]float64{}
		}
		onHost[c.Guest][c.Instance] = c.Nanos
	}
	for _, w := range r.Work {
		if w.Scenario == evidence.CrossingScenario && !slices.Contains(names, w.Contestant) {
			names = append(names, w.Contestant)
		}
	}
	if len(names) == 0 {
		return nil
	}
	empty := names[0]
	for _, name := range names {
		c := Crossing{Guest: name}
		if name == empty {
			var none map[int][]float64
			if len(r.Scenarios) > 0 {
				none = workOf(r, r.Scenarios[0].ID, evidence.NoFilter)
			}
			c.Envoy = stats.TrimmedInterval(differences(workOf(r, evidence.CrossingScenario, name), none), Confidence)
			c.Wazero = stats.TrimmedInterval(means(onHost[name]), Confidence)
		} else {
			c.Envoy = stats.TrimmedInterval(differences(workOf(r, evidence.CrossingScenario, name), workOf(r, evidence.CrossingScenario, empty)), Confidence)
			c.Wazero = stats.TrimmedInterval(differences(onHost[name], onHost[empty]), Confidence)
		}
		all = append(all, c)
	}
	return all
}

// orders compares the words of both runs, for pairs whose modules are the same in both.
func orders(r *evidence.OnEnvoy, j *OnEnvoy, onWazero *evidence.Report, f *Findings) (all []Order) {
	if onWazero == nil || f == nil {
		return nil
	}
	same := func(build string) bool {
		i := slices.IndexFunc(r.Builds, func(b evidence.Build) bool { return b.Name == build })
		return slices.ContainsFunc(onWazero.Builds, func(b evidence.Build) bool { return b.Name == build && b.SHA256 == r.Builds[i].SHA256 })
	}
	for _, s := range j.Scenarios {
		w := f.Scenario(s.ID)
		if w == nil {
			continue
		}
		for _, p := range s.Pairs {
			own, ok := w.Pair(p.A, p.B)
			if !ok || !same(p.A) || !same(p.B) {
				continue
			}
			o := Order{Scenario: s.ID, A: p.A, B: p.B, Wazero: own.Word, Envoy: p.Word, Ratio: own.Ratio.Mid, Difference: p.Difference}
			decided := func(w Word) bool { return w == Faster || w == Slower }
			switch {
			case o.Wazero == Unsteady && o.Envoy == Unsteady, o.Wazero == o.Envoy && o.Envoy != Undecided && o.Envoy != Refused:
				o.State = OrdersAgree
			case decided(o.Wazero) && decided(o.Envoy):
				o.State = OrdersDiffer
			case decided(o.Wazero) && o.Envoy == Equivalent, o.Wazero == Equivalent && decided(o.Envoy):
				o.State = OrdersClose
			default:
				o.State = OrdersOpen
			}
			all = append(all, o)
		}
	}
	return all
}
