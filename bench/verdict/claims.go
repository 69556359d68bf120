package verdict

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/header-auth/header-auth/bench/evidence"
)

// leaks names the builds that must not be run.
func (s speaker) leaks() []Claim {
	var claims []Claim
	for _, m := range s.f.Memory {
		if m.Verdict != Leak || m.Allocator != envoyOrder {
			continue
		}
		text := fmt.Sprintf("%s leaks %s bytes a request in Envoy: do not run it.", m.Build, digits(m.PerRequest.Mid))
		for _, other := range s.f.Memory {
			if other.Build == m.Build && other.Allocator != envoyOrder && (other.Verdict == Flat || other.Verdict == Plateau) {
				text += " The cause is which export gives the host memory: by the specification's order it does not leak."
			}
		}
		claims = append(claims, Claim{Topic: "memory", Text: text,
			Evidence: fmt.Sprintf("%s; %s requests to one VM, %s to %s", between(m.PerRequest, digits), count(float64(m.Requests)), bytes(float64(m.Ready)), bytes(float64(m.End)))})
	}
	return claims
}

// speed compares every build with the fastest one for the first scenario, the usual request.
func (s speaker) speed() []Claim {
	if !s.f.Gate.Passed || len(s.f.Speed) == 0 {
		return nil
	}
	usual := s.f.Speed[0]
	best, least := "", math.Inf(1)
	for _, b := range s.r.Builds {
		for _, row := range usual.Rows {
			if row.Entrant == b.Name && row.Time.Mid < least {
				best, least = b.Name, row.Time.Mid
			}
		}
	}
	var claims []Claim
	for _, b := range s.r.Builds {
		ratio, word, ok := usual.pair(b.Name, best)
		if !ok {
			continue
		}
		var text string
		switch {
		case word == Equivalent:
			text = fmt.Sprintf("%s and %s take the same time for %s, within %.0f %%", b.Name, best, usual.Scenario, 100*s.o.Band)
		case word == Undecided:
			text = fmt.Sprintf("Whether %s takes longer than %s for %s is undecided", b.Name, best, usual.Scenario)
		case math.Abs(ratio.Mid-1) < smallDifference:
			text = fmt.Sprintf("%s takes %.0f %% longer than %s for %s, which is small: another correct harness may disagree", b.Name, 100*(ratio.Mid-1), best, usual.Scenario)
		default:
			text = fmt.Sprintf("%s takes %s times as long as %s for %s", b.Name, digits(ratio.Mid), best, usual.Scenario)
		}
		if low, high, n := s.elsewhere(b.Name, best); n > 0 {
			text += fmt.Sprintf("; %s to %s times in the others", digits(low), digits(high))
		}
		claims = append(claims, Claim{Topic: "speed", Text: text + ".", Evidence: between(ratio, digits) + "; " + s.basis()})
	}
	return claims
}

// elsewhere is the range of a ratio over the scenarios after the first.
func (s speaker) elsewhere(a, b string) (low, high float64, n int) {
	low, high = math.Inf(1), 0
	for _, scenario := range s.f.Speed[1:] {
		if ratio, _, ok := scenario.pair(a, b); ok {
			low, high, n = min(low, ratio.Mid), max(high, ratio.Mid), n+1
		}
	}
	return low, high, n
}

// measure is a build and one of its numbers.
type measure struct {
	build string
	Interval
}

// extremes words the two ends of a list, least first, and names those that can't be told from the least. The format takes
// the least's build and number, those others, the most's build and number.
func extremes(topic, format string, all []measure, write func(float64) string) []Claim {
	if len(all) < 2 {
		return nil
	}
	byMid := func(a, b measure) int {
		if a.Mid < b.Mid {
			return -1
		}
		return 1
	}
	least, most := slices.MinFunc(all, byMid), slices.MaxFunc(all, byMid)
	ratio := most.Mid / least.Mid
	if !(ratio > 1) || math.IsInf(ratio, 0) {
		return nil
	}
	var level []string
	for _, m := range all {
		if m.build != least.build && m.build != most.build && m.Low <= least.High {
			level = append(level, m.build)
		}
	}
	others := ""
	if len(level) > 0 {
		others = fmt.Sprintf(" (%s: too close to tell)", list(level))
	}
	text := fmt.Sprintf(format, least.build, write(least.Mid), others, most.build, write(most.Mid))
	if ratio < 1+smallDifference {
		text += " The difference is small: another correct harness may disagree."
	}
	basis := fmt.Sprintf("%s times; exact", digits(ratio))
	if least.Low != least.High {
		basis = fmt.Sprintf("%s times; %s and %s", digits(ratio), between(least.Interval, write), between(most.Interval, write))
	}
	return []Claim{{Topic: topic, Text: text, Evidence: basis}}
}

func (s speaker) startup() []Claim {
	var all []measure
	for _, b := range s.f.Startups {
		if !b.Cached {
			all = append(all, measure{b.Build, b.Total})
		}
	}
	return extremes("start-up", "From its bytes to its first answer %s takes %s, the least%s, and %s %s, the most.", all, nanos)
}

func (s speaker) resident() []Claim {
	var all []measure
	for _, b := range s.f.Resident {
		all = append(all, measure{b.Build, b.PerVM})
	}
	return extremes("memory", "A warm VM of %s takes %s of a process's memory, the least%s, and one of %s %s, the most.", all, bytes)
}

func (s speaker) size() []Claim {
	var all []measure
	for _, b := range s.r.Sizes {
		v := float64(b.Raw)
		all = append(all, measure{b.Build, Interval{Low: v, Mid: v, High: v, N: 1}})
	}
	return extremes("size", "The smallest module is that of %s, %s%s, and the largest that of %s, %s.", all, bytes)
}

// upkeep names the parts that nobody maintains any more.
func (s speaker) upkeep() []Claim {
	var claims []Claim
	for _, c := range s.r.Costs {
		for _, p := range c.Parts {
			if archived(p) {
				claims = append(claims, Claim{Topic: "upkeep",
					Text:     fmt.Sprintf("%s needs %s as its %s, which is archived: a fault in it stays.", c.Build, p.Name, p.Role),
					Evidence: fmt.Sprintf("%s, looked at on %s", p.Source, p.Checked)})
			}
		}
	}
	return claims
}

// archived reports whether a part's own makers have given it up; its state goes on to say since when, or why.
func archived(p evidence.Part) bool { return strings.HasPrefix(p.State, "archived") }
