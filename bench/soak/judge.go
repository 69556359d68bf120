package soak

import (
	"encoding/json"
	"math"

	"github.com/header-auth/header-auth/bench/stats"
	"github.com/header-auth/header-auth/bench/verdict"
)

const (
	// least is the fewest bytes a round that count as a leak: TinyGo allocates sixteen at least, Go and Rust eight.
	least = 8
	// settled is how many rounds a heap may need to reach its size. Until then the bytes that stay grow without a
	// leak, in mainline Go on a path that allocates little.
	settled = Rounds
)

// Memory is what became of a path's linear memory, in bytes.
type Memory struct {
	Verdict  verdict.Growth `json:"verdict"`
	Ready    int64          `json:"ready"`     // once configured
	End      int64          `json:"end"`       // which is its peak: it never shrinks
	PerRound Interval       `json:"per_round"` // by which the bytes that are kept grow
	Ended    string         `json:"ended,omitempty"`

	Reason Reason         `json:"-" cbor:"reason"`
	Steps  verdict.Memory `json:"-" cbor:"steps"` // what linear memory's steps alone say; its requests are rounds
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

// MarshalJSON writes null for an interval with NaN, which JSON lacks.
func (i Interval) MarshalJSON() ([]byte, error) {
	if math.IsNaN(i.Low + i.Mid + i.High) {
		return []byte("null"), nil
	}
	return json.Marshal(map[string]float64{"low": i.Low, "mid": i.Mid, "high": i.High})
}

// judge combines two sources: the steps in which linear memory grows, and the bytes that stay as they are.
//
// Steps alone show a leak once there are three at a steady pace. The bytes that stay show it earlier, but count only
// when memory grows too, as it must when something leaks. A leak of that rate would have filled the memory since its
// last growth: if memory has not grown again, there is none.
func (p *path) judge() Memory {
	m := p.memory
	m.Curve = p.curve.UpTo(m.Requests, int64(p.cycle.VM().Memory()))
	steps := verdict.JudgeMemory(m)
	if steps.Course == verdict.Stopped {
		steps.Verdict = verdict.Plateau // what it leaves open, the bytes that stay must tell
	}
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
	// more bytes a round than this would have filled it since
	room := float64(found.End) / float64(max(1, m.Requests-grew))
	late := grew > m.Requests/3
	switch {
	case steps.Verdict == verdict.Leak:
		if s := steps.PerRequest; stays.Known() && stays.Low < s.High && stays.High > s.Low &&
			stays.High-stays.Low < s.High-s.Low {
			found.PerRound = Interval{stays} // they agree, and this one is more precise
		}
	case steps.Verdict != verdict.Unclear && room < least:
		found.PerRound.High = room
	case !stays.Known():
		found.Verdict = verdict.Unclear
	case stays.Low >= least/2 && still && late && stays.Low < room && m.Requests >= settled:
		found.Verdict, found.PerRound, found.Reason = verdict.Leak, Interval{stays}, KeptGrows
	case stays.High < least && (steps.Verdict != verdict.Unclear || 2*m.Requests > p.most()):
		if steps.Verdict == verdict.Unclear {
			found.Verdict, found.Reason = verdict.Plateau, KeptDoesNot
		}
		found.PerRound = Interval{stats.Interval{Low: 0, Mid: 0, High: max(0, stays.High), N: stays.N}}
	default:
		found.Verdict, found.PerRound, found.Reason = verdict.Unclear, Interval{stays}, NeitherTellsIt
	}
	return found
}
