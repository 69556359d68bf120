package evidence

import (
	"cmp"
	"fmt"
	"strings"
	"unicode"
)

// The most of a report: judging takes time in proportion to some of the products. A full run of
// nine builds has a tenth.
const (
	mostNamed   = 200 // builds, and scenarios
	mostRefused = 2000
	mostSamples = 200_000 // of each other list
	mostSpikes  = 1000    // of a Tail, which keeps no more
	longest     = 1 << 50 // nanoseconds, or requests: thirteen days
)

// check says why a report can't be judged: a name is there twice, or something more often than any run has it.
func (r *Report) check() error {
	names, ids := make([]string, len(r.Builds)), make([]string, len(r.Scenarios))
	for i, b := range r.Builds {
		names[i] = b.Name
	}
	for i, s := range r.Scenarios {
		ids[i] = s.ID
	}
	if err := cmp.Or(distinct("build", names), distinct("scenario", ids)); err != nil {
		return err
	}
	numbers := 0
	for _, b := range r.Batches {
		numbers += len(b.Nanos)
	}
	for _, t := range r.Tails {
		if len(t.Spikes) > mostSpikes {
			return fmt.Errorf("a tail with %d spikes, expected %d at most", len(t.Spikes), mostSpikes)
		}
		for i, c := range t.Counts {
			if c[0] < 0 || c[0] > longest || c[1] < 1 || c[1] > longest || i > 0 && c[0] <= t.Counts[i-1][0] {
				return fmt.Errorf("a tail with the count %v, expected times and numbers above zero, the times ascending", c)
			}
		}
	}
	for _, l := range []struct {
		what       string
		have, most int
	}{
		{"refused", len(r.Refused), mostRefused}, {"speed", len(r.Batches), mostSamples},
		{"tails", len(r.Tails), mostSamples}, {"startups", len(r.Startups), mostSamples},
		{"memory", len(r.Memory), mostSamples}, {"resident", len(r.Resident), mostSamples},
		{"sizes", len(r.Sizes), mostSamples}, {"costs", len(r.Costs), mostSamples},
		{"witnesses", len(r.Witnesses), mostSamples}, {"numbers in speed", numbers, 50 * mostSamples},
	} {
		if l.have > l.most {
			return fmt.Errorf("%d entries in %s, expected %d at most", l.have, l.what, l.most)
		}
	}
	return nil
}

// check is that of a Report.
func (r *OnEnvoy) check() error {
	names, ids := make([]string, len(r.Builds)), make([]string, len(r.Scenarios))
	for i, b := range r.Builds {
		names[i] = b.Name
	}
	for i, s := range r.Scenarios {
		ids[i] = s.ID
	}
	return cmp.Or(distinct("build", names), distinct("scenario", ids))
}

// distinct says what is wrong with the names of a list.
func distinct(what string, names []string) error {
	if len(names) > mostNamed {
		return fmt.Errorf("%d %ss, expected %d at most", len(names), what, mostNamed)
	}
	seen := map[string]bool{}
	for _, name := range names {
		if name == "" || len(name) > 200 || strings.ContainsFunc(name, func(r rune) bool { return !unicode.IsPrint(r) }) {
			return fmt.Errorf("a %s is named %.40q, expected a name of printable characters, 200 bytes at most", what, name)
		}
		if seen[name] {
			return fmt.Errorf("two %ss are named %q, expected different names", what, name)
		}
		seen[name] = true
	}
	return nil
}
