package verdict

import (
	"slices"

	"gonum.org/v1/gonum/stat"

	"github.com/header-auth/header-auth/bench/evidence"
)

// OnEnvoy are the findings of a run on a real Envoy. Times are the worker's processor time, in ns a request. The
// independent samples are the Envoys: what varies from one start to the next is in every interval.
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

// otherChecks are the contestants that are no builds, in the order of a report.
var otherChecks = []string{evidence.NativeRBAC, evidence.NullGuest, evidence.DynamicModule, evidence.LuaFilter,
	evidence.ExtAuthz}

// envoyNames are the contestants in the order of a report.
func envoyNames(r *evidence.OnEnvoy) []string {
	names := append([]string{evidence.NoFilter}, otherChecks...)
	for _, b := range r.Builds {
		names = append(names, b.Name)
	}
	return names
}

// workOf are the mean times of a contestant, by process.
func workOf(r *evidence.OnEnvoy, scenario, contestant string) map[int][]float64 {
	found := map[int][]float64{}
	for _, w := range r.Work {
		if w.Scenario == scenario && w.Contestant == contestant && !refusal(r.Refused, contestant, scenario).Any() {
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

func means(a map[int][]float64) []float64 {
	var all []float64
	for _, process := range keys(a) {
		if len(a[process]) > 0 {
			all = append(all, stat.Mean(a[process], nil))
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
