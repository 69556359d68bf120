package fuzz

import (
	"crypto/sha256"
	"encoding/binary"
	"math/rand/v2"
)

// dice decide what a case is made of: the engine's bytes while they last, so that a changed byte changes one decision,
// and then numbers that follow from them and from the seed.
type dice struct {
	bytes []byte
	more  *rand.Rand

	times    []int    // in milliseconds, of configurations that were made up so far
	takes    []string // headers that bring a token, likewise
	changing bool     // one of these changes requests
}

func newDice(data []byte, seed uint64) *dice {
	h := sha256.Sum256(binary.LittleEndian.AppendUint64(data[:len(data):len(data)], seed))
	d := &dice{bytes: data, more: rand.New(rand.NewChaCha8(h))}
	if seed != 0 {
		d.bytes = nil // another seed is to lead elsewhere from the first decision on
	}
	return d
}

// below is 0 to n-1.
func (d *dice) below(n int) int {
	if len(d.bytes) == 0 || n > 256 {
		return d.more.IntN(n)
	}
	b := d.bytes[0]
	d.bytes = d.bytes[1:]
	return int(b) % n
}

// oneIn is true once in n times.
func (d *dice) oneIn(n int) bool { return d.below(n) == n-1 }

func pick[T any](d *dice, from ...T) T { return from[d.below(len(from))] }
