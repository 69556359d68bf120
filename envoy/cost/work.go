package cost

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"time"

	"github.com/header-auth/header-auth/bench/evidence"
)

// processes measures the worker's time and the latency, in one Envoy after the other. One that ends is started again.
func (m *measurement) processes(ctx context.Context) error {
	for n := 0; n < m.Plan.Processes; n++ {
		found, running, err := m.process(ctx, n)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil && running == "" {
			return err // no Envoy could be started at all
		}
		if err != nil {
			m.failed(running, "", err)
			n--
			continue
		}
		m.r.Work, m.r.Latencies = append(m.r.Work, found.work...), append(m.r.Latencies, found.latencies...)
		if err := m.save(); err != nil {
			return err
		}
	}
	return nil
}

// sample is what one Envoy gave.
type sample struct {
	work      []evidence.Work
	latencies []evidence.Latency
}

// process measures in one Envoy. With an error, running is the contestant that ran; "" when the Envoy did not start.
func (m *measurement) process(ctx context.Context, n int) (found sample, running string, err error) {
	m.say(fmt.Sprintf("Envoy %d of %d starts", n+1, m.Plan.Processes))
	var able []contestant
	for _, c := range m.contestants {
		if !m.out(c.name, "") {
			able = append(able, c)
		}
	}
	e, err := m.start(ctx, able)
	if err != nil {
		return found, "", err
	}
	defer e.stop()
	m.done += startSeconds
	rounds, running, err := m.rounds(ctx, e, n)
	if err != nil {
		return found, running, err
	}
	latencies, running, err := m.latencies(ctx, e, n)
	return sample{rounds, latencies}, running, err
}

// opened is a session with its connections and what was measured on them.
type opened struct {
	session
	client *client
	work   evidence.Work
	out    bool // it gave a wrong answer: nothing of it counts
}

// rounds are all contestants in all scenarios in turns. With an error, name is the contestant that ran.
func (m *measurement) rounds(ctx context.Context, e *running, process int) (work []evidence.Work, name string,
	err error) {
	all, name, err := m.openAll(ctx, e, process)
	defer func() {
		for _, o := range all {
			o.client.close()
		}
	}()
	if err != nil {
		return nil, name, err
	}
	inOrder := slices.Clone(all)
	warm := max(1, warmRequests/m.Plan.Requests) // rounds that do not count
	for round := -warm; round < m.Plan.Rounds; round++ {
		m.say(fmt.Sprintf("processor time, Envoy %d of %d, round %d of %d", process+1, m.Plan.Processes, max(0, round)+1,
			m.Plan.Rounds))
		m.random.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
		if name, err := m.round(ctx, e, all, round >= 0); err != nil {
			return nil, name, err
		}
	}
	for _, o := range inOrder {
		if !o.out {
			work = append(work, o.work)
		}
	}
	return work, "", nil
}

// openAll connects to the listeners of all sessions, in their order. Those that can't be measured are refused. What is
// open is returned with an error, too.
func (m *measurement) openAll(ctx context.Context, e *running, process int) (all []*opened, name string, err error) {
	for _, s := range m.sessions() {
		if m.out(s.name, "") {
			continue // its listener was refused
		}
		c, err := m.connect(ctx, e, s)
		switch wrong := new(WrongError); {
		case ctx.Err() != nil:
			return all, "", ctx.Err()
		case errors.Is(err, fs.ErrNotExist):
			m.refuse(s.name, "", "Envoy refuses it: "+e.refusal(s.listener))
			continue
		case errors.As(err, &wrong):
			m.refuse(s.name, s.place(), err.Error())
			continue
		case err != nil:
			if ended := e.awaitEnd(); ended != nil {
				return all, s.name, ended
			}
			m.refuse(s.name, s.place(), err.Error())
			continue
		}
		all = append(all, &opened{session: s, client: c,
			work: evidence.Work{Scenario: s.place(), Contestant: s.name, Process: process}})
	}
	return all, "", nil
}

// round measures each session once. One that gives a wrong answer is refused, and out.
func (m *measurement) round(ctx context.Context, e *running, all []*opened, counts bool) (name string, err error) {
	for _, o := range all {
		if o.out {
			continue
		}
		nanos, service, err := m.slice(ctx, e, o.client)
		m.done += float64(m.Plan.Requests) * eachSeconds
		if ctx.Err() != nil {
			return "", ctx.Err()
		}
		if err != nil {
			if ended := e.awaitEnd(); ended != nil {
				return o.name, ended
			}
			m.refuse(o.name, o.place(), err.Error())
			o.out = true
			continue
		}
		if counts {
			o.work.Nanos = append(o.work.Nanos, nanos)
			if o.name == evidence.ExtAuthz {
				o.work.Service = append(o.work.Service, service)
			}
		}
	}
	return "", nil
}

// connect waits until the listener answers as it should: a cluster may not be there yet.
func (m *measurement) connect(ctx context.Context, e *running, s session) (c *client, err error) {
	for begin := time.Now(); ; {
		c, err = dial(e.Socket(s.listener), m.Plan.Connections, s.request, s.status(s.scenario))
		if err == nil || s.name != evidence.ExtAuthz || time.Since(begin) > 5*time.Second || e.ended() != nil ||
			ctx.Err() != nil {
			return c, err
		}
		time.Sleep(10 * time.Millisecond)
	}
}

// refusal is what Envoy's log says of a listener that it refused.
func (e *running) refusal(listener string) string {
	lines := e.Tail()
	for i := len(lines) - 1; i >= 0; i-- {
		if _, why, found := strings.Cut(lines[i], listener+": "); found {
			why, _, _ = strings.Cut(why, `\n`) // as the log escapes the end of a line
			return why
		}
	}
	return "there is no such listener; the end of its log: " + strings.Join(lines[max(0, len(lines)-5):], "; ")
}

// awaitEnd gives an Envoy whose connections break the time to end.
func (e *running) awaitEnd() error {
	select {
	case <-e.Done():
	case <-time.After(2 * time.Second):
	}
	return e.ended()
}

// slice sends a round's requests and gives the processor time of one, in ns: the worker's, and that of the service's.
func (m *measurement) slice(ctx context.Context, e *running, c *client) (nanos, service float64, err error) {
	before, err := e.worker.time()
	if err != nil {
		return 0, 0, err
	}
	served := time.Duration(0)
	if e.service != nil {
		if served, err = e.service.worker.time(); err != nil {
			return 0, 0, err
		}
	}
	if _, err := c.run(ctx, m.Plan.Requests); err != nil {
		return 0, 0, err
	}
	if err := e.worker.awaitIdle(); err != nil { // proxy_on_log and what follows it come after the response
		return 0, 0, err
	}
	after, err := e.worker.time()
	if err != nil {
		return 0, 0, err
	}
	// A volley has a request for each connection.
	n := float64((m.Plan.Requests + m.Plan.Connections - 1) / m.Plan.Connections * m.Plan.Connections)
	if e.service != nil {
		now, err := e.service.worker.time()
		if err != nil {
			return 0, 0, err
		}
		service = float64(now-served) / n
	}
	return float64(after-before) / n, service, nil
}
