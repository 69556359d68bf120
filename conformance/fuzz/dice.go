package fuzz

import (
	"crypto/sha256"
	"encoding/binary"
	"math/rand/v2"
)

// dice make the decisions about a case. They take the engine's bytes first, so that a changed byte changes one
// decision, and then numbers that follow from the bytes and the seed.
type dice struct {
	bytes []byte
	more  *rand.Rand

	times    []int    // of the configurations so far, in milliseconds
	takes    []string // the headers that bring a token in these configurations
	changing bool     // one of these configurations changes requests
}

func newDice(data []byte, seed uint64) *dice {
	h := sha256.Sum256(binary.LittleEndian.AppendUint64(data[:len(data):len(data)], seed))
	d := &dice{bytes: data, more: rand.New(rand.NewChaCha8(h))}
	if seed != 0 {
		d.bytes = nil // with another seed, even the first decision is a different one
	}
	return d
}

// below gives a number from 0 to n-1.
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
