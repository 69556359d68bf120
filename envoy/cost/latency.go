package cost

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
	vegeta "github.com/tsenart/vegeta/v12/lib"

	"github.com/header-auth/header-auth/bench/evidence"
)

// latencies sends requests of the first scenario at a constant rate to each contestant that is no guest of one thing.
func (m *measurement) latencies(ctx context.Context, e *running, process int) (all []evidence.Latency, name string,
	err error) {
	if m.Plan.LatencySeconds == 0 {
		return nil, "", nil
	}
	var sessions []session
	for _, s := range m.sessions() {
		if s.waits(m) {
			sessions = append(sessions, s)
		}
	}
	m.random.Shuffle(len(sessions), func(i, j int) { sessions[i], sessions[j] = sessions[j], sessions[i] })
	for _, s := range sessions {
		m.say(fmt.Sprintf("latency, Envoy %d of %d, %s", process+1, m.Plan.Processes, s.name))
		found, err := m.latency(ctx, e.Socket(s.listener), s)
		if ctx.Err() != nil {
			return nil, "", ctx.Err()
		}
		if err != nil {
			if ended := e.awaitEnd(); ended != nil {
				return nil, s.name, ended
			}
			m.refuse(s.name, s.id, err.Error())
			continue
		}
		found.Scenario, found.Contestant, found.Process = s.id, s.name, process
		all = append(all, *found)
		m.done += m.Plan.LatencySeconds
	}
	return all, "", nil
}

// waits says whether the latency of a session is measured.
func (s session) waits(m *measurement) bool {
	return s.crossing == nil && s.name != evidence.Twin && s.scenario == &m.scenarios[0]
}

// latency counts from the time at which each request was to be sent: one that an earlier one holds up is late as well.
func (m *measurement) latency(ctx context.Context, socket string, s session) (*evidence.Latency, error) {
	each := time.Second / time.Duration(m.Plan.LatencyRate)
	all, err := m.attack(ctx, socket, s)
	if err != nil {
		return nil, err
	}
	var began time.Time // the time for which request 0 was meant: none is sent too early
	for _, a := range all {
		if meant := a.sent.Add(-time.Duration(a.seq) * each); began.IsZero() || meant.Before(began) {
			began = meant
		}
	}
	histogram := hdrhistogram.New(1, int64(time.Minute), 3)
	found := &evidence.Latency{Rate: m.Plan.LatencyRate}
	for _, a := range all {
		nanos := a.ended.Sub(began.Add(time.Duration(a.seq) * each)).Nanoseconds()
		found.Max = max(found.Max, nanos)
		_ = histogram.RecordValue(min(max(nanos, 1), int64(time.Minute))) // in range, hence no error
	}
	for _, bar := range histogram.Distribution() {
		if bar.Count > 0 {
			found.Counts = append(found.Counts, [2]int64{bar.To, bar.Count})
		}
	}
	return found, nil
}

// answered is a request, by its number, and its times.
type answered struct {
	seq         uint64
	sent, ended time.Time
}

// attack sends the requests. The error is that of a wrong answer, or the context's.
func (m *measurement) attack(ctx context.Context, socket string, s session) (all []answered, err error) {
	attacker := vegeta.NewAttacker(vegeta.UnixSocket(socket), vegeta.Timeout(answerTime),
		vegeta.Redirects(vegeta.NoFollow), vegeta.Workers(uint64(m.Plan.Connections)), vegeta.HTTP2(false))
	rate := vegeta.Rate{Freq: m.Plan.LatencyRate, Per: time.Second}
	duration := time.Duration(m.Plan.LatencySeconds * float64(time.Second))
	stopped := false
	for result := range attacker.Attack(vegeta.NewStaticTargeter(target(s.request)), rate, duration, s.name) {
		if ctx.Err() != nil && !stopped {
			attacker.Stop()
			stopped = true
		}
		switch want := s.status(s.scenario); {
		case err != nil: // the first one is told
		case result.Error != "" && result.Code == 0:
			err = errors.New(result.Error)
		case int(result.Code) != want:
			err = &WrongError{fmt.Sprint(want), fmt.Sprint(result.Code)}
		}
		all = append(all, answered{result.Seq, result.Timestamp, result.Timestamp.Add(result.Latency)})
	}
	return all, errors.Join(err, ctx.Err())
}

// target is a request in the text of HTTP/1.1 as vegeta takes it.
func target(request []byte) vegeta.Target {
	t := vegeta.Target{Header: http.Header{}}
	for i, line := range strings.Split(strings.TrimSuffix(string(request), "\r\n\r\n"), "\r\n") {
		if i == 0 {
			words := strings.Fields(line)
			t.Method, t.URL = words[0], words[1]
			continue
		}
		name, value, _ := strings.Cut(line, ": ")
		if name == "host" {
			t.URL = "http://" + value + t.URL
			continue
		}
		t.Header.Add(name, value)
	}
	return t
}
