package soak

import (
	"encoding/binary"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/header-auth/header-auth/bench/verdict"
)

// heap is memory in which every round overwrites everything except what is kept, which grows from the front.
func heap(looks, perLook int, kept func(look int) int, touched bool) *stay {
	s, random, memory := &stay{}, rand.New(rand.NewPCG(3, 1)), make([]byte, 1<<20)
	for look := range looks {
		for at := kept(look); at < len(memory) && touched; at += 8 {
			binary.LittleEndian.PutUint64(memory[at:], random.Uint64())
		}
		s.look(look*perLook, memory)
	}
	return s
}

func TestStay(t *testing.T) {
	for _, test := range []struct {
		name  string
		stay  *stay
		rate  float64 // NaN: unknown
		still bool
	}{
		{"sixteen bytes a round", heap(64, 500, func(look int) int { return look * 500 * 16 }, true), 16, true},
		{"nothing", heap(64, 500, func(int) int { return 4096 }, true), 0, false},
		{"half way, and no more", heap(64, 500, func(look int) int { return min(look, 40) * 500 * 16 }, true), 8, false},
		{"memory that is never written to", heap(64, 500, func(int) int { return 0 }, false), 0, false},
		{"a few looks", heap(8, 500, func(look int) int { return look * 500 * 16 }, true), math.NaN(), false},
	} {
		t.Run(test.name, func(t *testing.T) {
			rate, still := test.stay.rate(verdict.Confidence)
			t.Logf("%+v %v", rate, still)
			if math.IsNaN(test.rate) == rate.Known() || still != test.still {
				t.Fatalf("%+v, still %v", rate, still)
			}
			if rate.Known() && (rate.Low > test.rate || rate.High < test.rate || math.Abs(rate.Mid-test.rate) > 8) {
				t.Errorf("%+v, expected %v", rate, test.rate)
			}
		})
	}
}

// TestStayIsOff: memory that is too large to compare is judged by its steps alone.
func TestStayIsOff(t *testing.T) {
	s, memory := &stay{}, make([]byte, mostBytes+1)
	for range 64 {
		s.look(0, memory)
	}
	if rate, _ := s.rate(verdict.Confidence); rate.Known() || len(s.rows) != 0 {
		t.Errorf("%+v", rate)
	}
}

// TestStalled: a path that was ended with half of its memory in use leaks, and one with little of it does not return.
func TestStalled(t *testing.T) {
	for bytes, leaks := range map[int64]bool{1 << 20: false, 200 << 20: true} {
		r := Result{Ended: true, Failed: "it took long"}
		r.stalled(Done{Rounds: 1000, Ready: 1 << 20, Bytes: bytes}, 256<<20)
		if (r.Memory.Verdict == verdict.Leak) != leaks || (r.Failed == "") != leaks {
			t.Errorf("%d bytes: %+v", bytes, r)
		}
	}
}
