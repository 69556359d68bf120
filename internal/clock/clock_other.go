//go:build !linux

// Package clock is what work is timed with.
package clock

import "time"

// Name says what work is timed with.
const Name = "wall clock"

var began = time.Now()

// Now is the time since the program began.
func Now() time.Duration { return time.Since(began) }
