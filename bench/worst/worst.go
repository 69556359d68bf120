// Package worst times the heaviest requests that are legal: one client sends them, and every other client of the worker
// waits meanwhile.
package worst

import (
	"context"
	"runtime"
	"time"

	"github.com/header-auth/header-auth/bench/stats"
	"github.com/header-auth/header-auth/conformance/suite"
	"github.com/header-auth/header-auth/conformance/table"
	"github.com/header-auth/header-auth/host"
	"github.com/header-auth/header-auth/internal/clock"
)

// Limit is what a request may take of a worker (contract, clause 3.4).
const Limit = 2 * time.Millisecond

// warm is how many rounds come before the first that is timed: heaps find their size in them.
const warm = 50

// Result is one case on one build.
type Result struct {
	Build string `json:"build"`
	Case  string `json:"case"`
	// Median is that of a round's time, in nanoseconds of the thread's processor time, with its interval of 95 % by order
	// statistics. A round is the whole case, nearly always one request.
	Median  stats.Interval `json:"median"`
	Longest time.Duration  `json:"longest"` // of all rounds, warm ones too: a collector's pause, most often
	Ready   int64          `json:"ready"`   // bytes of linear memory once configured
	Peak    int64          `json:"peak"`    // and at the end: it never shrinks
	Failed  string         `json:"failed,omitempty"`
}

// Red says whether the build takes longer than it may, as surely as the interval says, or does not answer as it should.
func (r *Result) Red() bool { return r.Failed != "" || r.Median.Low > float64(Limit) }

// Measure does a case so many times in one VM. Every answer is held against the case.
func Measure(ctx context.Context, m *host.Module, build string, c *table.Case, rounds int) Result {
	r := Result{Build: build, Case: c.ID, Median: stats.None()}
	runtime.LockOSThread() // for the clock
	defer runtime.UnlockOSThread()
	y, err := suite.NewCycle(ctx, m, c)
	if err != nil {
		r.Failed = err.Error()
		return r
	}
	defer y.Close(ctx)
	r.Ready = int64(y.VM().Memory())
	var times []float64
	for i := range warm + rounds {
		before := clock.Now()
		if err := y.Round(ctx); err != nil {
			r.Failed = err.Error()
			return r
		}
		took := clock.Now() - before
		r.Longest = max(r.Longest, took)
		if i >= warm {
			times = append(times, float64(took))
		}
	}
	r.Peak = int64(y.VM().Memory())
	r.Median = stats.OrderInterval(times, 0.5, 0.95)
	return r
}
