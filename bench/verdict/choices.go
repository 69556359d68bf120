package verdict

import (
	"cmp"
	"math"
	"slices"
	"strings"

	"github.com/header-auth/header-auth/bench/evidence"
)

// choices name the fastest build of all, then the fastest of each other language.
func choices(r *evidence.Report, f *Findings) []Claim {
	if nothingTimed(r) {
		return nil // the builds are at fault, and that is said already
	}
	if !f.Gate.Passed {
		return []Claim{NoSpeedVerdict{}}
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
	slices.SortStableFunc(fit, func(a, b evidence.Build) int { return cmp.Compare(f.overallTime(a.Name), f.overallTime(b.Name)) })
	if len(fit) < 2 {
		return nil
	}
	best := f.choice(fit[0].Name, fit)
	best.LeftOut = without
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

// faultOf is why a build cannot be chosen, 0 when it can; role is that of an archived part.
func faultOf(r *evidence.Report, f *Findings, build string) (fault Fault, role string) {
	if excluded(r, build, "").Any() {
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
func archived(p evidence.Part) bool { return strings.HasPrefix(p.State, "archived") }

// choice counts in how many scenarios a build is known to be faster than all of the others, or slower than one.
func (f *Findings) choice(build string, among []evidence.Build) Choice {
	c := Choice{Build: build, Among: len(among)}
	for i := range f.Scenarios {
		compared, wins, loses := false, true, false
		for _, other := range among {
			if p, ok := f.Scenarios[i].Pair(build, other.Name); ok {
				compared = true
				wins = wins && p.Word == Faster
				loses = loses || p.Word == Slower
			}
		}
		if !compared {
			continue
		}
		c.Scenarios++
		if wins {
			c.Wins++
		}
		if loses {
			c.Losses++
		}
	}
	return c
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
