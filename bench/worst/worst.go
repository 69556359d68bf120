// Package worst times the heaviest legal requests: while a worker serves one, its other clients wait.
package worst

import (
	"context"
	"runtime"
	"time"

	"gonum.org/v1/gonum/stat"

	"github.com/header-auth/header-auth/bench/stats"
	"github.com/header-auth/header-auth/conformance/suite"
	"github.com/header-auth/header-auth/conformance/table"
	"github.com/header-auth/header-auth/host"
	"github.com/header-auth/header-auth/internal/clock"
)

// Limit is what a request may take of a worker (contract, clause 3.4).
const Limit = 2 * time.Millisecond

// Usual is about how long a round takes, on average over the project's own cases and builds.
const Usual = 450 * time.Microsecond

// warm is how many rounds come before the first that is timed: heaps reach their size in them.
const warm = 50

// Result is one case on one build.
type Result struct {
	Build string `json:"build"`
	Case  string `json:"case"`
	// Mean is that of a round's time, in nanoseconds of the thread's processor time, with its interval of 95 %
	// (Student's, of the means of twenty stretches, so that a garbage collector counts where it works). A round is the
	// whole case, nearly always one request.
	Mean    stats.Interval `json:"mean"`
	Median  time.Duration  `json:"median"`
	Longest time.Duration  `json:"longest"` // of all rounds, warm ones too: a collector's pause, most often
	Ready   int64          `json:"ready"`   // bytes of linear memory once configured
	Peak    int64          `json:"peak"`    // and at the end: it never shrinks
	Failed  string         `json:"failed,omitempty"`
	Known   string         `json:"known,omitempty"` // why the build leaks: its collector's work grows with every request
}

// Red says whether the whole interval lies above the limit, or an answer was wrong. The time of a build that is known
// to leak does not count.
func (r *Result) Red() bool { return r.Failed != "" || r.Known == "" && r.Mean.Low > float64(Limit) }

// Measure runs a case that many times in one VM. Every answer is compared with the first, and the first with the case.
func Measure(ctx context.Context, m *host.Module, build string, c *table.Case, rounds int) Result {
	r := Result{Build: build, Case: c.ID, Mean: stats.None()}
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
	r.Mean, r.Median = mean(times), time.Duration(stats.Median(times))
	return r
}

const stretches = 20

// mean is Student's interval of the means of stretches: a rare event, such as a garbage collection, is in several of
// them.
func mean(times []float64) stats.Interval {
	n := min(stretches, len(times)/2)
	var means []float64
	for i := range n {
		means = append(means, stat.Mean(times[i*len(times)/n:(i+1)*len(times)/n], nil))
	}
	i := stats.MeanInterval(means, 0.95)
	i.Low, i.N = max(0, i.Low), len(times)
	return i
}
