package probe

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/header-auth/header-auth/envoy/proxy"
	"github.com/header-auth/header-auth/envoy/wire"
	"github.com/header-auth/header-auth/host/headermap"
)

// Envoy is a real one, in which many scripts run side by side: each has a listener, a VM, an upstream and a service of
// its own. The clock stands until all scripts of a batch wait for it.
type Envoy struct {
	program string
	process *proxy.Process
	clock   *proxy.Clock
	marker  *wire.Conn
	markers int
	batches int

	mu       sync.Mutex
	changed  chan struct{} // closed with each change, and replaced
	activity int           // changes but for markers
	marked   int           // the last marker that was read
	slots    map[string]*slot
	verdicts map[string]string
	clusters int // that were taken since the last batch
}

const accepted = "accepted"

// markerLua writes a line into Envoy's log: when it is read, all lines before it have been.
const markerLua = `function envoy_on_request(handle) handle:logErr("marker " .. handle:headers():get(":path")) end`

// Start runs an Envoy.
func Start(ctx context.Context, program string) (_ *Envoy, err error) {
	dir, err := proxy.MakeDir()
	if err != nil {
		return nil, err
	}
	v := &Envoy{program: program, changed: make(chan struct{}), slots: map[string]*slot{}, verdicts: map[string]string{}}
	defer func() {
		if err != nil {
			v.Stop()
			os.RemoveAll(dir)
		}
	}()
	if v.clock, err = proxy.NewClock(ctx, dir, time.Unix(1_700_000_000, 0)); err != nil {
		return nil, err
	}
	module := filepath.Join(dir, "base.wasm")
	if err := os.WriteFile(module, Build(&Script{ABI: "0_2_1"}, probeName, false).Wasm, 0o600); err != nil {
		return nil, err
	}
	v.process, err = proxy.Start(ctx, dir, proxy.Options{Program: program, Clock: v.clock, Info: true, Line: v.line,
		Listeners: v.base(module)})
	if err != nil {
		return nil, err
	}
	if v.marker, err = wire.Dial(v.process.Socket("marker")); err != nil {
		return nil, err
	}
	go v.marker.Read(deaf{})
	return v, v.mark(ctx)
}

// base are the listeners that are always there. A plugin is among them, because Envoy 1.37 dies when
// its first one comes later.
func (v *Envoy) base(module string) []proxy.Listener {
	return []proxy.Listener{{Name: "marker", Filters: []proxy.Filter{{Lua: markerLua}}},
		{Name: "base", Filters: []proxy.Filter{{Module: module, Plugin: "base", VM: "base"}}}}
}

// Stop ends the Envoy.
func (v *Envoy) Stop() {
	if v.process != nil {
		v.process.Stop()
	}
	if v.clock != nil {
		v.clock.Close()
	}
}

// deaf hears nothing of a connection.
type deaf struct{}

func (deaf) Headers(uint32, []headermap.Header, bool) {}
func (deaf) Data(uint32, []byte, bool)                {}
func (deaf) Reset(uint32)                             {}
func (deaf) Closed()                                  {}

// happened notes a change. The lock is held.
func (v *Envoy) happened() {
	v.activity++
	v.wake()
}

func (v *Envoy) wake() {
	close(v.changed)
	v.changed = make(chan struct{})
}

// line is given each line of Envoy's log.
func (v *Envoy) line(l proxy.Line) {
	v.mu.Lock()
	defer v.mu.Unlock()
	switch {
	case l.Logger == "lua":
		if _, n, ok := strings.Cut(l.Text, "marker /"); ok {
			v.marked, _ = strconv.Atoi(n)
			v.wake()
			return
		}
	case l.Logger == "wasm" && !l.Main:
		// "wasm log NAME VM: TEXT" of a stream, "wasm log VM: TEXT" of a plugin. The two have one name here.
		prefix, text, ok := strings.Cut(l.Text, ": ")
		if !ok {
			return
		}
		vm := prefix[strings.LastIndexByte(prefix, ' ')+1:]
		name, second := strings.CutSuffix(vm, secondSuffix)
		if s := v.slots[name]; s != nil && strings.HasPrefix(prefix, "wasm log ") {
			s.logged = append(s.logged, logged{second, text})
		}
	case l.Logger == "upstream" && strings.HasPrefix(l.Text, "cds: added/updated "):
		// Each file that is published makes Envoy read all, so there are lines that say 0.
		n, _, _ := strings.Cut(strings.TrimPrefix(l.Text, "cds: added/updated "), " ")
		added, _ := strconv.Atoi(n)
		v.clusters += added
	case l.Logger == "upstream" || l.Logger == "config":
		v.verdict(l.Text)
	}
	v.happened()
}

