package cost

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"github.com/header-auth/header-auth/bench/evidence"
	"github.com/header-auth/header-auth/conformance/table"
	"github.com/header-auth/header-auth/envoy/obtain"
	"github.com/header-auth/header-auth/envoy/proxy"
)

// Config says what is measured and how.
type Config struct {
	Plan   evidence.EnvoyPlan
	Seed   uint64
	Envoy  obtain.Envoy
	Cases  []table.Case // Fits gives nil for each
	Builds []Build      // at least one; the first is timed against itself
	Dir    string       // absolute path of a folder for guests and libraries
	// Save is given the report each time that something was added, so that a run that is killed has
	// left what it had. nil: none.
	Save func(*evidence.OnEnvoy) error
	// Progress is told what runs, the share that is done, and an estimate of the time that is left; 0: none
	// yet. nil: it is not told.
	Progress func(what string, done float64, left time.Duration)
}

// Build is a module under test.
type Build struct{ Name, Path string } // Path is absolute

// Fits says why a case cannot be timed on Envoy; nil: it can.
func Fits(c *table.Case) error {
	switch {
	case len(c.Steps) != 1 || c.Steps[0].Request == nil:
		return errors.New("it has not exactly one request")
	case c.Config != nil || len(c.Clusters) > 0:
		return errors.New("it has a configuration or clusters; on Envoy requests to a plugin without configuration are timed")
	case len(c.Steps[0].Request.Body) > 0 || c.Steps[0].Request.Trailers != nil:
		return errors.New("its request has a body; on Envoy requests of headers alone are timed")
	}
	_, err := requestText(&c.Steps[0])
	return err
}

// Run measures and fills in the report: every list of samples, refusals and notes. When it is interrupted the report
// has what was measured, and the error is the context's.
func Run(ctx context.Context, c Config, r *evidence.OnEnvoy) error {
	m := &measurement{Config: c, r: r, random: rand.New(rand.NewPCG(c.Seed, 2)), begun: time.Now(),
		failures: map[string]int{}}
	r.Run.Plan, r.Run.Seed = c.Plan, c.Seed
	if err := m.prepare(ctx); err != nil {
		return err
	}
	release, err := leaveProcessorToWorker()
	r.Run.Pinned = err == nil
	if err != nil {
		r.Run.Notes = append(r.Run.Notes, "the worker has no processor of its own: "+err.Error())
	}
	defer release()
	for _, phase := range []func(context.Context) error{m.processes, m.startups, m.soaks, m.crossingsOnHost} {
		if err := phase(ctx); err != nil {
			return err
		}
	}
	return nil
}

// measurement is one run.
type measurement struct {
	Config
	r           *evidence.OnEnvoy
	random      *rand.Rand
	scenarios   []scenario
	contestants []contestant
	begun       time.Time
	done, total float64        // seconds, as estimated
	failures    map[string]int // of Envoys, by what was running
}

// scenario is a request and what a build does with it.
type scenario struct {
	id      string
	request []byte
	answer  int // status that a build answers
	refused bool
}

func (m *measurement) save() error {
	if m.Save == nil {
		return nil
	}
	return m.Save(m.r)
}

// say tells what runs.
func (m *measurement) say(what string) {
	if m.Progress == nil {
		return
	}
	done, left := min(1, m.done/m.total), time.Duration(0)
	if done > 0.02 {
		left = time.Duration(float64(time.Since(m.begun)) * (1 - done) / done)
	}
	m.Progress(what, done, left)
}

func (m *measurement) note(format string, args ...any) {
	if text := fmt.Sprintf(format, args...); !slices.Contains(m.r.Run.Notes, text) {
		m.r.Run.Notes = append(m.r.Run.Notes, text)
	}
}

// refuse takes a contestant out of a scenario, or out of all with "".
func (m *measurement) refuse(contestant, scenario, reason string) {
	if m.out(contestant, scenario) {
		return
	}
	m.r.Refused = append(m.r.Refused, evidence.Refused{Build: contestant, Scenario: scenario, Reason: reason})
}

