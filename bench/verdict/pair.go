package verdict

import (
	"math"

	"github.com/header-auth/header-auth/bench/evidence"
	"github.com/header-auth/header-auth/bench/stats"
)

// Word is a verdict on a pair.
type Word string

const (
	Faster     Word = "faster"
	Slower     Word = "slower"
	Equivalent Word = "equivalent"
	Undecided  Word = "undecided"
	Refused    Word = "refused"  // by the gate
	Unsteady   Word = "unsteady" // one of them leaks: its time grows, and there is no mean to compare
)

// Pair is a comparison of two builds in one scenario: of the mean times of a request, collections included.
type Pair struct {
	A, B   string
	Ratio  Interval // A's time over B's: what another run on this machine would show, with 95 % confidence
	Within Interval // the same without the noise from run to run: what this run alone tells
	// probability of such a ratio if there is no difference, adjusted after Holm over all pairs of the report
	P     float64
	Word  Word  // on A: A is faster than B
	More  int   // processes that would probably (4 in 5) decide it; 0 unless undecided, TooMany when no run would
	Count Count // what the instructions of both say
}

// Count compares two builds by the instructions of a request, which an emulator counts without noise.
type Count struct {
	Ratio  float64 // A's over B's; 0: not counted
	Agrees bool    // it is on the same side of 1 as the times; of equivalent builds, within a tenth of 1
}

// agrees by how much instructions may differ where times do not.
const agrees = 0.1

// Inverse is the same comparison seen from B.
func (p Pair) Inverse() Pair {
	p.A, p.B, p.Ratio, p.Within = p.B, p.A, p.Ratio.Inverse(), p.Within.Inverse()
	if p.Count.Ratio > 0 {
		p.Count.Ratio = 1 / p.Count.Ratio
	}
	p.Word = p.Word.inverse()
	return p
}

// pending is a pair before it is judged.
type pending struct {
	pair     *Pair
	own      stats.Estimate // log-ratio: what this run's processes, and broken collection cycles, leave open
	unsteady bool           // one of the two leaks there
}

// ratio is the estimate with the noise from run to run.
func (c pending) ratio() stats.Estimate { return c.own.Plus(RunNoise) }

// judge gives the word. P is set already; family is the number of pairs that it is adjusted for.
func (c pending) judge(family int, passed bool) {
	p, e := c.pair, c.ratio()
	p.Ratio, p.Within = e.Interval(Confidence).Exp(), c.own.Interval(Confidence).Exp()
	p.Word = wordOf(passed, withinFactor(p.Ratio, Band), p.P, e.Mid)
	if p.Word == Undecided {
		p.More = c.more(family)
	}
}

// wordOf is the word on the first of two builds, from the probability of a difference by chance and the sign of it.
func wordOf(passed, equivalent bool, p, difference float64) Word {
	switch {
	case !passed:
		return Refused
	case equivalent:
		return Equivalent
	case p < Alpha && difference < 0:
		return Faster
	case p < Alpha:
		return Slower
	}
	return Undecided
}

// more is how many further processes would probably decide a pair, if its ratio and spread are the true ones: until it
// is significant, or known to lie within the band, whichever comes first.
func (c pending) more(family int) int {
	const enough = 10 // for a spread that is not known yet
	if c.own.N < 2 {
		return enough
	}
	deviation := c.own.Deviation()
	need := stats.SamplesFor(deviation, beyondRunNoise(math.Abs(c.own.Mid)), Alpha/float64(family), power)
	if inside := -beyondBand(c.own.Mid); inside > 0 {
		need = min(need, stats.SamplesFor(deviation, beyondRunNoise(inside), 1-Confidence, power))
	}
	if need >= TooMany {
		return TooMany
	}
	return max(1, need-c.own.N)
}

// beyondRunNoise is what remains of a distance when twice the noise from run to run is taken off: more processes do not
// lessen that noise.
func beyondRunNoise(distance float64) float64 { return distance - 2*RunNoise }

// counted compares two builds by their instructions.
func counted(r *evidence.Report, p *Pair, scenario string) {
	instructions := func(build string) float64 {
		for _, w := range r.Witnesses {
			if w.Build == build && w.Scenario == scenario {
				return w.Instructions
			}
		}
		return 0
	}
	a, b := instructions(p.A), instructions(p.B)
	if a == 0 || b == 0 {
		return
	}
	p.Count.Ratio = a / b
	switch p.Word {
	case Faster:
		p.Count.Agrees = a < b
	case Slower:
		p.Count.Agrees = a > b
	case Equivalent:
		p.Count.Agrees = math.Abs(math.Log(a/b)) <= agrees
	}
}