// verdict reads what Envoy says of a listener.
func (v *Envoy) verdict(text string) {
	if name, ok := strings.CutPrefix(text, "lds: add/update listener '"); ok {
		v.verdicts[strings.TrimSuffix(name, "'")] = accepted
	} else if rest,
		ok := strings.CutPrefix(text, "Filesystem config update rejected: Error adding/updating listener(s) "); ok {
		for line := range strings.Lines(rest) {
			name, reason, _ := strings.Cut(strings.TrimSpace(line), ": ")
			v.verdicts[name] = reason
		}
	}
}

// errLate says that something did not come in time, errBusy that it was the worker.
var (
	errLate = errors.New("envoy does not answer")
	errBusy = errors.New("envoy's worker is busy for ever")
)

// within waits for a condition, which is asked with the lock held.
func (v *Envoy) within(ctx context.Context, limit time.Duration, so func() bool) error {
	timer := time.NewTimer(limit)
	defer timer.Stop()
	for {
		v.mu.Lock()
		ok, changed := so(), v.changed
		v.mu.Unlock()
		if ok {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		case <-v.process.Done():
			return v.process.Err()
		case <-timer.C:
			return errLate
		}
	}
}

// workerTime is how long the worker may be busy.
const workerTime = 10 * time.Second

// mark waits until the worker has been through its events twice, and its log was read.
func (v *Envoy) mark(ctx context.Context) error {
	for range 2 {
		v.markers++
		err := v.marker.Headers(uint32(2*v.markers-1), headermap.Of(":method", "GET", ":path", "/"+strconv.Itoa(v.markers),
			":scheme", "http", ":authority", "marker"), true)
		if err != nil {
			return v.gone(err)
		}
		err = v.within(ctx, workerTime, func() bool { return v.marked >= v.markers })
		if errors.Is(err, errLate) {
			err = errBusy
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// gone is the Envoy's end, if it has ended, in place of what a socket says of it.
func (v *Envoy) gone(err error) error {
	select {
	case <-v.process.Done():
		return v.process.Err()
	case <-time.After(3 * time.Second):
		return err
	}
}

// settle waits until nothing moves any more. With so, it is enough that so holds. What is on its way between two
// sockets is in no log: so that nothing is missed, it waits for grace without a change.
func (v *Envoy) settle(ctx context.Context, grace time.Duration, so func() bool) error {
	for {
		if err := v.mark(ctx); err != nil {
			return err
		}
		v.mu.Lock()
		before, done := v.activity, so()
		v.mu.Unlock()
		if done {
			return nil
		}
		err := v.within(ctx, grace, func() bool { return so() || v.activity != before })
		if errors.Is(err, errLate) {
			return v.mark(ctx) // it lives
		}
		if err != nil {
			return err
		}
	}
}

// slot is a script in the Envoy.
type slot struct {
	v      *Envoy
	name   string
	script *Script
	plugins
	want   Answer // what is expected, event by event
	shown  int    // lines of want that were passed
	answer Answer
	next   int // event

	listeners []net.Listener
	refused   bool
	stream    *stream
	leaving   bool

	// Guarded by the Envoy's lock.
	logged []logged
	calls  []*arrival // at the service, in the order in which they came
}

// stream is one request of a slot.
type stream struct {
	slot     *slot
	conn     wire.Client
	client   side
	upstream side
	arrived  []*arrival
	sent     bool // the request, to its end
	headers  bool // of the response were seen
	ended    bool // for the client
}

// arrival is a request at the upstream or at the service.
type arrival struct {
	slot    *slot
	call    bool
	second  bool // of the second plugin
	grpc    bool // a gRPC call
	conn    *wire.Conn
	id      uint32
	side    *side // of a call
	stream  *stream
	headers bool
	ended   bool // the request was seen to its end
	broken  bool // Envoy waits for no answer

	answered, whole bool // the response was begun, and sent to its end
}

// Headers, Data, Reset and Closed of a stream are what the client sees.
func (s *stream) Headers(_ uint32, h []headermap.Header, end bool) {
	v := s.slot.v
	v.mu.Lock()
	defer v.mu.Unlock()
	if s.ended {
		return
	}
	if s.headers && (len(h) == 0 || h[0].Name != ":status") {
		s.client.trailers(h)
	} else {
		s.headers = true
		s.client.headers(h)
	}
	s.end(end)
}

func (s *stream) Data(_ uint32, b []byte, end bool) {
	s.slot.v.mu.Lock()
	defer s.slot.v.mu.Unlock()
	if !s.ended {
		s.client.data(b)
		s.end(end)
	}
}

func (s *stream) end(now bool) {
	if now {
		s.client.end()
		s.ended = true
	}
	s.slot.v.happened()
}

func (s *stream) Reset(uint32) { s.Closed() }

func (s *stream) Closed() {
	s.slot.v.mu.Lock()
	defer s.slot.v.mu.Unlock()
	if !s.ended && !s.slot.leaving {
		s.client.reset()
	}
	s.ended = true
	s.slot.v.happened()
}

// Headers, Data, Reset and Closed of an arrival are what the upstream, or the service, sees.
func (a *arrival) Headers(id uint32, h []headermap.Header, end bool) {
	v := a.slot.v
	v.mu.Lock()
	defer v.mu.Unlock()
	if !a.call && a.stream == nil && a.slot.stream != nil { // a connection may have been made for an earlier request
		a.stream = a.slot.stream
		a.stream.arrived = append(a.stream.arrived, a)
	}
	to := a.to()
	if to == nil {
		return
	}
	switch {
	case a.headers:
		to.trailers(h)
	case a.call && isGrpc(h):
		a.grpc = true
		to.headers(ofGrpcCall(h))
	case a.call:
		to.headers(withoutScheme(h))
	default:
		to.headers(h)
	}
	a.id, a.headers = id, true
	a.end(end)
}

// to is where the arrival is written down. The lock is held.
func (a *arrival) to() *side {
	if a.call {
		return a.side
	}
	if a.stream == nil {
		return nil
	}
	return &a.stream.upstream
}

func (a *arrival) Data(_ uint32, b []byte, end bool) {
	a.slot.v.mu.Lock()
	defer a.slot.v.mu.Unlock()
	if to := a.to(); to != nil {
		to.data(b)
		a.end(end)
	}
}

func (a *arrival) end(now bool) {
	if now {
		a.ended = true
		if !a.call {
			a.stream.upstream.end()
		} else if a.grpc {
			a.side.end()
		}
	}
	a.slot.v.happened()
}

func (a *arrival) Reset(uint32) { a.Closed() }

func (a *arrival) Closed() {
	a.slot.v.mu.Lock()
	defer a.slot.v.mu.Unlock()
	if to := a.to(); to != nil && !a.ended && a.headers && !a.call {
		to.reset()
	}
	a.ended, a.broken = true, true
	a.slot.v.happened()
}

// listen serves a socket of the slot: its upstream, or a plugin's service. What arrives is as the given arrival.
func (s *slot) listen(path string, kind arrival) error {
	l, err := net.Listen("unix", path)
	if err != nil {
		return fmt.Errorf("listen: %w", err)
	}
	s.listeners = append(s.listeners, l)
	go func() {
		for {
			raw, err := l.Accept()
			if err != nil {
				return
			}
			a := &arrival{slot: s, call: kind.call, second: kind.second}
			s.v.mu.Lock()
			if a.call {
				a.side = &side{}
				s.calls = append(s.calls, a)
			}
			s.v.mu.Unlock()
			go func() {
				c, err := wire.Accept(raw)
				if err != nil {
					raw.Close()
					return
				}
				a.conn = c
				c.Read(a)
			}()
		}
	}()
	return nil
}
