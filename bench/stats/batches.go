package stats

import (
	"math"
	"slices"

	"gonum.org/v1/gonum/stat"
	"gonum.org/v1/gonum/stat/distuv"
)

// Batches are the times of one contestant in one scenario: a row for each instance, a column for each round, every cell
// the mean time of a request in one batch. Rows may be short, when a run was interrupted.
//
// Every instance does the same work in the same round, so a garbage collector that runs in the third round of one
// instance runs in the third round of all. What slows one instance in one round only is a disturbance from outside.
type Batches [][]float64

const (
	// disturbedAt is how many times its expected time a batch takes before it counts as disturbed.
	disturbedAt = 1.5
	// fewestInstances is how many instances a median over them needs before one of them can be called odd.
	fewestInstances = 4
	// fits is how often the two sets of medians in expected are taken: they settle at once.
	fits = 2
)

// Reference is how many of so many batches were disturbed, as counted on other contestants of the same rounds.
type Reference struct{ Batches, Disturbed int }

// ownRate is how improbable, 0 to 1, so many odd batches are by disturbances alone before they count
// as the contestant's own.
const ownRate = 0.001

// Exceeds reports whether a contestant has more odd batches than the disturbances of others explain. Then they are its
// own work, such as a collector's that runs in other rounds of each instance.
func (r Reference) Exceeds(others Reference) bool { return r.Disturbed > others.most(r.Batches) }

// Odd counts the batches that Undisturbed replaces.
func (b Batches) Odd() Reference {
	_, disturbed := b.Undisturbed()
	var odd Reference
	for _, row := range disturbed {
		for _, d := range row {
			odd.Batches++
			if d {
				odd.Disturbed++
			}
		}
	}
	return odd
}

// most is how many of so many batches may be disturbed by chance.
func (r Reference) most(batches int) int {
	if r.Batches == 0 {
		return 0
	}
	// One more than was counted: a reference that saw none does not prove that there are none.
	share := min(1, float64(r.Disturbed+1)/float64(r.Batches))
	chance := distuv.Binomial{N: float64(batches), P: share}
	most := 0
	for most < batches && 1-chance.CDF(float64(most)) > ownRate {
		most++
	}
	return most
}

// Undisturbed gives the batches with each disturbed one replaced by what its instance and its round let expect, and
// marks those. With fewer than four instances nothing is replaced.
func (b Batches) Undisturbed() (clean Batches, disturbed [][]bool) {
	clean, disturbed = make(Batches, len(b)), make([][]bool, len(b))
	expected := b.Expected()
	for i, row := range b {
		clean[i], disturbed[i] = append([]float64(nil), row...), make([]bool, len(row))
		if len(b) < fewestInstances {
			continue
		}
		for r, v := range row {
			if v > disturbedAt*expected[i][r] {
				clean[i][r], disturbed[i][r] = expected[i][r], true
			}
		}
	}
	return clean, disturbed
}

// Expected is what each batch's instance and round let expect.
func (b Batches) Expected() Batches {
	instance, round := b.levels()
	expected := make(Batches, len(b))
	for i, row := range b {
		expected[i] = make([]float64, len(row))
		for r := range row {
			expected[i][r] = instance[i] * round[r]
		}
	}
	return expected
}

// WithoutCommon divides the batches of contestants that ran side by side by what all of them had
// in common in a round of an
// instance: the lower median of their times over those expected. With fewer than four
// contestants they stay as they are.
func WithoutCommon(all []Batches) []Batches {
	if len(all) < fewestContestants {
		return all
	}
	expected, cleared := make([]Batches, len(all)), make([]Batches, len(all))
	for c, b := range all {
		expected[c], cleared[c] = b.Expected(), make(Batches, len(b))
		for i, row := range b {
			cleared[c][i] = append([]float64(nil), row...)
		}
	}
	for i := range all[0] {
		for r := 0; ; r++ {
			var factors []float64
			for c := range all {
				if r < len(all[c][i]) {
					factors = append(factors, all[c][i][r]/expected[c][i][r])
				}
			}
			if len(factors) == 0 {
				break
			}
			// The lower of the middle two: two collectors that happen to run in the same round are not all contestants.
			slices.Sort(factors)
			common := factors[(len(factors)-1)/2]
			for c := range all {
				if len(factors) >= fewestContestants && common > 0 && r < len(all[c][i]) {
					cleared[c][i][r] = all[c][i][r] / common
				}
			}
		}
	}
	return cleared
}

// fewestContestants is how many a median over them needs before it is what they have in common.
const fewestContestants = 4

// Means are those of the rows; NaN for an empty one.
func (b Batches) Means() []float64 {
	means := make([]float64, len(b))
	for i, row := range b {
		means[i] = stat.Mean(row, nil)
	}
	return means
}

// Rounds are the medians of the columns relative to their instances' own level: 1 on average, above
// it where a collector runs.
func (b Batches) Rounds() []float64 {
	_, round := b.levels()
	return round
}

// levels splits each batch into the level of its instance, in ns, and that of its round, a factor, by medians.
func (b Batches) levels() (instance, round []float64) {
	instance = make([]float64, len(b))
	for i, row := range b {
		instance[i] = Median(row)
	}
	for range fits {
		round = round[:0]
		for r := 0; ; r++ {
			column := b.column(r, instance)
			if len(column) == 0 {
				break
			}
			round = append(round, Median(column))
		}
		for i, row := range b {
			relative := make([]float64, len(row))
			for r, v := range row {
				relative[r] = v / round[r]
			}
			if len(row) > 0 {
				instance[i] = Median(relative)
			}
		}
	}
	return instance, round
}

// column are the batches of one round relative to their instances' levels.
func (b Batches) column(round int, instance []float64) []float64 {
	var column []float64
	for i, row := range b {
		if round < len(row) && instance[i] > 0 {
			column = append(column, row[round]/instance[i])
		}
	}
	return column
}

// CycleError is the standard deviation of the relative error that a mean over so many requests has because they are no
// whole number of collection cycles. Period is the number of requests from one collection to the next, share what
// part of all time collections take, 0 to 1. The number of collections in n requests is one of two neighbours;
// which, the phase decides.
func CycleError(n, period, share float64) float64 {
	if !(period > 0) || !(n > 0) {
		return 0
	}
	cycles := n / period
	part := cycles - math.Floor(cycles)
	return share * math.Sqrt(part*(1-part)) / cycles
}

// RoundError is the standard deviation of the relative error that the means have because rounds differ in every
// instance alike, as they do when a collector runs in some of them and its period is not known: another choice of
// rounds would have given another mean. The part of the differences that noise explains is taken off.
func (b Batches) RoundError() float64 {
	instance, round := b.levels()
	if len(round) < 2 || len(b) < fewestInstances {
		return 0
	}
	noise := 0.0
	for r := range round {
		column := b.column(r, instance)
		// The standard error of a median, from the middle half of the column: a normal's quartiles
		// lie 1.349 deviations apart.
		deviation := (Quantile(column, 0.75) - Quantile(column, 0.25)) / 1.349
		noise += math.Pi / 2 * deviation * deviation / float64(len(column))
	}
	mean, variance := stat.MeanVariance(round, nil)
	excess := variance - noise/float64(len(round))
	return math.Sqrt(max(0, excess)/float64(len(round))) / mean
}

// QuietShare is by what share of the mean the quietest tenth of the rounds is faster: what a collector takes, where a
// round is short beside its cycle.
func (b Batches) QuietShare() float64 {
	round := b.Rounds()
	return max(0, 1-Quantile(round, 0.1)/stat.Mean(round, nil))
}
