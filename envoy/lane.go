package envoy

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/header-auth/header-auth/conformance/suite"
	"github.com/header-auth/header-auth/conformance/table"
	"github.com/header-auth/header-auth/envoy/proxy"
	"github.com/header-auth/header-auth/envoy/rewrite"
	"github.com/header-auth/header-auth/envoy/wire"
	"github.com/header-auth/header-auth/host/headermap"
)

//go:embed lua/outer.lua
var outerLua string

//go:embed lua/inner.lua
var innerLua string

//go:embed lua/pack.lua
var packLua string

// markerLua writes a line into Envoy's log: when it is read, all lines before it have been.
const markerLua = `function envoy_on_request(handle) handle:logErr("marker " .. handle:headers():get(":path")) end`

// patience is how long something that must come may take before the case goes on without it. Nothing waits for it but a
// plugin that does not behave.
const patience = 3 * time.Second

// workerTime is how long the worker may be busy: as long as a call into a module may take.
const workerTime = suite.Deadline

// errWorker says that the worker hangs, which nothing but a plugin's callback makes it do.
var errWorker = errors.New("the worker of this Envoy does not answer any more")

// startTime is how long the start of a plugin may take, which may have to be compiled.
const startTime = 30 * time.Second

// lane is one Envoy with the sockets around it. One case runs in it at a time.
type lane struct {
	process  *proxy.Process
	clock    *proxy.Clock
	modules  [2]string // paths: watched; failing as well, "" when no case needs it
	cases    int       // so far
	tokens   int       // so far
	marker   *wire.Conn
	markers  int
	services map[string]*service // by cluster
	clusters []table.Cluster     // that Envoy has, besides the upstream's
	upstream *upstream

	mu       sync.Mutex
	changed  chan struct{} // closed with each change, and replaced
	activity int           // changes but for markers
	marked   int           // the last marker that was read
	verdicts map[string]string
	vms      int // that live
	baseVMs  int // of the base listeners
	worker   journal
	main     journal
}

// newLane starts an Envoy for a module.
func newLane(ctx context.Context, program string, watched, failing []byte) (_ *lane, err error) {
	dir, err := proxy.MakeDir()
	if err != nil {
		return nil, err
	}
	l := &lane{changed: make(chan struct{}), verdicts: map[string]string{}, services: map[string]*service{}}
	defer func() {
		if err != nil {
			l.close()
			os.RemoveAll(dir)
		}
	}()
	for i, wasm := range [][]byte{watched, failing} {
		if wasm == nil {
			continue
		}
		l.modules[i] = filepath.Join(dir, fmt.Sprintf("module%d.wasm", i))
		if err := os.WriteFile(l.modules[i], wasm, 0o600); err != nil {
			return nil, err
		}
	}
	control := filepath.Join(dir, "control.wasm")
	if err := os.WriteFile(control, rewrite.Control(), 0o600); err != nil {
		return nil, err
	}
	if l.clock, err = proxy.NewClock(ctx, dir, epoch); err != nil {
		return nil, err
	}
	o := proxy.Options{Program: program, Clock: l.clock, Trace: true, Line: l.line, Listeners: l.base(control)}
	if l.process, err = proxy.Start(ctx, dir, o); err != nil {
		return nil, err
	}
	if l.upstream, err = l.listenUpstream(); err != nil {
		return nil, err
	}
	if err := l.setClusters(ctx, nil); err != nil {
		return nil, err
	}
	for _, base := range o.Listeners {
		verdict, err := l.await(ctx, base.Name)
		if err == nil && verdict != accepted && base.Name == "marker" {
			err = fmt.Errorf("envoy: its first listener: %s", verdict)
		}
		if err != nil {
			return nil, err
		}
	}
	if l.marker, err = wire.Dial(l.process.Socket("marker")); err != nil {
		return nil, err
	}
	go l.marker.Read(ignore{})
	if err := l.settle(ctx, nil); err != nil {
		return nil, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.baseVMs = l.vms
	return l, nil
}

// base are the listeners that are there for all cases. Those of the modules keep V8 from compiling them again for each
// case: compiled code is shared as long as one VM has it.
func (l *lane) base(control string) []proxy.Listener {
	all := []proxy.Listener{
		{Name: "marker", Filters: []proxy.Filter{{Lua: markerLua}}},
		{Name: "control", Filters: []proxy.Filter{{Module: control, Plugin: "control", VM: "control"}}},
	}
	for i, module := range l.modules {
		if module != "" {
			name := "keep" + strconv.Itoa(i)
			all = append(all, proxy.Listener{Name: name, Filters: []proxy.Filter{{Module: module, Plugin: name, VM: name}}})
		}
	}
	return all
}

func (l *lane) setListeners(more ...proxy.Listener) error {
	return l.process.SetListeners(append(l.base(filepath.Join(l.process.Dir, "control.wasm")), more...)...)
}

func (l *lane) close() {
	if l.process != nil {
		l.process.Stop()
	}
	if l.clock != nil {
		l.clock.Close()
	}
	if l.upstream != nil {
		l.upstream.listener.Close()
	}
	for _, s := range l.services {
		s.close()
	}
}

const accepted = "accepted"

// line is given each line of Envoy's log.
func (l *lane) line(line proxy.Line) {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case line.Logger == "lua":
		if _, n, ok := strings.Cut(line.Text, "marker /"); ok {
			l.marked, _ = strconv.Atoi(n)
		}
		l.wake()
		return
	case line.Logger == "wasm" && line.Level == "debug" && l.living(line.Text):
	case line.Logger == "wasm" && line.Main:
		l.main.line(line)
	case line.Logger == "wasm":
		l.worker.line(line)
	case line.Logger == "upstream" || line.Logger == "config":
		l.verdict(line.Text)
	}
	l.activity++
	l.wake()
}

