//go:build !linux

package bench

import "time"

// clockName says what batches are timed with.
const clockName = "wall clock"

var clockBegan = time.Now()

func clock() time.Duration { return time.Since(clockBegan) }
