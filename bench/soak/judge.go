package soak

import (
	"encoding/json"
	"math"

	"github.com/header-auth/header-auth/bench/stats"
	"github.com/header-auth/header-auth/bench/verdict"
)

// Growth is what became of linear memory.
type Growth = verdict.Growth

const (
	Flat    = verdict.Flat
	Plateau = verdict.Plateau
	Leak    = verdict.Leak
	Unclear = verdict.Unclear
)

const (
	// least is how many bytes a round count: TinyGo hands out sixteen at least, Go and Rust eight with what they note.
	least = 8
	// settled is how many rounds a heap may be finding its size, in which more and more of it stays as it is: mainline Go's,
	// on a path that allocates little.
	settled = Rounds
)

// Memory is what became of a path's linear memory, in bytes.
type Memory struct {
	Verdict  Growth   `json:"verdict"`
	Ready    int64    `json:"ready"`     // once configured
	End      int64    `json:"end"`       // its peak: it never shrinks
	PerRound Interval `json:"per_round"` // that more of it are kept by
	Ended    string   `json:"ended,omitempty"`

	Reason Reason         `json:"-"`
	Steps  verdict.Memory `json:"-"` // what linear memory's steps alone say; its requests are rounds
}

// Reason is what a verdict on a path's memory follows from.
type Reason int

const (
	BySteps        Reason = iota // in which linear memory grew
	KeptGrows                    // a leak: the bytes that stay grow at a steady pace, and memory grows too
	KeptDoesNot                  // a plateau: memory grew late, but the bytes that stay do not grow
	NeitherTellsIt               // unclear
)

// Interval is one of 95 % confidence; null in JSON when nothing is known.
type Interval struct{ stats.Interval }

// MarshalJSON knows no NaN.
func (i Interval) MarshalJSON() ([]byte, error) {
	if math.IsNaN(i.Low + i.Mid + i.High) {
		return []byte("null"), nil
	}
	return json.Marshal(map[string]float64{"low": i.Low, "mid": i.Mid, "high": i.High})
}

// judge holds two witnesses against each other: the steps in which linear memory grows, and how much of it stays as it is.
//
// Steps alone show a leak once there are three at a steady pace. What stays shows it earlier, and is believed when memory
// grows too: it has to, as what leaks lies somewhere. What could have filled all the memory that there is since it grew
// last, and has not, is no leak.
func (p *path) judge() Memory {
	m := p.memory
	m.Curve = p.curve.UpTo(m.Requests, int64(p.cycle.VM().Memory()))
	steps := verdict.JudgeMemory(m)
	found := Memory{Verdict: steps.Verdict, Ready: steps.Ready, End: steps.End, PerRound: Interval{steps.PerRequest},
		Ended: steps.Ended, Steps: steps}
	if m.Requests == 0 {
		return found
	}
	stays, still := p.stay.rate(verdict.Confidence)
	grew := 0 // the round in which memory grew last
	for i, point := range m.Curve[1:] {
		if point.Bytes > m.Curve[i].Bytes {
			grew = point.Requests
		}
	}
	room := float64(found.End) / float64(max(1, m.Requests-grew)) // more than this a round would have filled it since
	late := grew > m.Requests/3
	switch {
	case steps.Verdict == Leak:
		if s := steps.PerRequest; stays.Known() && stays.Low < s.High && stays.High > s.Low && stays.High-stays.Low < s.High-s.Low {
			found.PerRound = Interval{stays} // they agree, and it is the more precise
		}
	case steps.Verdict != Unclear && room < least:
		found.PerRound.High = room
	case !stays.Known():
		found.Verdict = Unclear
	case stays.Low >= least/2 && still && late && stays.Low < room && m.Requests >= settled:
		found.Verdict, found.PerRound, found.Reason = Leak, Interval{stays}, KeptGrows
	case stays.High < least && (steps.Verdict != Unclear || 2*m.Requests > p.most()):
		if steps.Verdict == Unclear {
			found.Verdict, found.Reason = Plateau, KeptDoesNot
		}
		found.PerRound = Interval{stats.Interval{Low: 0, Mid: 0, High: max(0, stays.High), N: stays.N}}
	default:
		found.Verdict, found.PerRound, found.Reason = Unclear, Interval{stays}, NeitherTellsIt
	}
	return found
}
