package cost

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/header-auth/header-auth/bench/evidence"
	"github.com/header-auth/header-auth/envoy/proxy"
)

// startups adds listeners to a running Envoy, one after the other, and waits for the first answer of each.
func (m *measurement) startups(ctx context.Context) error {
	for n := range m.Plan.StartupSamples {
		m.say(fmt.Sprintf("start of listeners, %d of %d", n+1, m.Plan.StartupSamples))
		if err := m.startupSample(ctx, n); err != nil {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			m.note("start of listeners, sample %d: %s", n+1, firstLine(err))
		}
		m.done += startupSeconds
		if err := m.save(); err != nil {
			return err
		}
	}
	return nil
}

func (m *measurement) startupSample(ctx context.Context, n int) error {
	var late []contestant
	var there []contestant
	for _, c := range m.contestants {
		switch {
		case c.name == evidence.NullGuest: // so that V8 is there
			there = append(there, c)
		case c.name == evidence.NoFilter || slices.ContainsFunc(m.Builds, func(b Build) bool { return b.Name == c.name }):
			if !m.out(c.name, m.scenarios[0].id) {
				late = append(late, c)
			}
		}
	}
	e, err := m.start(ctx, there)
	if err != nil {
		return err
	}
	defer e.stop()
	m.random.Shuffle(len(late), func(i, j int) { late[i], late[j] = late[j], late[i] })
	listeners := []proxy.Listener{there[0].listen()}
	for i := range late {
		before, err := anonymous(e.PID())
		if err != nil {
			return err
		}
		listeners = append(listeners, late[i].listen())
		begin := time.Now()
		if err := e.SetListeners(listeners...); err != nil {
			return err
		}
		if err := m.firstAnswer(ctx, e, session{&late[i], &m.scenarios[0]}); err != nil {
			return fmt.Errorf("%s: %w", late[i].name, err)
		}
		took := time.Since(begin)
		after, err := anonymous(e.PID())
		if err != nil {
			return err
		}
		m.r.Startups = append(m.r.Startups, evidence.ListenerTime{Build: late[i].name, Sample: n, Nanos: took.Nanoseconds(),
			Bytes: after - before})
	}
	return nil
}

// listenTime is how long a listener may take to answer first.
const listenTime = 60 * time.Second

// firstAnswer tries until the listener answers.
func (m *measurement) firstAnswer(ctx context.Context, e *running, s session) error {
	for begin := time.Now(); ; {
		c, err := dial(e.Socket(s.listener), 1, s.request, s.status(s.scenario))
		if err == nil {
			c.close()
			return nil
		}
		if wrong := new(WrongError); errors.As(err, &wrong) {
			return err
		}
		if ended := e.ended(); ended != nil {
			return ended
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if time.Since(begin) > listenTime {
			return fmt.Errorf("no answer %v after its listener was added: %w; the end of the Envoy's log: %v", listenTime,
				err, e.Tail())
		}
		time.Sleep(200 * time.Microsecond)
	}
}
