package verdict

import (
	"cmp"
	"math"
	"slices"

	"github.com/header-auth/header-auth/bench/evidence"
	"github.com/header-auth/header-auth/bench/stats"
)

// envoyOrder is the Allocator of a soak that asks for memory as Envoy does.
const envoyOrder = "envoy"

// headline answers which build to choose and how sure that is. There is no composite score: how much each topic weighs
// is the reader's decision.
func headline(r *evidence.Report, f *Findings) []Claim {
	return slices.Concat(wrongAnswers(r), choices(r, f), leaks(f), alone(r, f), comparisons(r, f),
		extremes(StartupTime, startupTotals(f)), extremes(ResidentMemory, residentPerVM(f)),
		extremes(ModuleSize, moduleSizes(r)), archivedParts(r))
}

// leaks names the builds that leak in Envoy.
func leaks(f *Findings) []Claim {
	var claims []Claim
	for _, m := range f.Memory {
		if m.Verdict != Leak || m.Allocator != envoyOrder {
			continue
		}
		claim := LeakClaim{Memory: m}
		for _, other := range f.Memory {
			if other.Build == m.Build && other.Allocator != envoyOrder && heals(m, other) {
				claim.OnlyEnvoys = true
			}
		}
		claims = append(claims, claim)
	}
	return claims
}

// heals says whether what leaks does not under another order of allocators: in every scenario that was soaked
// under both, one at least.
func heals(m, other Memory) bool {
	both := 0
	for _, here := range m.Each {
		for _, there := range other.Each {
			if here.Verdict != Leak || here.Scenario != there.Scenario {
				continue
			}
			if there.Verdict != Flat && there.Verdict != Plateau {
				return false
			}
			both++
		}
	}
	return both > 0
}

// comparisons compare every build with the one that is fastest in the first scenario, the usual request.
func comparisons(r *evidence.Report, f *Findings) []Claim {
	if !f.Gate.Passed || len(f.Scenarios) == 0 {
		return nil
	}
	usual := &f.Scenarios[0]
	fastest, least := "", math.Inf(1)
	for _, b := range r.Builds {
		if t, ok := usual.Timing(b.Name); ok && t.Growth == 0 && t.Time.Mid < least {
			fastest, least = b.Name, t.Time.Mid
		}
	}
	var claims []Claim
	for _, b := range r.Builds {
		p, ok := usual.Pair(b.Name, fastest)
		if !ok || p.Word == Unsteady {
			continue
		}
		c := Comparison{Pair: p, Scenario: usual.ID, Small: math.Abs(p.Ratio.Mid-1) < smallDifference}
		for i := range f.Scenarios[1:] {
			if p, ok := f.Scenarios[1+i].Pair(b.Name, fastest); ok {
				if c.OthersN == 0 {
					c.Others = [2]float64{p.Ratio.Mid, p.Ratio.Mid}
				}
				c.Others = [2]float64{min(c.Others[0], p.Ratio.Mid), max(c.Others[1], p.Ratio.Mid)}
				c.OthersN++
			}
		}
		claims = append(claims, c)
	}
	return claims
}

// extremes finds the two ends of a list, and the builds that cannot be told from the least. None when all are equal.
func extremes(of Quantity, all []Measured) []Claim {
	if len(all) < 2 {
		return nil
	}
	byMid := func(a, b Measured) int { return cmp.Compare(a.Value.Mid, b.Value.Mid) }
	e := Extremes{Of: of, Least: slices.MinFunc(all, byMid), Most: slices.MaxFunc(all, byMid)}
	ratio := e.Ratio()
	if !(ratio > 1) || math.IsInf(ratio, 0) {
		return nil
	}
	e.Small = ratio < 1+smallDifference
	for _, m := range all {
		if m.Build != e.Least.Build && m.Build != e.Most.Build && m.Value.Low <= e.Least.Value.High {
			e.Level = append(e.Level, m.Build)
		}
	}
	return []Claim{e}
}

func startupTotals(f *Findings) (all []Measured) {
	for _, s := range f.Startups {
		if !s.Cached {
			all = append(all, Measured{s.Build, s.Total})
		}
	}
	return all
}

func residentPerVM(f *Findings) (all []Measured) {
	for _, m := range f.Resident {
		all = append(all, Measured{m.Build, m.PerVM})
	}
	return all
}

func moduleSizes(r *evidence.Report) (all []Measured) {
	for _, s := range r.Sizes {
		all = append(all, Measured{s.Build, stats.Exact(float64(s.Raw))})
	}
	return all
}

// archivedParts names the parts that their authors maintain no longer.
func archivedParts(r *evidence.Report) []Claim {
	var parts []ArchivedPart
	for _, c := range r.Costs {
		for _, p := range c.Parts {
			if !archived(p) {
				continue
			}
			i := slices.IndexFunc(parts, func(known ArchivedPart) bool { return known.Part == p })
			if i < 0 {
				i, parts = len(parts), append(parts, ArchivedPart{Part: p})
			}
			parts[i].Builds = append(parts[i].Builds, c.Build)
		}
	}
	var claims []Claim
	for _, p := range parts {
		claims = append(claims, p)
	}
	return claims
}
