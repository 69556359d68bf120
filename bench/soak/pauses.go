package soak

import (
	"cmp"
	"context"
	"math"
	"slices"
	"time"

	"github.com/header-auth/header-auth/conformance/suite"
	"github.com/header-auth/header-auth/conformance/table"
	"github.com/header-auth/header-auth/host"
	"github.com/header-auth/header-auth/internal/clock"
)

// Pauses are how long rounds took, in processor time of their thread.
type Pauses struct {
	Median time.Duration `json:"median"`
	// Longest is the longest round beyond TimesMedian that took as long when the path was run a second time: a garbage
	// collector, say. 0: there was none; a longer round was this program's or the system's.
	Longest time.Duration `json:"longest,omitempty"`
	Round   int           `json:"round,omitempty"`
	Beyond  int           `json:"beyond,omitempty"` // rounds, in the first run
}

// TimesMedian is how many times the median a round must take to be called a pause.
const TimesMedian = 100

// pauses counts rounds by how long they took, in classes that are about a tenth wide.
type pauses struct {
	classes [512]int
	n       int
	longest []pause // the longest, in the order in which they came
}

type pause struct {
	round int
	took  time.Duration
}

const (
	perDoubling = 8
	kept        = 8 // of the longest
)

func class(d time.Duration) int {
	return min(511, int(math.Log2(float64(max(1, d)))*perDoubling))
}

func (p *pauses) add(took time.Duration, round int) {
	p.n++
	p.classes[class(took)]++
	if len(p.longest) == kept {
		least := p.longest[0]
		at := 0
		for i, other := range p.longest {
			if other.took < least.took {
				at, least = i, other
			}
		}
		if took <= least.took {
			return
		}
		p.longest = slices.Delete(p.longest, at, at+1)
	}
	p.longest = append(p.longest, pause{round, took})
}

func (p *pauses) median() time.Duration {
	seen := 0
	for i, n := range p.classes {
		if seen += n; seen*2 >= p.n {
			return time.Duration(math.Exp2((float64(i) + 0.5) / perDoubling))
		}
	}
	return 0
}

// confirmed are the pauses that come again in a second run. There the guest sees the same clock and the same random
// numbers, so its own pauses take as long again, and others do not. After every so many rounds it says so.
func (p *pauses) confirmed(ctx context.Context, m *host.Module, c *table.Case, often int, say func()) Pauses {
	found := Pauses{Median: p.median()}
	limit := found.Median * TimesMedian
	suspects := slices.DeleteFunc(slices.Clone(p.longest), func(s pause) bool { return s.took <= limit })
	if p.n == 0 || len(suspects) == 0 {
		return found
	}
	y, err := suite.NewCycle(ctx, m, c, Environment...)
	if err != nil {
		return found
	}
	defer y.Close(ctx)
	var again []pause
	for _, s := range suspects {
		for y.Rounds() < s.round-1 && ctx.Err() == nil {
			if y.Round(ctx) != nil {
				return found
			}
			if y.Rounds()%often == 0 {
				say()
			}
		}
		begun := clock.Now()
		if ctx.Err() != nil || y.Round(ctx) != nil {
			return found
		}
		if took := min(clock.Now()-begun, s.took); took > limit {
			again = append(again, pause{s.round, took})
		}
		if len(again) == enough {
			break
		}
	}
	if len(again) == 0 {
		return found
	}
	worst := slices.MaxFunc(again, func(a, b pause) int { return cmp.Compare(a.took, b.took) })
	found.Longest, found.Round = worst.took, worst.round
	for i := class(limit) + 1; i < len(p.classes); i++ {
		found.Beyond += p.classes[i]
	}
	found.Beyond = max(found.Beyond, len(again))
	return found
}

// enough is after how many confirmed pauses the others are taken as confirmed.
const enough = 3
