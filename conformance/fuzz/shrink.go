package fuzz

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/header-auth/header-auth/conformance/table"
	"github.com/header-auth/header-auth/host/headermap"
)

// maxTries is how many smaller cases are tried.
const maxTries = 4000

// Shrink makes a case as small as possible while it still shows a difference in the same field, until ctx ends.
func (b Builds) Shrink(ctx context.Context, c table.Case, d *Difference) (table.Case, *Difference) {
	if d.Ends {
		return c, d
	}
	s := shrinker{ctx: ctx, builds: b.only(d.Build), field: fieldOf(d), left: maxTries, best: c, found: d}
	for s.shorten() {
	}
	return s.best, s.found
}

// fieldOf is the field without its step, whose number changes.
func fieldOf(d *Difference) string {
	parts := strings.Split(d.Field, ": ")
	return parts[len(parts)-1]
}

type shrinker struct {
	ctx    context.Context
	builds Builds
	field  string
	left   int
	best   table.Case
	found  *Difference
}

// try keeps a smaller case if it still shows the difference.
func (s *shrinker) try(c table.Case) bool {
	if s.left--; s.left < 0 || s.ctx.Err() != nil {
		return false
	}
	c = complete(c)
	if calls(c) > calls(s.best) { // a shorter text that leads to more calls, such as a shorter period, is not smaller
		return false
	}
	c, d := s.builds.Compare(s.ctx, c)
	if d == nil || fieldOf(d) != s.field || s.ctx.Err() != nil { // the end of the context ends calls, too
		return false
	}
	s.best, s.found = c, d
	return true
}

// calls is the number of calls that a case makes.
func calls(c table.Case) (n int) {
	for _, s := range c.Steps {
		n += len(s.Want.Calls)
	}
	return n
}

// shorten tries each way to shorten a case once, and says whether one succeeded.
func (s *shrinker) shorten() bool {
	helped := without(s, s.best.Steps, func(c *table.Case, rest []table.Step) { c.Steps = rest })
	helped = without(s, s.best.Clusters, func(c *table.Case, rest []table.Cluster) { c.Clusters = rest }) || helped
	helped = without(s, s.best.Start.Faults, func(c *table.Case, rest []table.HostFault) { c.Start.Faults = rest }) ||
		helped
	for i := 0; i < len(s.best.Steps); i++ { // complete may remove steps
		helped = s.shortenStep(i) || helped
	}
	helped = without(s, members(s.best.Config), func(c *table.Case, rest []string) { c.Config = object(rest) }) || helped
	return without(s, s.best.Config, func(c *table.Case, rest []byte) { c.Config = rest }) || helped
}

// shortenStep tries each way to shorten a step.
func (s *shrinker) shortenStep(i int) bool {
	step := s.best.Steps[i]
	helped := without(s, step.Faults, func(c *table.Case, rest []table.HostFault) {
		inStep(c, i, func(step *table.Step) { step.Faults = rest })
	})
	helped = without(s, step.Clusters, func(c *table.Case, rest []table.Cluster) {
		inStep(c, i, func(step *table.Step) { step.Clusters = rest })
	}) || helped
	if step.Configure != nil {
		helped = without(s, step.Configure.Config, func(c *table.Case, rest []byte) {
			inStep(c, i, func(step *table.Step) {
				step.Configure = &table.Configure{Plugin: step.Configure.Plugin, Config: rest}
			})
		}) || helped
	}
	if step.Stream != "" || step.Plugin != "" {
		s.alone(i)
	}
	return s.shortenRequest(i) || helped
}

// alone tries a request that is whole in its step, and is for the plugin itself. This does not count as shorter.
func (s *shrinker) alone(i int) {
	if s.request(i) == nil {
		return
	}
	for _, do := range []func(*table.Step){
		func(step *table.Step) { step.Stream, step.HeadersOnly = "", false },
		func(step *table.Step) { step.HeadersOnly = false },
		func(step *table.Step) { step.Plugin = "" },
	} {
		c := s.best
		inStep(&c, i, do)
		_ = s.try(c)
	}
}

// shortenRequest tries each way to shorten the request of a step, if it has one.
func (s *shrinker) shortenRequest(i int) (helped bool) {
	if r := s.request(i); r != nil { // it keeps its pseudo-headers
		helped = without(s, r.Headers[4:], func(c *table.Case, rest []headermap.Header) {
			inRequest(c, i, func(r *table.Request) { r.Headers = append(r.Headers[:4:4], rest...) })
		})
	}
	if r := s.request(i); r != nil {
		helped = without(s, r.Response.Headers[1:], func(c *table.Case, rest []headermap.Header) {
			inRequest(c, i, func(r *table.Request) { r.Response.Headers = append(r.Response.Headers[:1:1], rest...) })
		}) || helped
	}
	for _, do := range []func(*table.Request){
		func(r *table.Request) { r.Body = nil },
		func(r *table.Request) { r.Trailers = nil },
		func(r *table.Request) { r.Response.Body = nil },
	} {
		if r := s.request(i); r != nil && (r.Body != nil || r.Trailers != nil || r.Response.Body != nil) {
			c := s.best
			inRequest(&c, i, do)
			_ = s.try(c) // this may change nothing, so it does not count as shorter
		}
	}
	for h := 4; s.request(i) != nil && h < len(s.request(i).Headers); h++ {
		value := []byte(s.request(i).Headers[h].Value)
		helped = without(s, value, func(c *table.Case, rest []byte) {
			inRequest(c, i, func(r *table.Request) {
				r.Headers = slices.Clone(r.Headers)
				r.Headers[h].Value = string(rest)
			})
		}) || helped
	}
	return helped
}

// request is that of a step; nil: it has none, or there is no such step any more.
func (s *shrinker) request(i int) *table.Request {
	if i >= len(s.best.Steps) {
		return nil
	}
	return s.best.Steps[i].Request
}

// inStep changes a step of a case, and leaves the steps that the case shares with others as they are.
func inStep(c *table.Case, i int, do func(*table.Step)) {
	if i < len(c.Steps) {
		c.Steps = slices.Clone(c.Steps)
		do(&c.Steps[i])
	}
}

// inRequest changes the request of a step.
func inRequest(c *table.Case, i int, do func(*table.Request)) {
	inStep(c, i, func(step *table.Step) {
		if step.Request != nil { // complete may have put another step there
			r := *step.Request
			do(&r)
			step.Request = &r
		}
	})
}

// members are the members of a JSON object; none of other values. Leaving out a whole member is faster than byte by
// byte.
func members(config []byte) (all []string) {
	d := json.NewDecoder(bytes.NewReader(config))
	if first, err := d.Token(); err != nil || first != json.Delim('{') {
		return nil
	}
	for d.More() {
		key, err := d.Token()
		var value json.RawMessage
		if err != nil || d.Decode(&value) != nil {
			return nil
		}
		all = append(all, fmt.Sprintf("%q:%s", key, value))
	}
	return all
}

func object(members []string) []byte { return []byte("{" + strings.Join(members, ",") + "}") }

// without is delta debugging (Zeller, Simplifying and Isolating Failure-Inducing Input, 2002): it leaves out halves,
// then quarters, down to single items, while the difference remains.
func without[T any](s *shrinker, items []T, set func(*table.Case, []T)) (helped bool) {
	for size := len(items); size > 0; size /= 2 {
		for at := 0; at+size <= len(items) && s.left > 0; {
			rest := append(append([]T{}, items[:at]...), items[at+size:]...)
			c := s.best
			set(&c, rest)
			if s.try(c) {
				items, helped = rest, true
			} else {
				at += size
			}
		}
	}
	return helped
}
