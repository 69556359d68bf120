package verdict

import (
	"cmp"
	"math"
	"slices"
	"strings"

	"github.com/header-auth/header-auth/bench/evidence"
)

// choices name the fastest build of all, then the fastest of each other language. Where speed does not decide between
// builds, or only one can be chosen, that is said in their place.
func choices(r *evidence.Report, f *Findings) []Claim {
	if nothingTimed(r) {
		return nil // the builds are at fault, and that is said already
	}
	var fit []evidence.Build
	var without []LeftOut
	for _, b := range r.Builds {
		if fault, role := faultOf(r, f, b.Name); fault != 0 {
			without = append(without, LeftOut{b.Name, fault, role})
		} else if !math.IsNaN(f.overallTime(b.Name)) {
			fit = append(fit, b)
		}
	}
	if len(fit) == 0 && len(without) > 0 {
		return []Claim{NothingToChoose{without}}
	}
	if !f.Gate.Passed {
		return []Claim{NoSpeedVerdict{}}
	}
	slices.SortStableFunc(fit, func(a, b evidence.Build) int {
		return cmp.Compare(f.overallTime(a.Name), f.overallTime(b.Name))
	})
	if len(fit) == 0 || len(r.Builds) == 1 { // alone tells what there is of one build
		return nil
	}
	if len(fit) == 1 {
		return []Claim{OnlyOne{fit[0].Name, without}}
	}
	best := f.choice(fit[0].Name, fit)
	best.LeftOut = without
	if len(best.Level) == len(fit)-1 {
		return []Claim{NoDifference{append([]string{best.Build}, best.Level...), best.Scenarios, sameFiles(fit), without}}
	}
	claims := []Claim{best}
	seen := []string{fit[0].Language}
	for _, b := range fit[1:] {
		if b.Language == "" || slices.Contains(seen, b.Language) {
			continue
		}
		seen = append(seen, b.Language)
		same := slices.DeleteFunc(slices.Clone(fit), func(other evidence.Build) bool { return other.Language != b.Language })
		choice := f.choice(b.Name, same)
		choice.Language = b.Language
		claims = append(claims, choice)
	}
	return claims
}

// sameFiles reports whether builds are one and the same module.
func sameFiles(builds []evidence.Build) bool {
	return !slices.ContainsFunc(builds, func(b evidence.Build) bool {
		return b.SHA256 == "" || b.SHA256 != builds[0].SHA256
	})
}

// faultOf is why a build cannot be chosen, 0 when it can; role is that of an archived part.
func faultOf(r *evidence.Report, f *Findings, build string) (fault Fault, role string) {
	if slices.ContainsFunc(r.Refused, func(refused evidence.Refused) bool { return refused.Build == build }) {
		return NotConformant, ""
	}
	for _, m := range f.Memory {
		if m.Build == build && m.Allocator == envoyOrder && m.Verdict == Leak {
			return Leaks, ""
		}
	}
	for _, c := range r.Costs {
		for _, p := range c.Parts {
			if c.Build == build && archived(p) {
				return Archived, p.Role
			}
		}
	}
	return 0, ""
}

// archived reports whether a part's own authors maintain it no longer; its state goes on to say since when, or why.
func archived(p evidence.Part) bool {
	return strings.HasPrefix(p.State, "archived") || strings.HasPrefix(p.State, "given up")
}

// choice counts in how many scenarios a build is known to be faster than all of the others, or slower than one: on all
// machines. Those that take the same time in every scenario are named and do not count.
func (f *Findings) choice(build string, among []evidence.Build) Choice {
	c := Choice{Build: build, Among: len(among)}
	level := map[string]bool{}
	for _, other := range among {
		if other.Name != build && f.level(build, other.Name) {
			c.Level, level[other.Name] = append(c.Level, other.Name), true
		}
	}
	for i := range f.Scenarios {
		compared, wins, loses, depends := false, true, false, false
		for _, other := range among {
			if word, ok := f.word(f.Scenarios[i].ID, build, other.Name); ok {
				compared = true
				wins = wins && (word == Faster || level[other.Name])
				loses = loses || word == Slower
				depends = depends || word == Depends
			}
		}
		if !compared {
			continue
		}
		c.Scenarios++
		switch {
		case wins && len(c.Level) < len(among)-1:
			c.Wins++
		case loses:
			c.Losses++
		case depends:
			c.Depends++
		}
	}
	return c
}

// word is the verdict on two builds in a scenario on all machines.
func (f *Findings) word(scenario, a, b string) (Word, bool) {
	p, ok := f.Machines.Pair(scenario, a, b)
	return p.Word, ok && p.Word != ""
}

// level reports whether two builds take the same time in every scenario.
func (f *Findings) level(a, b string) bool {
	compared := 0
	for i := range f.Scenarios {
		if word, ok := f.word(f.Scenarios[i].ID, a, b); ok {
			if word != Equivalent {
				return false
			}
			compared++
		}
	}
	return compared > 0
}

// overallTime is the geometric mean over scenarios of a build's time, in ns; NaN when one of them has no number.
func (f *Findings) overallTime(build string) float64 {
	sum, n := 0.0, 0
	for i := range f.Scenarios {
		if t, ok := f.Scenarios[i].Timing(build); ok {
			sum, n = sum+math.Log(t.Time.Mid), n+1
		}
	}
	if n == 0 {
		return math.NaN()
	}
	return math.Exp(sum / float64(n))
}
