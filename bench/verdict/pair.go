package verdict

import (
	"math"

	"gonum.org/v1/gonum/stat/distuv"

	"github.com/header-auth/header-auth/bench/stats"
)

// Word is a verdict on a pair.
type Word string

const (
	Faster     Word = "faster"
	Slower     Word = "slower"
	Equivalent Word = "equivalent"
	Undecided  Word = "undecided"
	Refused    Word = "refused" // by the gate
)

// Pair is a comparison of two builds in one scenario.
type Pair struct {
	A, B  string
	Ratio Interval // A's time over B's: the plain 95 % interval
	P     float64  // probability of such a ratio if there is no difference, adjusted after Holm over all pairs of the report
	Word  Word     // on A: A is faster than B
	More  int      // processes that would probably (4 in 5) decide it; 0 unless undecided, TooMany when no run would
}

// Inverse is the same comparison seen from B.
func (p Pair) Inverse() Pair {
	p.A, p.B, p.Ratio = p.B, p.A, p.Ratio.Inverse()
	switch p.Word {
	case Faster:
		p.Word = Slower
	case Slower:
		p.Word = Faster
	}
	return p
}

// judge gives the word on a pair, from its log-ratios by process. P is set already; family is the number of pairs that
// it is adjusted for.
func (p *Pair) judge(logs []float64, family int, passed bool) {
	i := stats.TrimmedInterval(logs, Confidence)
	p.Ratio = i.Exp()
	beyond := beyondBand(i.Mid)
	switch {
	case !passed:
		p.Word = Refused
	case p.P < Alpha && beyond > 0 && i.Mid < 0:
		p.Word = Faster
	case p.P < Alpha && beyond > 0:
		p.Word = Slower
	case p.Ratio.Within(1-Band, 1+Band):
		p.Word = Equivalent
	default:
		p.Word = Undecided
		p.More = more(i, stats.TrimmedDeviation(logs), beyond, family)
	}
}

// more is how many further processes would probably decide a pair, if its ratio and spread are the true ones.
func more(i Interval, deviation, beyond float64, family int) int {
	const enough = 10 // for a spread that is not known yet
	var need int
	switch {
	case i.N < 2:
		need = enough
	case beyond > 0:
		// Two conditions: the difference is significant, and the estimate stays beyond the band.
		need = stats.SamplesFor(deviation, math.Abs(i.Mid), Alpha/float64(family), power)
		stays := distuv.UnitNormal.Quantile(power) * deviation / beyond
		need = max(need, int(min(math.Ceil(stays*stays), TooMany)))
	default:
		need = stats.SamplesFor(deviation, -beyond, 1-Confidence, power)
	}
	if need >= TooMany {
		return TooMany
	}
	return max(1, need-i.N)
}
