package probe

import (
	"context"
	"slices"
)

// Differs says of scripts whether host and Envoy differ on them.
type Differs func(context.Context, []*Script) ([]bool, error)

// Shrink takes out of a script what it can do without and still differ. It tries all that is one thing shorter at once.
func Shrink(ctx context.Context, s *Script, differs Differs) (*Script, error) {
	for {
		shorter := s.shorter()
		if len(shorter) == 0 {
			return s, nil
		}
		next, err := first(ctx, shorter, differs)
		if err != nil || next == nil {
			return s, err
		}
		s = next
	}
}

// first is the first script that differs, nil when none does.
func first(ctx context.Context, scripts []*Script, differs Differs) (*Script, error) {
	still, err := differs(ctx, scripts)
	if err != nil {
		return nil, err
	}
	if at := slices.Index(still, true); at >= 0 {
		return scripts[at], nil
	}
	return nil, nil
}

func (s *Script) clone() *Script {
	c := *s
	c.Handlers = slices.Clone(s.Handlers)
	for i := range c.Handlers {
		c.Handlers[i].Steps = slices.Clone(c.Handlers[i].Steps)
	}
	c.Events = slices.Clone(s.Events)
	return &c
}

// shorter are the scripts with one thing less, larger things first. None is one that is known to differ.
func (s *Script) shorter() (all []*Script) {
	add := func(change func(*Script)) {
		c := s.clone()
		if change(c); Expected(c) == "" {
			all = append(all, c)
		}
	}
	for i := range s.Handlers {
		add(func(c *Script) { c.Handlers = slices.Delete(c.Handlers, i, i+1) })
	}
	for i := len(s.Events) - 1; i > 0; i-- {
		if i < len(s.Events)-1 {
			add(func(c *Script) { c.Events = c.Events[:i+1] })
		}
	}
	for i := range s.Events {
		add(func(c *Script) { c.Events = slices.Delete(c.Events, i, i+1) })
	}
	for i, h := range s.Handlers {
		for j := range h.Steps {
			add(func(c *Script) { c.Handlers[i].Steps = slices.Delete(c.Handlers[i].Steps, j, j+1) })
		}
	}
	if s.Policy != "" {
		add(func(c *Script) { c.Policy = "" })
	}
	if s.StopIteration {
		add(func(c *Script) { c.StopIteration = false })
	}
	if s.Limit > 0 {
		add(func(c *Script) { c.Limit = 0 })
	}
	if s.HTTP1 {
		add(func(c *Script) { c.HTTP1, c.Limit = false, 0 })
	}
	if s.ABI != "0_2_1" {
		add(func(c *Script) { c.ABI = "0_2_1" })
	}
	for i, h := range s.Handlers {
		if h.Nth > 0 {
			add(func(c *Script) { c.Handlers[i].Nth = 0 })
		}
	}
	for i, e := range s.Events {
		least := map[string]int{Request: 1, Response: 1, CallAnswer: 2, GrpcEnd: 2, RequestTrailers: 2,
			ResponseTrailers: 2}[e.Kind]
		if len(e.Args) >= least+2 {
			add(func(c *Script) { c.Events[i].Args = e.Args[:least:least] })
		}
	}
	return all
}