// living reads how many VMs there are: "Thread-Local Wasm created 3 now active", "~Wasm 2 remaining active".
func (l *lane) living(text string) bool {
	for _, end := range []string{" now active", " remaining active"} {
		if rest, ok := strings.CutSuffix(text, end); ok && !strings.HasPrefix(text, "wasm log") {
			n, err := strconv.Atoi(rest[strings.LastIndexByte(rest, ' ')+1:])
			if err == nil {
				l.vms = n
			}
			return true
		}
	}
	return false
}

// verdict reads what Envoy says of a listener, a filter or the clusters:
//
//	lds: add/update listener 'NAME'
//	Filesystem config update rejected: Error adding/updating listener(s) NAME: REASON\n
//	Filesystem config update rejected: REASON
//	cds: added/updated 1 cluster(s) …
func (l *lane) verdict(text string) {
	if name, ok := strings.CutPrefix(text, "lds: add/update listener '"); ok {
		l.verdicts[strings.TrimSuffix(name, "'")] = accepted
	} else if strings.HasPrefix(text, "cds: added/updated ") {
		l.verdicts[clusterVerdict] = accepted
	} else if rest, ok := strings.CutPrefix(text, "Filesystem config update rejected: "); ok {
		list, ok := strings.CutPrefix(rest, "Error adding/updating listener(s) ")
		if !ok {
			l.verdicts[filterVerdict] = rest
			return
		}
		for line := range strings.Lines(list) {
			name, reason, _ := strings.Cut(strings.TrimSpace(line), ": ")
			l.verdicts[name] = reason
		}
	}
}

const (
	clusterVerdict = "clusters"
	filterVerdict  = "filter"
)

// wake is called with the lock held.
func (l *lane) wake() {
	close(l.changed)
	l.changed = make(chan struct{})
}

// happened notes that a socket of ours has seen something. The lock is held.
func (l *lane) happened() {
	l.activity++
	l.wake()
}

// errPatience says that something did not come.
var errPatience = errors.New("it did not come in time")

