package envoy

import (
	"context"
	_ "embed"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"sync"

	core "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"

	"github.com/header-auth/header-auth/conformance/table"
	"github.com/header-auth/header-auth/envoy/proxy"
	"github.com/header-auth/header-auth/envoy/rewrite"
	"github.com/header-auth/header-auth/envoy/wire"
)

//go:embed lua/outer.lua
var outerLua string

//go:embed lua/inner.lua
var innerLua string

//go:embed lua/pack.lua
var packLua string

// lane is one Envoy with the sockets around it. One case runs in it at a time.
type lane struct {
	process *proxy.Process
	groups  bool // see Engine
	// listenerUpdates is Engine.ListenerUpdates.
	listenerUpdates bool
	clock           *proxy.Clock
	modules         [2]string // paths: watched; failing as well, "" when no case needs it
	others          []other
	cases           int // so far
	tokens          int // so far
	marker          *wire.Conn
	markers         int
	services        map[string]*service // by cluster
	filtered        bool                // the services' answers go through a carrier
	clusters        []table.Cluster     // that Envoy has, besides the upstream's
	counted         bool                // the case before had metrics

	baseCounters map[string][2]int64 // of the base listeners
	upstream     *upstream
	refusing     int // a port that refuses connections
	release      func()

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
func newLane(ctx context.Context, g *Engine, node *core.Node) (_ *lane, err error) {
	dir, err := proxy.MakeDir()
	if err != nil {
		return nil, err
	}
	l := &lane{groups: g.groups, listenerUpdates: g.ListenerUpdates, others: slices.Clone(g.others),
		changed: make(chan struct{}), verdicts: map[string]string{}, services: map[string]*service{}}
	defer func() {
		if err != nil {
			l.close()
			os.RemoveAll(dir)
		}
	}()
	for i, wasm := range [][]byte{g.watched, g.failing} {
		if wasm == nil {
			continue
		}
		l.modules[i] = filepath.Join(dir, fmt.Sprintf("module%d.wasm", i))
		if err := os.WriteFile(l.modules[i], wasm, 0o600); err != nil {
			return nil, err
		}
	}
	for i := range l.others {
		o := &l.others[i]
		o.path = filepath.Join(dir, fmt.Sprintf("other%d.wasm", i))
		if err := os.WriteFile(o.path, o.wasm, 0o600); err != nil {
			return nil, err
		}
	}
	control := filepath.Join(dir, "control.wasm")
	for name, wasm := range ours() {
		if wasm, err = rewrite.Mark(wasm, rewrite.Apart); err != nil {
			return nil, err
		}
		if err := os.WriteFile(filepath.Join(dir, name+".wasm"), wasm, 0o600); err != nil {
			return nil, err
		}
	}
	if l.clock, err = proxy.NewClock(ctx, dir, epoch); err != nil {
		return nil, err
	}
	o := proxy.Options{Program: g.program, Clock: l.clock, Node: node, Trace: true, Line: l.line,
		Listeners: l.base(control)}
	if l.process, err = proxy.Start(ctx, dir, o); err != nil {
		return nil, err
	}
	if l.upstream, err = l.listenUpstream(); err != nil {
		return nil, err
	}
	if l.refusing, l.release, err = proxy.RefusingPort(); err != nil {
		return nil, err
	}
	if err := l.setClusters(ctx, nil, nil); err != nil {
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
	if l.baseCounters, err = l.counters(ctx); err != nil {
		return nil, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.baseVMs = l.vms
	return l, nil
}

// ours are the modules that belong to no case, by their names.
func ours() map[string][]byte {
	return map[string][]byte{"control": rewrite.Control(), "outer": outerCarrier(), "inner": innerCarrier(),
		"answer": rewrite.Carrier(rewrite.ResponseHeaders, -1, nil)}
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
	if l.release != nil {
		l.release()
	}
	for _, s := range l.services {
		s.close()
	}
}
