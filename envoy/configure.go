package envoy

import (
	"cmp"
	"context"
	"errors"
	"slices"

	"github.com/header-auth/header-auth/conformance/table"
	"github.com/header-auth/header-auth/envoy/proxy"
)

// configure makes a plugin context, or gives the one of that name another configuration.
func (r *run) configure(ctx context.Context, c *table.Configure) (refused bool, err error) {
	l, plugin := r.lane, cmp.Or(c.Plugin, table.Main)
	// A configuration that is refused never comes to the worker: the VM that has refused it was one of the main thread.
	defer func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		if lines := l.main.logs; refused {
			l.worker.logs = append(l.worker.logs, lines...)
			r.told = append(r.told, r.mainTold...)
		}
		l.main.logs, r.mainTold = nil, nil
	}()
	world := &r.table.World
	filter := proxy.Filter{Module: r.machines[0].path, Plugin: plugin, RootID: cmp.Or(c.RootID, world.RootID),
		VM: r.vmName, Config: c.Config, VMConfig: world.VM.Config, Environment: map[string]string{},
		FailurePolicy: cmp.Or(r.table.FailurePolicy, "fail_closed"), BodyWhileHeld: r.table.BodyWhileHeld}
	if plugin == table.Main {
		filter.Plugin = cmp.Or(world.Plugin, plugin)
	}
	for _, v := range world.VM.Environment {
		filter.Environment[v.Name] = v.Value
	}
	name := r.listener(plugin)
	l.mu.Lock()
	delete(l.verdicts, filterVerdict)
	delete(l.verdicts, name)
	r.configuring = plugin
	l.mu.Unlock()
	at := slices.IndexFunc(r.listeners, func(o proxy.Listener) bool { return o.Name == name })
	if at >= 0 && !l.listenerUpdates {
		return r.update(ctx, name, filter)
	}
	outer, inner := r.around()
	filters := slices.Concat(outer, r.chained(r.table.Chain.Before, filter), []proxy.Filter{filter},
		r.chained(r.table.Chain.Behind, filter), inner)
	if r.updated(plugin) && !l.listenerUpdates {
		filters[r.filterAt()].Updated = true
		if err := l.process.SetFilter(name, r.filterAt(), filter); err != nil {
			return false, err
		}
	}
	more := append(slices.Clone(r.listeners), proxy.Listener{Name: name, Filters: filters, Cluster: upstreamCluster,
		Branches: branches, Names: r.names})
	if at >= 0 {
		more = slices.Delete(more, at, at+1)
	}
	if err := l.setListeners(more...); err != nil {
		return false, err
	}
	verdict, err := l.await(ctx, name)
	if err != nil {
		return false, err
	}
	if verdict != accepted {
		return true, l.settle(ctx, nil)
	}
	r.listeners = more
	return false, r.settle(ctx)
}

// update gives a listener's plugin another configuration, as extension configuration discovery does.
func (r *run) update(ctx context.Context, listener string, filter proxy.Filter) (refused bool, err error) {
	l := r.lane
	l.mu.Lock()
	before := len(r.roots)
	l.mu.Unlock()
	if err := l.process.SetFilter(listener, r.filterAt(), filter); err != nil {
		return false, err
	}
	err = l.until(ctx, func() bool {
		refused = l.verdicts[filterVerdict] != ""
		return refused || len(r.roots) > before && r.newest.configured
	})
	if err != nil && !errors.Is(err, errPatience) {
		return false, err
	}
	return refused, r.settle(ctx)
}

// chained are the filters of plugins of the chain. Their VMs have one name, and those of one module are one VM.
func (r *run) chained(plugins []table.ChainPlugin, under proxy.Filter) (all []proxy.Filter) {
	for _, p := range plugins {
		f := under
		f.Module = r.machine(p.Module).path
		f.Plugin, f.RootID, f.Config = cmp.Or(p.Plugin, table.Main), p.RootID, p.Config
		all = append(all, f)
	}
	return all
}

// around are the filters of ours, in front of the plugins and behind them.
func (r *run) around() (outer, inner []proxy.Filter) {
	outer, inner = []proxy.Filter{{Lua: packLua + outerLua}}, []proxy.Filter{{Lua: packLua + innerLua}}
	if r.carries {
		outer, inner = append(outer, r.lane.carrier("outer")), slices.Insert(inner, 0, r.lane.carrier("inner"))
	}
	return outer, inner
}

// filterAt is the number of the filter under test in its listener, from 0.
func (r *run) filterAt() int {
	outer, _ := r.around()
	return len(outer) + len(r.table.Chain.Before)
}

// updated says whether a later step configures the plugin anew.
func (r *run) updated(plugin string) bool {
	n := 0
	if plugin == table.Main {
		n = 1
	}
	for _, s := range r.table.Steps {
		if s.Configure != nil && cmp.Or(s.Configure.Plugin, table.Main) == plugin {
			n++
		}
	}
	return n > 1
}

func (r *run) listener(plugin string) string { return r.name + "-" + plugin }

// useClusters makes the clusters those of a step over those of the case.
func (r *run) useClusters(ctx context.Context, clusters []table.Cluster) error {
	all := slices.Clone(clusters)
	for _, c := range r.table.Clusters {
		if !slices.ContainsFunc(clusters, func(o table.Cluster) bool { return o.Name == c.Name }) {
			all = append(all, c)
		}
	}
	same := func(a, b table.Cluster) bool { return a.Name == b.Name && a.State == b.State && silent(a) == silent(b) }
	slices.SortFunc(all, func(a, b table.Cluster) int { return cmp.Compare(a.Name, b.Name) })
	var filter *proxy.Filter
	if hostileAnswers(r.table) {
		f := r.lane.carrier("answer")
		filter = &f
	}
	if !slices.EqualFunc(all, r.lane.clusters, same) || r.lane.filtered != (filter != nil) {
		r.lane.filtered = filter != nil
		if err := r.lane.setClusters(ctx, all, filter); err != nil {
			return err
		}
		if err := r.lane.mark(ctx); err != nil {
			return err
		}
		r.lane.clusters = all
	}
	r.lane.mu.Lock()
	defer r.lane.mu.Unlock()
	for _, s := range r.lane.services {
		s.run = r
	}
	for _, c := range all {
		r.openOrRefuse(c.Name)
	}
	return nil
}
