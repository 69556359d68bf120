package soak

import (
	"math"
	"time"
)

// Pauses are how long rounds took, by the time that their thread had a processor.
type Pauses struct {
	Median  time.Duration `json:"median"`
	Longest time.Duration `json:"longest"`
	Round   int           `json:"round"` // the longest
	Beyond  int           `json:"beyond"`
}

// TimesMedian is how many times the median a round takes that is called a pause.
const TimesMedian = 100

// Found says whether there is a pause to speak of.
func (p Pauses) Found() bool { return p.Beyond > 0 }

// pauses counts rounds by how long they took, in classes that are a tenth wide.
type pauses struct {
	classes [512]int
	n       int
	longest time.Duration
	round   int
}

const perDoubling = 8

func class(d time.Duration) int {
	return min(511, int(math.Log2(float64(max(1, d)))*perDoubling))
}

func (p *pauses) add(took time.Duration, round int) {
	p.n++
	p.classes[class(took)]++
	if took > p.longest {
		p.longest, p.round = took, round
	}
}

func (p *pauses) summary() Pauses {
	seen, median := 0, 0
	for i, n := range p.classes {
		if seen += n; seen*2 >= p.n && p.n > 0 {
			median = i
			break
		}
	}
	found := Pauses{Longest: p.longest, Round: p.round, Median: time.Duration(math.Exp2((float64(median) + 0.5) / perDoubling))}
	for i := class(found.Median*TimesMedian) + 1; i < len(p.classes); i++ {
		found.Beyond += p.classes[i]
	}
	return found
}
