package cost

import (
	"context"
	"fmt"
	"slices"

	"github.com/header-auth/header-auth/bench/evidence"
)

// soakPoints is how often a soak is looked at.
const soakPoints = 50

// soaks sends many requests of the first scenario to each build, in an Envoy of its own, and a fifth of them
// to one without a filter.
func (m *measurement) soaks(ctx context.Context) error {
	if m.Plan.SoakRequests == 0 || len(m.scenarios) == 0 {
		return nil
	}
	for _, c := range m.contestants {
		soaked := c.name == evidence.NoFilter || slices.ContainsFunc(m.Builds, func(b Build) bool { return b.Name == c.name })
		if !soaked || m.out(c.name, m.scenarios[0].id) {
			continue
		}
		requests := m.Plan.SoakRequests
		if c.name == evidence.NoFilter {
			requests /= 5
		}
		if err := m.soak(ctx, c, requests); err != nil {
			return err
		}
	}
	return nil
}

func (m *measurement) soak(ctx context.Context, c contestant, requests int) error {
	s := session{&c, &m.scenarios[0]}
	found := evidence.EnvoySoak{Contestant: c.name, Scenario: s.id}
	e, err := m.start(ctx, []contestant{c})
	if err != nil && ctx.Err() == nil {
		found.Ended = err.Error()
		m.r.Soaks = append(m.r.Soaks, found)
		return m.save()
	}
	if err != nil {
		return err
	}
	defer e.stop()
	err = m.soakIn(ctx, e, s, requests, &found)
	if ctx.Err() == nil && err != nil {
		if ended := e.awaitEnd(); ended != nil {
			err = ended
		}
		found.Ended = err.Error()
	}
	if len(found.Points) > 0 {
		m.r.Soaks = append(m.r.Soaks, found)
	}
	if err := m.save(); err != nil {
		return err
	}
	return ctx.Err()
}

func (m *measurement) soakIn(ctx context.Context, e *running, s session, requests int,
	found *evidence.EnvoySoak) error {
	client, err := m.connect(ctx, e, s)
	if err != nil {
		return err
	}
	defer client.close()
	bytes, err := anonymous(e.PID())
	if err != nil {
		return err
	}
	found.Points = append(found.Points, evidence.SoakPoint{Bytes: bytes})
	each := max(m.Plan.Connections, requests/soakPoints/m.Plan.Connections*m.Plan.Connections)
	for found.Requests < requests {
		m.say(fmt.Sprintf("memory of %s, %d of %d requests", s.name, found.Requests, requests))
		before, err := e.worker.time()
		if err != nil {
			return err
		}
		longest, err := client.run(ctx, each)
		if err != nil {
			return err
		}
		after, err := e.worker.time()
		if err != nil {
			return err
		}
		if bytes, err = anonymous(e.PID()); err != nil {
			return err
		}
		found.Requests += each
		found.Points = append(found.Points, evidence.SoakPoint{Requests: found.Requests, Bytes: bytes,
			Nanos: float64(after-before) / float64(each), Longest: longest.Nanoseconds()})
		m.done += float64(each) * eachSeconds
	}
	return nil
}
