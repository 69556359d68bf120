package fuzz

import (
	"slices"
	"strings"
	"time"

	"github.com/header-auth/header-auth/conformance/model"
	"github.com/header-auth/header-auth/conformance/table"
)

// Few names of streams and of plugin contexts, so that they are used again and again.
var (
	names    = []string{"a", "b", "c"}
	contexts = []string{table.Main, table.Main, "other"}
)

// scenario is a configuration, which is mostly legal, and what happens under it.
func (d *dice) scenario(keys []string) table.Case {
	c := table.Case{ID: "found/case", GoodNone: true}
	if d.oneIn(16) {
		c.Start.Faults = []table.HostFault{d.startFault(keys)}
	}
	var w *model.World
	for range 4 { // a refused configuration ends the case
		c.Config = d.drawConfiguration(keys)
		c.Clusters = d.clusters()
		if w = model.Begin(c); w.Case.Start.Accepted {
			break
		}
	}
	if !w.Case.Start.Accepted {
		return w.Case
	}
	for range 2 + d.below(10) {
		w.Do(d.step(w, keys))
	}
	return endStreams(w)
}

// drawConfiguration gives a legal configuration. The dice remember what is in it.
func (d *dice) drawConfiguration(keys []string) []byte {
	c := d.legalConfiguration(keys)
	d.changing = d.changing || strings.Contains(c, "equest_headers")
	return []byte(c)
}

// endStreams ends the open streams: a case has to end them.
func endStreams(w *model.World) table.Case {
	for _, name := range w.Open() {
		w.Do(table.Step{Times: 1, Finish: name})
	}
	return w.Case
}

// replay runs the steps of a case on the model, without those that are impossible.
func replay(c table.Case) *model.World {
	w := model.Begin(c)
	for _, s := range c.Steps {
		w.Do(s)
	}
	return w
}

// complete gives a possible case, from its beginning to its end, with what the model expects.
func complete(c table.Case) table.Case { return endStreams(replay(c)) }

func (d *dice) step(w *model.World, keys []string) table.Step {
	var s table.Step
	switch n := d.below(16); {
	case n < 4:
		s.Advance = d.duration(5000)
	case n == 4:
		s.Jump = pick(d, -time.Hour, time.Hour, -time.Millisecond, d.duration(86_400_000))
	case n == 5:
		s.Configure = d.configure(keys)
	case n < 11:
		s = d.continuation(w)
	}
	if !s.Exchanges() && s.Answer == nil && s.Advance == 0 && s.Jump == 0 && s.Configure == nil {
		s = d.exchange(w)
	}
	s.Times = 1
	if d.oneIn(6) || s.Answer != nil && d.oneIn(3) {
		switch {
		case s.Answer != nil:
			s.Faults = []table.HostFault{d.fault("proxy_continue_stream")}
		case s.Configure != nil:
			s.Faults = []table.HostFault{d.fault("proxy_get_buffer_bytes", "proxy_define_metric")}
		default:
			s.Faults = []table.HostFault{d.fault()}
		}
	}
	if d.oneIn(4) {
		s.Clusters = d.clusters()
	}
	return s
}

// duration is mostly about as long as one in a configuration. A day would bring thousands of ticks, so only jumps are
// as long as that.
func (d *dice) duration(most int) time.Duration {
	ms := pick(d, append([]int{1, 500, 1000, 5000}, d.times...)...)
	return max(1, time.Duration(min(ms, most)+pick(d, 0, 0, 1, -1))) * time.Millisecond
}

func (d *dice) configure(keys []string) *table.Configure {
	c := &table.Configure{Plugin: pick(d, contexts...), Config: d.drawConfiguration(keys)}
	if c.Plugin == table.Main {
		c.Plugin = ""
	}
	if d.oneIn(6) {
		c.Config = []byte(d.withFault(string(c.Config), keys))
	}
	return c
}

// exchange is a request to one of the contexts, at once or part by part.
func (d *dice) exchange(w *model.World) table.Step {
	s := table.Step{}
	plugin := pick(d, w.Plugins()...)
	if plugin != table.Main {
		s.Plugin = plugin
	}
	s.Request = d.request(w.Key(plugin))
	if free := slices.DeleteFunc(slices.Clone(names), func(n string) bool {
		return slices.Contains(w.Open(),
			n)
	}); len(free) > 0 && !d.oneIn(3) {
		s.Stream = free[0]
		s.HeadersOnly = (s.Request.Body != nil || s.Request.Trailers != nil) && d.oneIn(2)
	}
	return s
}

// continuation is a step that continues an open stream or answers a waiting call; an empty step when there is
// neither.
func (d *dice) continuation(w *model.World) table.Step {
	var all []table.Step
	for _, name := range w.Open() {
		all = append(all, table.Step{Upload: name}, table.Step{Respond: name}, table.Step{Finish: name},
			table.Step{Close: name})
	}
	for i, call := range w.Waiting() {
		all = append(all, table.Step{Answer: &table.Answered{Call: call}})
		if i == 0 {
			all = append(all, table.Step{Answer: &table.Answered{}}, table.Step{Answer: &table.Answered{}})
		}
	}
	all = slices.DeleteFunc(all, func(s table.Step) bool { return !w.Possible(s) })
	if len(all) == 0 {
		return table.Step{}
	}
	s := pick(d, all...)
	if s.Answer != nil {
		s.Answer.Answer = d.answer()
	}
	return s
}
