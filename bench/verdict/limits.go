package verdict

import (
	"math"

	"github.com/header-auth/header-auth/bench/stats"
)

// The limits of verdicts.
const (
	Confidence = 0.95 // of plain intervals
	Alpha      = 0.05 // of all pairs together: the probability that one or more is called different and is not
	Band       = 0.03 // two builds whose ratio lies within 1 ± Band are equivalent
	GateLimit  = 0.03 // the A/A ratio has to be known to lie within 1 ± GateLimit
	gateAlpha  = 0.01 // of all intervals of the gate together
	power      = 0.8  // the probability that More further processes decide a pair

	// TooMany is the More of a pair whose ratio lies on the edge of the band.
	TooMany = stats.MostSamples

	// smallDifference is by how much two correct harnesses were seen to disagree: a smaller one is called small.
	smallDifference = 0.1
)

// beyondBand is how far a log-ratio lies outside the band, on its own side; negative within it.
func beyondBand(logRatio float64) float64 {
	if logRatio < 0 {
		return math.Log(1-Band) - logRatio
	}
	return logRatio - math.Log(1+Band)
}