// until waits for a condition, which is asked with the lock held.
func (l *lane) until(ctx context.Context, so func() bool) error { return l.within(ctx, patience, so) }

func (l *lane) within(ctx context.Context, limit time.Duration, so func() bool) error {
	var late <-chan time.Time
	for {
		l.mu.Lock()
		ok, changed := so(), l.changed
		l.mu.Unlock()
		if ok {
			return nil
		}
		if late == nil {
			timer := time.NewTimer(limit)
			defer timer.Stop()
			late = timer.C
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		case <-l.process.Done():
			return l.process.Err()
		case <-late:
			return errPatience
		}
	}
}

// await gives Envoy's verdict on a listener, for which it may have to compile a module: accepted, or the reason why not.
func (l *lane) await(ctx context.Context, name string) (verdict string, err error) {
	err = l.within(ctx, startTime, func() bool { verdict = l.verdicts[name]; return verdict != "" })
	if errors.Is(err, errPatience) {
		err = &proxy.ExitError{What: fmt.Sprintf("no answer to %s within %v", name, startTime), Tail: l.process.Tail()}
	}
	return verdict, err
}

// mark waits until the worker has been through its events twice, and its log was read. A timer that has fallen due has
// then fired, and what was posted to the worker is done.
func (l *lane) mark(ctx context.Context) error {
	for range 2 {
		l.markers++
		err := l.marker.Headers(uint32(2*l.markers-1), headermap.Of(":method", "GET", ":path", "/"+strconv.Itoa(l.markers),
			":scheme", "http", ":authority", "marker"), true)
		if err != nil {
			return l.gone(err)
		}
		err = l.within(ctx, workerTime, func() bool { return l.marked >= l.markers })
		if errors.Is(err, errPatience) {
			err = errWorker
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// gone is the Envoy's end, if it has ended, in place of what a socket says of it.
func (l *lane) gone(err error) error {
	select {
	case <-l.process.Done():
		return l.process.Err()
	case <-time.After(patience):
		return err
	}
}

// settle waits until nothing moves any more: all that waits says is on its way has arrived, and a round through the
// worker brings nothing new.
func (l *lane) settle(ctx context.Context, waits func() bool) error {
	for {
		if waits != nil {
			if err := l.until(ctx, func() bool { return !waits() }); err != nil && !errors.Is(err, errPatience) {
				return err
			}
		}
		l.mu.Lock()
		before := l.activity
		l.mu.Unlock()
		if err := l.mark(ctx); err != nil {
			return err
		}
		l.mu.Lock()
		quiet := l.activity == before
		l.mu.Unlock()
		if quiet {
			return nil
		}
	}
}

// force puts a set of faults in force; 0: none.
func (l *lane) force(ctx context.Context, set int) error {
	l.tokens++
	c, err := wire.Dial(l.process.Socket("control"))
	if err != nil {
		return l.gone(err)
	}
	defer c.Close()
	done := &answered{done: make(chan struct{})}
	go c.Read(done)
	if err := c.Headers(1, headermap.Of(":method", "GET", ":path", "/", ":scheme", "http", ":authority", "control",
		rewrite.TokenHeader, rewrite.Token(set, l.tokens)), true); err != nil {
		return l.gone(err)
	}
	select {
	case <-done.done:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	case <-l.process.Done():
		return l.process.Err()
	}
}

// answered waits for any answer.
type answered struct {
	once sync.Once
	done chan struct{}
}

func (a *answered) Headers(uint32, []headermap.Header, bool) { a.once.Do(func() { close(a.done) }) }
func (a *answered) Data(uint32, []byte, bool)                {}
func (a *answered) Reset(uint32)                             {}
func (a *answered) Closed()                                  { a.once.Do(func() { close(a.done) }) }

// ignore takes no notice.
type ignore struct{}

func (ignore) Headers(uint32, []headermap.Header, bool) {}
func (ignore) Data(uint32, []byte, bool)                {}
func (ignore) Reset(uint32)                             {}
func (ignore) Closed()                                  {}
