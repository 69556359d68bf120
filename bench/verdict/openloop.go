package verdict

import (
	"math"

	"github.com/header-auth/header-auth/bench/evidence"
	"github.com/header-auth/header-auth/bench/stats"
)

// slowOf finds how much of the time went with slow requests: from the histograms, so that no period is needed.
func slowOf(processes []evidence.Tail) Slow {
	var time, requests []float64
	longer := make([][]float64, len(processes))
	for p, t := range processes {
		usual := stats.BucketQuantile(t.Counts, 0.5)
		slowTime, slow := 0., int64(0)
		for _, b := range t.Counts {
			if float64(b[0]) > spikeAt*usual {
				slowTime, slow = slowTime+float64(b[0])*float64(b[1]), slow+b[1]
			}
		}
		time = append(time, slowTime/duration(t.Counts))
		requests = append(requests, float64(slow)/float64(stats.Count(t.Counts)))
		for _, s := range t.Spikes {
			longer[p] = append(longer[p], float64(s.Nanos)-usual)
		}
	}
	return Slow{OfTime: share(time), OfRequests: share(requests), Longer: overProcesses(longer)}
}

// share is the interval of a share, which lies between 0 and 1.
func share(each []float64) Interval {
	i := typical(each, Confidence)
	i.Low, i.High = max(0, i.Low), min(1, i.High) // NaN stays NaN
	return i
}

// load is the rate of an open loop, as a share of the highest that the contestant can take.
const load = 0.5

// openOf makes the open loop of each process.
//
// The requests come at equal distances in time to one VM, which does one after the other. The slow ones are those
// that were measured, at the places where they were, and with them everything that waits behind them. The order
// of all others is not in the evidence: while there is a queue each takes their mean, and without a queue their
// times are those of the histogram. Of a process with more than a thousand slow requests only the part up to the
// last that was kept counts.
func openOf(processes []evidence.Tail) Open {
	var open Open
	var rates []float64
	loops := make([]loop, len(processes))
	count := 0.
	for p, t := range processes {
		loops[p] = newLoop(t)
		count += loops[p].requests
		rates = append(rates, 1e9/loops[p].interval)
	}
	open.Rate = typical(rates, Confidence)
	for _, percent := range []float64{99, 99.9} {
		if math.Round(count*(100-percent)/100) < fewestAbove {
			break
		}
		var each []float64
		for i := range loops {
			each = append(each, loops[i].quantile(percent/100))
		}
		open.Percentiles = append(open.Percentiles, Percentile{percent, typical(each, Confidence)})
	}
	return open
}

// loop is an open loop: single requests that were slow, lines of those that waited behind them, and all others.
type loop struct {
	requests float64
	interval float64 // ns from one request to the next
	body     [][2]int64
	slow     []float64 // ns, from sending to answer
	waiting  []line
	free     float64 // requests that did not wait
}

// line are requests in a row, each with so many ns less than the one before.
type line struct{ first, less, count float64 }

func newLoop(t evidence.Tail) loop {
	usual := stats.BucketQuantile(t.Counts, 0.5)
	l := loop{requests: float64(stats.Count(t.Counts))}
	for _, b := range t.Counts {
		if float64(b[0]) <= spikeAt*usual {
			l.body = append(l.body, b)
		}
	}
	if n := len(t.Spikes); n > 0 {
		last := float64(t.Spikes[n-1].Request + 1)
		l.requests = max(l.requests, last)
		if n >= keptSpikes {
			l.requests = last
		}
	}
	mean := duration(l.body) / float64(stats.Count(l.body))
	total := mean * (l.requests - float64(len(t.Spikes)))
	for _, s := range t.Spikes {
		total += float64(s.Nanos)
	}
	l.interval = total / l.requests / load
	relief := l.interval - mean // by which the queue is shorter after a request that is not slow
	queue := 0.                 // ns of work that a request finds before it
	delayed := 0.
	for i, s := range t.Spikes {
		l.slow = append(l.slow, queue+float64(s.Nanos))
		behind := l.requests - float64(s.Request) - 1 // until the next slow one
		if i+1 < len(t.Spikes) {
			behind = float64(t.Spikes[i+1].Request-s.Request) - 1
		}
		queue += float64(s.Nanos) - l.interval
		if waits := min(behind, math.Ceil(queue/relief)); queue > 0 && waits > 0 {
			l.waiting = append(l.waiting, line{queue + mean, relief, waits})
			delayed += waits
		}
		queue = max(0, queue-behind*relief)
	}
	l.free = max(0, l.requests-delayed-float64(len(t.Spikes)))
	return l
}

// above is how many requests took longer than so many ns, from sending to answer.
func (l *loop) above(nanos float64) float64 {
	n := 0.
	for _, s := range l.slow {
		if s > nanos {
			n++
		}
	}
	for _, w := range l.waiting {
		if w.first > nanos {
			n += min(w.count, math.Ceil((w.first-nanos)/w.less))
		}
	}
	over := int64(0)
	for i := len(l.body) - 1; i >= 0 && float64(l.body[i][0]) > nanos; i-- {
		over += l.body[i][1]
	}
	return n + l.free*float64(over)/float64(stats.Count(l.body))
}

// quantile is the least time that no more than the share 1 - p of the requests exceed.
func (l *loop) quantile(p float64) float64 {
	low, high := 0., float64(l.body[len(l.body)-1][0])
	for _, s := range l.slow {
		high = max(high, s)
	}
	for _, w := range l.waiting {
		high = max(high, w.first)
	}
	for high-low > 1e-4*high {
		if mid := (low + high) / 2; l.above(mid) > (1-p)*l.requests {
			low = mid
		} else {
			high = mid
		}
	}
	return high
}
