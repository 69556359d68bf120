package verdict

import (
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/header-auth/header-auth/bench/evidence"
	"github.com/header-auth/header-auth/bench/stats"
)

// quantity is something a budget limits: less is better for all of them.
type quantity struct {
	name      string
	unit      Unit
	scenarios bool // it has a value for each
	kind      kind
	// find is the measured value, or why there is none.
	find func(r *evidence.Report, f *Findings, build, scenario string) (Interval, Missing)
}

// places are the scenarios that it has a value for; "" alone for a quantity of the whole build.
func (q quantity) places(r *evidence.Report) []string {
	if !q.scenarios {
		return []string{""}
	}
	var ids []string
	for _, s := range r.Scenarios {
		ids = append(ids, s.ID)
	}
	return ids
}

// kind is how a limit is written.
type kind struct {
	expected string
	parse    func(string) (float64, bool)
}

var (
	aSize = kind{`a size such as "640KiB" or "5MiB"`, func(s string) (float64, bool) {
		m := sizePattern.FindStringSubmatch(s)
		if m == nil {
			return 0, false
		}
		v, err := strconv.ParseFloat(m[1], 64)
		return v * map[string]float64{"B": 1, "KiB": 1 << 10, "MiB": 1 << 20}[m[2]], err == nil
	}}
	aTime = kind{`a time above zero such as "250us" or "1.5ms"`, func(s string) (float64, bool) {
		d, err := time.ParseDuration(s)
		return float64(d), err == nil && d > 0
	}}
	aNumber = kind{"a number, zero or more", func(s string) (float64, bool) {
		v, err := strconv.ParseFloat(s, 64)
		return v, err == nil && v >= 0 && v < 1e15
	}}
	sizePattern = regexp.MustCompile(`^([0-9]+(?:\.[0-9]+)?) ?(B|KiB|MiB)$`)
)

// Unit is what a quantity is counted in.
type Unit string

const (
	InBytes           Unit = "B"
	InNanos           Unit = "ns"
	AsRatio           Unit = "×"
	InBytesPerRequest Unit = "B/request"
)

// notMeasured is what find gives where there is nothing.
func notMeasured() (Interval, Missing) { return Interval{}, Missing{Kind: NotMeasured} }

var quantities = []quantity{
	{"size", InBytes, false, aSize, func(r *evidence.Report, _ *Findings, build, _ string) (Interval, Missing) {
		for _, s := range r.Sizes {
			if s.Build == build {
				return stats.Exact(float64(s.Raw)), Missing{}
			}
		}
		return notMeasured()
	}},
	{"ratio_to_floor", AsRatio, true, aNumber, func(_ *evidence.Report, f *Findings, build,
		scenario string) (Interval, Missing) {
		t, ok := f.timing(scenario, build)
		switch {
		case !ok:
			return notMeasured()
		case !f.Gate.Passed:
			return t.OverFloor, Missing{Kind: NoVerdicts}
		}
		return t.OverFloor, t.Missing
	}},
	percentileQuantity("p50", 50),
	percentileQuantity("p99", 99),
	percentileQuantity("p99.9", 99.9),
	{"bytes_per_request", InBytesPerRequest, false, aNumber,
		func(_ *evidence.Report, f *Findings, build, _ string) (Interval, Missing) {
			for _, m := range f.Memory {
				if m.Build == build && m.Allocator == envoyOrder {
					return m.PerRequest, Missing{}
				}
			}
			return notMeasured()
		}},
	{"startup", InNanos, false, aTime, func(_ *evidence.Report, f *Findings, build, _ string) (Interval, Missing) {
		for _, s := range f.Startups {
			if s.Build == build && s.Cached {
				return s.Total, Missing{}
			}
		}
		return notMeasured()
	}},
}

func percentileQuantity(name string, percent float64) quantity {
	return quantity{name, InNanos, true, aTime, func(_ *evidence.Report, f *Findings, build,
		scenario string) (Interval, Missing) {
		for _, t := range f.Tails {
			if t.Scenario != scenario || t.Contestant != build {
				continue
			}
			for _, p := range t.Percentiles {
				if p.P == percent {
					return p.Nanos, Missing{}
				}
			}
			return Interval{}, Missing{Kind: FewRequests, Requests: t.Count}
		}
		return notMeasured()
	}}
}

func (f *Findings) timing(scenario, build string) (Timing, bool) {
	if s := f.Scenario(scenario); s != nil {
		return s.Timing(build)
	}
	return Timing{}, false
}

func quantityNames() []string {
	var names []string
	for _, q := range quantities {
		names = append(names, q.name)
	}
	return names
}

func quantityNamed(name string) (quantity, bool) {
	for _, q := range quantities {
		if q.name == strings.TrimSpace(name) {
			return q, true
		}
	}
	return quantity{}, false
}
