package soak

import "github.com/header-auth/header-auth/bench/stats"

// stay watches how much of linear memory stays as it is. Garbage and freed memory are soon overwritten; what is kept
// stays. So with a leak more and more memory stays from look to look, long before linear memory as a whole has to
// grow: TinyGo's doubles, Go's grows by half a MiB, and neither shows sixteen bytes a request within a hundred
// thousand requests.
//
// All rounds are alike, so garbage may lie where the same garbage was before, and look as if it stayed. That adds to
// the bytes that stay, never takes from them, and does not last: hence the least of several looks counts.
type stay struct {
	before []byte
	last   []uint16 // of each granule: the look that found it changed last; 0: none
	rounds []int    // at each look
	rows   [][]int  // of each look: how many granules changed last at which look
	off    bool     // there is too much memory to compare
}

const (
	granule   = 16       // bytes that are compared together: the least that allocators hand out
	page      = 4096     // bytes that are compared at once, as most have not changed
	mostBytes = 64 << 20 // of memory; beyond that its size alone is enough
)

// look records what has changed since the last look.
func (s *stay) look(rounds int, memory []byte) {
	if s.off = s.off || len(memory) > mostBytes; s.off {
		return
	}
	n := len(memory) / granule
	if n > len(s.last) {
		s.last = append(s.last, make([]uint16, n-len(s.last))...)
		s.before = append(s.before, make([]byte, len(memory)-len(s.before))...)
	}
	s.rounds = append(s.rounds, rounds)
	row := make([]int, len(s.rounds)+1)
	for first := 0; first < n; first += page / granule {
		last := s.last[first:min(n, first+page/granule)]
		now, old := memory[first*granule:][:len(last)*granule], s.before[first*granule:][:len(last)*granule]
		if string(now) != string(old) {
			for i := range last {
				if at := i * granule; string(now[at:at+granule]) != string(old[at:at+granule]) {
					last[i] = uint16(len(s.rounds))
				}
			}
			copy(old, now)
		}
		for _, l := range last {
			row[l]++
		}
	}
	s.rows = append(s.rows, row)
}

// stayed is, for the looks from from to to, how many bytes were written before a look and stayed for span looks after
// it; of every group of looks the least.
func (s *stay) stayed(from, to, span int) (rounds, bytes []float64) {
	for first := from; first+group <= to; first += group {
		least, at := -1, 0
		for look := first; look < first+group; look++ {
			kept := 0
			for l := 1; l <= look+1; l++ {
				kept += s.rows[look+span][l]
			}
			if least < 0 || kept < least {
				least, at = kept, look
			}
		}
		rounds, bytes = append(rounds, float64(s.rounds[at])), append(bytes, float64(least*granule))
	}
	return rounds, bytes
}

const (
	group  = 3 // looks that make one point
	fewest = 4 // points
)

// rate is by how many bytes a round what stays grows, in the second and third quarter of the rounds; still says
// whether the quarter after that agrees. It is unknown when memory was not read often enough.
func (s *stay) rate(level float64) (rate stats.Interval, still bool) {
	all := len(s.rows)
	if s.off || all/8 < fewest*group/2 {
		return stats.None(), false
	}
	x, y := s.stayed(all*3/8, all*3/4, all/4)
	if rate = stats.TheilSen(x, y, level); !rate.Known() {
		return rate, false
	}
	x, y = s.stayed(all*5/8, all*7/8, all/8)
	return rate, len(x) >= fewest && stats.TheilSen(x, y, level).Mid > rate.Mid/2
}
