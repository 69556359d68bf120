package suite

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/header-auth/header-auth/conformance/table"
	"github.com/header-auth/header-auth/host"
	"github.com/header-auth/header-auth/host/process"
)

// chain are the plugins around the one under test, once they have started.
type chain struct{ before, behind []*host.Plugin }

// machine is the VM of a module of the chain that is not the module under test.
type machine struct {
	name   string // of the module, as the case has it
	module *host.Module
	vm     *host.VM
	calls  int // seen so far
	grpc   grpcCalls
	failed *host.Failure // the last that was seen
}

// makeMachines makes a VM for each other module of the chain. What a process shares, they share with the VM of config.
func (r *run) makeMachines(ctx context.Context, o host.Options, c *table.Case, config *host.VMConfig) error {
	for _, p := range c.Chain.All() {
		if p.Module == "" || r.machine(p.Module) != nil {
			continue
		}
		if p.Wasm == nil {
			return fmt.Errorf("chain: the module %q is the name of a build, and builds are known to the command parity only",
				p.Module)
		}
		if config.Shared == nil {
			config.Shared = process.NewShared()
		}
		module, err := Compile(ctx, p.Wasm, o)
		if err != nil {
			return fmt.Errorf("chain: compile %s: %w", p.Module, plain(err))
		}
		m := &machine{name: p.Module, module: module}
		r.machines = append(r.machines, m)
		own := *config
		own.Clock, own.Random, own.Intercept, own.Trace = host.NewManualClock(config.Clock.Now()),
			randomOf(c.World.Random), nil, false
		if m.vm, err = module.NewVM(ctx, own); err != nil {
			return fmt.Errorf("chain: start a virtual machine of %s: %w", p.Module, plain(err))
		}
	}
	return nil
}

// plain is an error without its type: it is not the module under test that has failed.
func plain(err error) error { return errors.New(err.Error()) }

func (r *run) machine(module string) *machine {
	at := slices.IndexFunc(r.machines, func(m *machine) bool { return m.name == module })
	if at < 0 {
		return nil
	}
	return r.machines[at]
}

// startChained starts plugins of the chain.
func (r *run) startChained(ctx context.Context, plugins []table.ChainPlugin) (all []*host.Plugin, err error) {
	for _, p := range plugins {
		vm := r.vm
		if m := r.machine(p.Module); m != nil {
			vm = m.vm
		}
		started, err := vm.NewPlugin(ctx, host.PluginConfig{Name: cmp.Or(p.Plugin, table.Main), RootID: p.RootID,
			Configuration: p.Config, FailurePolicy: r.policy, AllowOnHeadersStopIteration: r.bodyWhileHeld,
			Properties: r.world.Properties})
		if err != nil {
			return all, err
		}
		all = append(all, started)
	}
	return all, nil
}

// startAll starts the plugin under test and the chain around it, in the order of the chain.
func (r *run) startAll(ctx context.Context, c *table.Case) (err error) {
	if r.chain.before, err = r.startChained(ctx, c.Chain.Before); err != nil {
		return err
	}
	if err := r.configure(ctx, &table.Configure{Plugin: table.Main, Config: c.Config}); err != nil {
		return err
	}
	if r.chain.behind, err = r.startChained(ctx, c.Chain.Behind); err != nil {
		r.plugins = nil // Envoy takes no part of a listener that has one wrong filter
	}
	return err
}

// newStream begins an exchange through a plugin and the chain around it.
func (r *run) newStream(p *plugin, request *table.Request) stream {
	s := stream{plugin: p, request: request}
	if len(r.chain.before)+len(r.chain.behind) == 0 {
		s.Stream = p.NewStream(streamOf(request))
		return s
	}
	s.chain = host.NewChain(streamOf(request), slices.Concat(r.chain.before, []*host.Plugin{p.Plugin}, r.chain.behind)...)
	s.Stream = s.chain.Streams()[len(r.chain.before)]
	return s
}

// Release gives the stream back to the host, with those of the chain.
func (s *stream) Release() {
	if s.chain != nil {
		s.chain.Release()
		return
	}
	s.Stream.Release()
}

// failure is how the VM of another module of the chain has failed, if it is new.
func (m *machine) failure() *Failure {
	f := m.vm.Failure()
	if f == nil || f == m.failed {
		return nil
	}
	m.failed = f
	return &Failure{Kind: f.Kind.String(), In: f.In + " of " + m.name, Reason: f.Reason, Details: f.Details()}
}

// close ends all VMs of the run.
func (r *run) close(ctx context.Context) {
	if r.vm != nil {
		_ = r.vm.Close(ctx)
	}
	for _, m := range r.machines {
		if m.vm != nil {
			_ = m.vm.Close(ctx)
		}
		_ = m.module.Close(ctx)
	}
}

// advance moves the clocks of all VMs. Those of other modules follow that of the module under test.
func (r *run) advance(s *table.Step) {
	vms := []*host.VM{r.vm}
	for _, m := range r.machines {
		vms = append(vms, m.vm)
	}
	for _, vm := range vms {
		if s.Jump != 0 {
			_ = vm.Jump(s.Jump)
		} else {
			_ = vm.Advance(s.Advance) // a failure of the VM is looked for later
		}
	}
}

// deliver has VMs deliver what others have put into their queues.
func (r *run) deliver() {
	if len(r.machines) == 0 {
		return
	}
	_ = r.vm.Advance(0)
	for _, m := range r.machines {
		_ = m.vm.Advance(0)
	}
}

// forgetCalls drops the calls that are done.
func (r *run) forgetCalls() {
	r.vm.ForgetCalls()
	r.calls = len(r.vm.Calls())
	r.grpc.forget(r.vm)
	r.grpcMade = 0
	for _, m := range r.machines {
		m.vm.ForgetCalls()
		m.calls = len(m.vm.Calls())
		m.grpc.forget(m.vm)
	}
}
