package soak

import "github.com/header-auth/header-auth/bench/stats"

// stay watches how much of linear memory stays as it is. What is garbage, or was given back, is written over before
// long; what is kept stays. A leak is therefore memory that stays, and more of it from look to look, long before linear
// memory as a whole has to grow: TinyGo's doubles, Go's grows by half a MiB, and neither tells of sixteen bytes a request
// until a hundred thousand requests are over.
//
// Rounds are all alike, so a collector's garbage may happen to lie where the same garbage lay before and look as if it
// stayed. That makes more of it stay, never less, and ends: hence the least of several looks counts.
type stay struct {
	before []byte
	last   []uint16 // of each granule: the look that found it changed last; 0: none
	rounds []int    // at each look
	rows   [][]int  // of each look: how many granules changed last at which look
	off    bool     // there is too much memory to look at
}

const (
	granule   = 16       // bytes that are looked at together: the least that allocators hand out
	page      = 4096     // bytes that are compared at once, as most have not changed
	mostBytes = 64 << 20 // of memory; with more its size alone tells enough
)

// look notes what has changed since the last look.
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

// stayed are, for the looks of the last half, how many bytes were written before a look and stayed for a quarter of all
// rounds after it; the least of every group of looks.
func (s *stay) stayed() (rounds, bytes []float64) {
	all := len(s.rows)
	span := all / 4
	if s.off || span < 4*group {
		return nil, nil
	}
	for end := all - group; end >= all*5/8; end -= group { // looks all*3/8 to all*3/4, each a span before its witness
		least, at := -1, 0
		for look := end; look < end+group; look++ {
			kept := 0
			for l := 1; l <= look-span+1; l++ {
				kept += s.rows[look][l]
			}
			if least < 0 || kept < least {
				least, at = kept, look-span
			}
		}
		rounds, bytes = append(rounds, float64(s.rounds[at])), append(bytes, float64(least*granule))
	}
	return rounds, bytes
}

// group is how many looks have one point in common.
const group = 3

// rate is how many bytes more stay after each round; unknown when memory was not looked at often enough.
func (s *stay) rate(level float64) stats.Interval {
	x, y := s.stayed()
	if len(x) < 6 {
		return stats.None()
	}
	return stats.TheilSen(x, y, level)
}
