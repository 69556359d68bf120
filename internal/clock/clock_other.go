//go:build !linux

// Package clock measures the time that work takes.
package clock

import "time"

// Name is the name of the clock.
const Name = "wall clock"

var began = time.Now()

// Now is the time since the program has started.
func Now() time.Duration { return time.Since(began) }