// out says whether a contestant was refused there.
func (m *measurement) out(contestant, scenario string) bool {
	return slices.ContainsFunc(m.r.Refused, func(f evidence.Refused) bool { return f.Of(contestant, scenario) })
}

// failed decides after an Envoy has ended while a contestant ran: once it may be anything, and the same is tried again;
// the second time it is the contestant's.
func (m *measurement) failed(contestant, scenario string, err error) {
	m.failures[contestant]++
	if m.failures[contestant] == 1 {
		m.note("an Envoy ended while %s was measured, and this was measured again: %s", contestant, firstLine(err))
		return
	}
	m.refuse(contestant, scenario, err.Error())
}

func firstLine(err error) string {
	line, _, _ := strings.Cut(err.Error(), "\n")
	return line
}

// How long things take on two idle cores, in seconds, for the progress.
const (
	eachSeconds    = 24e-6 // a request
	startSeconds   = 5     // of an Envoy with all listeners
	startupSeconds = 5     // a sample of start-ups
)

// estimate is how long the phases take.
func (m *measurement) estimate() {
	p := &m.Plan
	waits := 0
	for _, s := range m.sessions() {
		if s.waits(m) {
			waits++
		}
	}
	m.total = float64(p.Processes)*(startSeconds+float64(len(m.sessions())*p.Requests*(p.Rounds+1))*eachSeconds+
		float64(waits)*p.LatencySeconds) +
		float64(p.StartupSamples)*startupSeconds + float64(p.SoakRequests*(5*len(m.Builds)+1)/5)*eachSeconds
}

// start starts an Envoy with listeners, and pins its threads.
func (m *measurement) start(ctx context.Context, contestants []contestant) (*running, error) {
	dir, err := proxy.MakeDir()
	if err != nil {
		return nil, err
	}
	listeners := make([]proxy.Listener, len(contestants))
	for i := range contestants {
		listeners[i] = contestants[i].listen()
	}
	p, err := proxy.Start(ctx, dir, proxy.Options{Program: m.Envoy.Path, Listeners: listeners})
	if err != nil {
		return nil, err
	}
	e := &running{Process: p}
	if e.worker, err = pinned(p.PID(), m.r.Run.Pinned, true); err != nil {
		p.Stop()
		return nil, err
	}
	if slices.ContainsFunc(contestants, func(c contestant) bool { return c.name == evidence.ExtAuthz }) {
		if err := e.serve(ctx, m); err != nil {
			e.stop()
			return nil, err
		}
	}
	return e, nil
}

// running is an Envoy, and the service beside it where one is asked.
type running struct {
	*proxy.Process
	worker  thread
	service *running // nil: none
}

// serve starts the service that ext_authz asks: another Envoy, with its own filter for access rules.
func (e *running) serve(ctx context.Context, m *measurement) error {
	dir, err := proxy.MakeDir()
	if err != nil {
		return err
	}
	p, err := proxy.Start(ctx, dir, proxy.Options{Program: m.Envoy.Path, Listeners: []proxy.Listener{
		{Name: "service", Filters: []proxy.Filter{{Native: rbacFilter()}}}}})
	if err != nil {
		return fmt.Errorf("start the service that ext_authz asks: %w", err)
	}
	e.service = &running{Process: p}
	if e.service.worker, err = pinned(p.PID(), m.r.Run.Pinned, false); err != nil {
		return err
	}
	return e.SetClusters(proxy.Cluster{Name: serviceCluster, Socket: p.Socket("service"), Kept: true})
}

func (e *running) stop() {
	e.Stop()
	if e.service != nil {
		e.service.Stop()
	}
}

// ended is the end of the Envoy, or of its service; nil while both run.
func (e *running) ended() error {
	if err := e.Err(); err != nil || e.service == nil {
		return err
	}
	return e.service.Err()
}
