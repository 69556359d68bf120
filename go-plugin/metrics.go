// metrics.go: the key `metrics`, four counters. Twin: metrics.rs.

package main

// counter is the host's number of one, or 0 when there is none: counters are off, or the host did not define it.
type counter uint32

type metrics struct{ allowed, denied, rateLimited, calloutErrors counter }

func defineMetrics() *metrics {
	return &metrics{
		allowed:       counter(defineCounter("header_auth.allowed")),
		denied:        counter(defineCounter("header_auth.denied")),
		rateLimited:   counter(defineCounter("header_auth.rate_limited")),
		calloutErrors: counter(defineCounter("header_auth.callout_errors")),
	}
}

// count counts one, if there is a counter.
func (c counter) count() {
	if c != 0 {
		incrementCounter(uint32(c))
	}
}
