// metrics.go: the key `metrics`, four counters. Twin: metrics.rs.

package main

type counter uint8

const (
	countAllowed counter = iota
	countDenied
	countRateLimited
	countCalloutErrors
	counters
)

// metrics are the host's numbers of the counters, 0 for one that is not there.
type metrics [counters]uint32

func defineMetrics() *metrics {
	return &metrics{
		countAllowed:       defineCounter("header_auth.allowed"),
		countDenied:        defineCounter("header_auth.denied"),
		countRateLimited:   defineCounter("header_auth.rate_limited"),
		countCalloutErrors: defineCounter("header_auth.callout_errors"),
	}
}

// count does nothing for counters that are off, or that the host did not define.
func (m *metrics) count(c counter) {
	if m != nil && m[c] != 0 {
		incrementCounter(m[c])
	}
}
