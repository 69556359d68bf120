package bench

import (
	"context"
	"runtime"
	"slices"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"github.com/header-auth/header-auth/bench/evidence"
	"github.com/header-auth/header-auth/conformance/suite"
	"github.com/header-auth/header-auth/conformance/table"
)

const (
	// A contestant has stretch requests in a row, so that the processor's caches are as in its own traffic.
	settled   = 20   // the first of them are not counted: they find the caches as another contestant left them
	spikeAt   = 6    // times the median
	spikesMax = 1000 // kept
)

// tails times requests one by one. The cost of reading the clock is included; the floor shows how much that is.
func (w *worker) tails(ctx context.Context) error {
	quiet()
	t, err := w.newContest(ctx)
	if err != nil {
		return err
	}
	defer t.close(ctx)
	for n, i := range w.random.Perm(len(w.cases)) {
		if err := w.tailsOf(ctx, t, &w.cases[i]); err != nil {
			return err
		}
		if err := w.tell(finding{Share: float64(n+1) / float64(len(w.cases))}); err != nil {
			return err
		}
	}
	return nil
}

func (w *worker) tailsOf(ctx context.Context, t *contest, c *table.Case) error {
	contestants, err := t.enter(ctx, c, suite.ObserveOptions{})
	if err != nil {
		return err
	}
	defer func() { w.leave(ctx, contestants, c) }()
	runtime.GC()
	seen := map[*contestant]*latencies{}
	for _, e := range contestants {
		seen[e] = newLatencies()
	}
	for done := -warmBatches * stretch; done < w.Plan.TailRequests; done += stretch {
		w.random.Shuffle(len(contestants), func(i, j int) { contestants[i], contestants[j] = contestants[j], contestants[i] })
		for _, e := range slices.Clone(contestants) {
			w.at(e, c, stretch)
			err := ctx.Err()
			for n := range stretch {
				if err != nil {
					break
				}
				begin := time.Now()
				err = e.loop.Run(1)
				if took := time.Since(begin); done >= 0 {
					seen[e].add(took.Nanoseconds(), n >= settled)
				}
			}
			if err == nil {
				err = e.loop.Check(ctx)
			}
			if ctx.Err() != nil {
				return ctx.Err()
			}
			if err != nil {
				if contestants, err = w.drop(ctx, contestants, e, c, err); err != nil {
					return err
				}
			}
		}
	}
	for _, e := range contestants {
		t := seen[e].tail()
		t.Scenario, t.Contestant, t.Process = c.ID, e.name, w.Number
		if err := w.tell(finding{Tail: t}); err != nil {
			return err
		}
	}
	return nil
}

// latencies are those of one contestant.
type latencies struct {
	histogram *hdrhistogram.Histogram
	threshold int64 // of a spike; 0: the median is not known yet
	number    int
	max       int64
	spikes    []evidence.Spike
}

func newLatencies() *latencies {
	return &latencies{histogram: hdrhistogram.New(1, int64(time.Minute), 3), spikes: make([]evidence.Spike, 0, spikesMax)}
}

func (l *latencies) add(nanos int64, counts bool) {
	if l.number++; !counts {
		return
	}
	_ = l.histogram.RecordValue(min(max(nanos, 1), int64(time.Minute))) // in range, hence no error
	l.max = max(l.max, nanos)
	if l.number == stretch {
		l.threshold = spikeAt * l.histogram.ValueAtQuantile(50)
	}
	if l.threshold > 0 && nanos > l.threshold && len(l.spikes) < spikesMax {
		l.spikes = append(l.spikes, evidence.Spike{Request: l.number - 1, Nanos: nanos})
	}
}

func (l *latencies) tail() *evidence.Tail {
	t := &evidence.Tail{Max: l.max, Spikes: l.spikes}
	for _, bar := range l.histogram.Distribution() {
		if bar.Count > 0 {
			t.Counts = append(t.Counts, [2]int64{bar.To, bar.Count})
		}
	}
	return t
}
