package verdict

import (
	"math"

	"github.com/header-auth/header-auth/bench/stats"
)

// The limits of verdicts.
const (
	Confidence = 0.95 // of plain intervals
	Alpha      = 0.05 // of all pairs together: the probability that one or more is called different and is not
	Band       = 0.03 // two builds are equivalent whose ratio lies between 1/(1+Band) and 1+Band
	GateLimit  = 0.03 // the A/A ratio has to be known to lie between 1/(1+GateLimit) and 1+GateLimit

	// RunNoise is the standard deviation of a log-ratio from run to run on one machine: two runs of the same modules
	// differ by more than what the processes of either show (METHODOLOGY.md has the measurement).
	RunNoise  = 0.0075
	gateAlpha = 0.01 // of all intervals of the gate together
	power     = 0.8  // the probability that More further processes decide a pair

	// TooMany is the More of a pair whose ratio lies on the edge of the band.
	TooMany = stats.MostSamples

	// smallDifference is by how much two correct harnesses were seen to disagree: a smaller one is called small.
	smallDifference = 0.1
)

// beyondBand is how far a log-ratio lies outside the band, which is symmetric: that of B over A lies as far outside as
// that of A over B. It is negative within the band.
func beyondBand(logRatio float64) float64 { return math.Abs(logRatio) - math.Log(1+Band) }

// withinFactor reports whether an interval of a ratio lies between 1/(1+by) and 1+by.
func withinFactor(ratio Interval, by float64) bool { return ratio.Within(1/(1+by), 1+by) }
