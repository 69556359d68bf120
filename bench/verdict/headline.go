package verdict

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/header-auth/header-auth/bench/evidence"
)

// smallDifference is what two correct harnesses were seen to disagree by: below it no headline is made of a ratio.
const smallDifference = 0.1

// speaker makes the claims. There is no composite score: what weighs more is the reader's to say.
type speaker struct {
	r *evidence.Report
	f *Findings
	o Options
}

// headline answers which build to choose and how sure that is.
func headline(r *evidence.Report, f *Findings, o Options) []Claim {
	s := speaker{r, f, o}
	return slices.Concat(s.choices(), s.leaks(), s.speed(), s.startup(), s.resident(), s.size(), s.upkeep())
}

// fault says why a build is out of the question whatever its speed, "" when it is not.
func (s speaker) fault(build string) string {
	if reason(s.r, build, "") != "" {
		return "not conformant"
	}
	for _, m := range s.f.Memory {
		if m.Build == build && m.Allocator == envoyOrder && m.Verdict == Leak {
			return "leaks"
		}
	}
	for _, c := range s.r.Costs {
		for _, p := range c.Parts {
			if c.Build == build && archived(p) {
				return "its " + p.Role + " is archived"
			}
		}
	}
	return ""
}

// envoyOrder is the Allocator of a soak that asks for memory as Envoy does.
const envoyOrder = "envoy"

// choices name a build for each language, the fastest of all first.
func (s speaker) choices() []Claim {
	if !s.f.Gate.Passed {
		return []Claim{{Topic: "speed", Text: "No verdict on speed: a build timed against itself did not come out equal.",
			Evidence: strings.Join(s.f.Gate.Reasons, " ")}}
	}
	var fit []evidence.Build
	var without []string
	for _, b := range s.r.Builds {
		if fault := s.fault(b.Name); fault != "" {
			without = append(without, b.Name+" ("+fault+")")
		} else if !math.IsNaN(s.time(b.Name)) {
			fit = append(fit, b)
		}
	}
	slices.SortStableFunc(fit, func(a, b evidence.Build) int {
		if s.time(a.Name) < s.time(b.Name) {
			return -1
		}
		return 1
	})
	if len(fit) < 2 {
		return nil
	}
	left := ""
	if len(without) > 0 {
		left = " Left out: " + list(without) + "."
	}
	best := fit[0]
	claims := []Claim{s.choice(best, fit, "Choose %s where speed decides: %s.", left)}
	seen := []string{best.Language}
	for _, b := range fit[1:] {
		if b.Language == "" || slices.Contains(seen, b.Language) {
			continue
		}
		seen = append(seen, b.Language)
		same := slices.DeleteFunc(slices.Clone(fit), func(other evidence.Build) bool { return other.Language != b.Language })
		claims = append(claims, s.choice(b, same, "If it is to be "+language(b.Language)+", choose %s: %s.", ""))
	}
	return claims
}

// choice says in how many scenarios a build is known to be faster than all of the others.
func (s speaker) choice(b evidence.Build, among []evidence.Build, format, left string) Claim {
	var wins, scenarios, losses int
	for _, scenario := range s.f.Speed {
		won, met := true, 0
		lost := false
		for _, other := range among {
			if _, word, ok := scenario.pair(b.Name, other.Name); ok {
				met++
				won = won && word == Faster
				lost = lost || word == Slower
			}
		}
		if met > 0 {
			scenarios++
			if won {
				wins++
			}
			if lost {
				losses++
			}
		}
	}
	what := fmt.Sprintf("of the %d builds that can be chosen it is the fastest in %d of %d scenarios", len(among), wins, scenarios)
	switch {
	case len(among) == 1:
		what = "no other build of that language can be"
	case wins == 0 && losses == 0:
		what = fmt.Sprintf("none of the %d builds that can be chosen is known to be faster, nor is it known to be the fastest", len(among))
	case losses > 0:
		what += fmt.Sprintf(", and slower than another in %d", losses)
	}
	return Claim{Topic: "speed", Text: fmt.Sprintf(format, b.Name, what) + left, Evidence: s.basis()}
}

// basis is what every claim on speed rests on.
func (s speaker) basis() string {
	p := s.r.Run.Plan
	return fmt.Sprintf("all pairs together wrong with a probability of at most %.0f %% (Holm); %d processes × %d instances × %d rounds; A/A %.3f to %.3f",
		100*s.o.Alpha, s.f.Gate.Ratio.N, p.Instances, p.Rounds, s.f.Gate.Ratio.Low, s.f.Gate.Ratio.High)
}

// time is the geometric mean over scenarios of a build's time, in ns; NaN when one of them has no number.
func (s speaker) time(build string) float64 {
	sum, n := 0.0, 0
	for _, scenario := range s.f.Speed {
		for _, row := range scenario.Rows {
			if row.Entrant == build {
				sum, n = sum+math.Log(row.Time.Mid), n+1
			}
		}
	}
	if n == 0 {
		return math.NaN()
	}
	return math.Exp(sum / float64(n))
}

// pair is the ratio of a to b and the word on a.
func (s ScenarioSpeed) pair(a, b string) (Interval, Word, bool) {
	for _, p := range s.Pairs {
		switch {
		case p.A == a && p.B == b:
			return p.Ratio, p.Word, true
		case p.A == b && p.B == a:
			turned := map[Word]Word{Faster: Slower, Slower: Faster}
			word, ok := turned[p.Word]
			if !ok {
				word = p.Word
			}
			return Interval{Low: 1 / p.Ratio.High, Mid: 1 / p.Ratio.Mid, High: 1 / p.Ratio.Low, N: p.Ratio.N}, word, true
		}
	}
	return Interval{}, "", false
}

func language(name string) string {
	if name == "" {
		return ""
	}
	return strings.ToUpper(name[:1]) + name[1:]
}
