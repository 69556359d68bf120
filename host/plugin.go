package host

import (
	"context"
	"slices"
	"time"

	"github.com/header-auth/header-auth/host/abi"
)

// FailurePolicy says what becomes of requests when the plugin's VM is dead.
type FailurePolicy uint8

const (
	FailClosed     FailurePolicy = iota // 503
	FailOpen                            // 503 for the request that trapped, later ones pass the plugin by
	FailReload                          // 503, and a new VM for a later request (Envoy 1.33 on)
	LegacyFailOpen                      // the old setting fail_open: that request goes on too
)

func (f FailurePolicy) String() string {
	return abi.NameOf(uint32(f), "fail_closed", "fail_open", "fail_reload", "legacy_fail_open")
}

// reloadBackoff is how long Envoy waits at least between two loads of a VM.
const reloadBackoff = time.Second

// PluginConfig is one filter's configuration.
type PluginConfig struct {
	Name, RootID                string
	Configuration               []byte
	FailurePolicy               FailurePolicy
	AllowOnHeadersStopIteration bool // Pause in a headers callback does not keep the body's callbacks from coming
	BufferLimit                 int  // bytes of a body that is held; 0: 1 MiB
}

// Plugin is a root context: one filter's configuration inside a VM.
type Plugin struct {
	scope
	vm         *VM
	config     PluginConfig
	generation int // of the instance it lives in

	streamPrefix string
	configuring  bool // its configuration can be read
	ending       bool // done returned false
	gone         bool

	period time.Duration // of ticks
	due    time.Time     // of the next one

	code     uint32 // of the last call's status
	message  string
	reply    *CallAnswer // answered while its callback runs
	answered CallAnswer
	grpc     *grpcData // while its callback runs
	free     []*Stream
}

// NewPlugin makes a root context: proxy_on_context_create, proxy_on_vm_start, proxy_on_configure. The error is
// ErrStartRefused, ErrConfigureRefused or a *Failure; Envoy rejects its configuration then, whatever the failure
// policy says.
func (vm *VM) NewPlugin(_ context.Context, c PluginConfig) (p *Plugin, err error) {
	vm.enter()
	defer vm.leave()
	defer func() {
		vm.recovered(recover(), "NewPlugin")
		if err == nil && vm.failure != nil {
			p, err = nil, vm.failure
		}
	}()
	if vm.dead() {
		return nil, vm.failure
	}
	p = &Plugin{vm: vm, config: c}
	p.prefix = logPrefix("", c.RootID, vm.config.ID)
	p.streamPrefix = logPrefix(c.Name, c.RootID, vm.config.ID)
	p.scope.plugin = p
	if err := p.begin(!vm.peopled); err != nil {
		p.dismiss()
		return nil, err
	}
	vm.peopled = true
	vm.plugins = append(vm.plugins, p)
	return p, nil
}

// begin makes the root context in the instance that is there now.
func (p *Plugin) begin(first bool) error {
	vm := p.vm
	p.generation, p.period, p.ending = vm.generation, 0, false
	vm.open(&p.scope)
	p.configuring = first
	vm.call(abi.OnContextCreate, &p.scope, 0, 0, 0, 0, 0)
	vm.after()
	p.configuring = false
	started := vm.call(abi.OnVMStart, &p.scope, 1, uint32(len(vm.config.Configuration)), 0, 0, 0)
	vm.after()
	if vm.failure == nil && started == 0 {
		return ErrStartRefused
	}
	p.configuring = true
	configured := vm.call(abi.OnConfigure, &p.scope, 1, uint32(len(p.config.Configuration)), 0, 0, 0)
	vm.after()
	p.configuring = false
	if vm.failure != nil {
		return vm.failure
	}
	if configured == 0 {
		return ErrConfigureRefused
	}
	return nil
}

// reload makes a new instance in place of a dead one, if the policy says so and the last load was long enough ago. All
// plugins of the VM get new root contexts.
func (p *Plugin) reload() {
	vm := p.vm
	if vm.failure == nil || vm.failure.Kind != Trapped || vm.closed || p.config.FailurePolicy != FailReload ||
		!vm.module.options.Profile.Rules().FailReload || vm.now().Sub(vm.loaded) < reloadBackoff {
		return
	}
	failure := vm.failure
	_ = vm.unload(vm.ctx)
	vm.generation++
	giveUp(vm.calls)
	if err := vm.load(vm.ctx); err != nil {
		if vm.failure == nil {
			vm.die(failure)
		}
		return
	}
	vm.reloads++
	for i, other := range vm.plugins {
		if err := other.begin(i == 0); err != nil {
			vm.die(failure)
			return
		}
	}
}

func (p *Plugin) bufferLimit() int {
	if p.config.BufferLimit == 0 {
		return 1 << 20
	}
	return p.config.BufferLimit
}

// VM is where the plugin lives.
func (p *Plugin) VM() *VM { return p.vm }

// ContextID is the number by which the guest knows the plugin.
func (p *Plugin) ContextID() uint32 { return p.id }

// TickPeriod is what the plugin asked for with proxy_set_tick_period_milliseconds, 0 for no ticks.
func (p *Plugin) TickPeriod() time.Duration { return p.period }

// Tick makes a tick happen now. Ticks by time come from VM.Advance. The error is the VM's *Failure.
func (p *Plugin) Tick() error {
	vm := p.vm
	vm.enter()
	defer vm.leave()
	defer vm.rescue("Tick")
	if p.generation == vm.generation && !p.gone {
		vm.call(abi.OnTick, &p.scope, 0, 0, 0, 0, 0)
		vm.after()
	}
	return vm.err()
}

// Close ends the plugin: proxy_on_done, and proxy_on_delete at once or, when the plugin said that it was not done yet,
// after it has called proxy_done. The error is the VM's *Failure.
func (p *Plugin) Close() error {
	vm := p.vm
	if p.gone || p.ending {
		return vm.err()
	}
	vm.enter()
	defer vm.leave()
	defer vm.rescue("Close")
	p.ending = vm.call(abi.OnDone, &p.scope, 1, 0, 0, 0, 0) == 0 && !vm.dead()
	vm.after()
	if !p.ending {
		p.finish()
	}
	return vm.err()
}

// finish is the end of the root context.
func (p *Plugin) finish() {
	if p.gone {
		return
	}
	p.gone, p.ending, p.period = true, false, 0
	vm := p.vm
	vm.call(abi.OnDelete, &p.scope, 0, 0, 0, 0, 0)
	vm.after()
	vm.shut(&p.scope)
	// Into a new list, as the old one may be being walked.
	vm.plugins = slices.DeleteFunc(slices.Clone(vm.plugins), func(other *Plugin) bool { return other == p })
}

// dismiss ends a plugin that refused to start. Envoy tries an update in a VM of its own and drops that VM; here the VM is
// that of the plugins that run, and the guest is told, or it would keep the context for ever. A VM without any other
// plugin is dropped here too.
func (p *Plugin) dismiss() {
	vm := p.vm
	if len(vm.plugins) > 0 && !vm.dead() {
		vm.call(abi.OnDone, &p.scope, 1, 0, 0, 0, 0)
		vm.after()
		p.finish()
		return
	}
	p.gone, p.period = true, 0
	vm.shut(&p.scope)
}

// err is the failure as an error, nil while the VM lives.
func (vm *VM) err() error {
	if vm.failure == nil {
		return nil
	}
	return vm.failure
}

// logPrefix is what Envoy writes between "wasm log" and the colon.
func logPrefix(parts ...string) string {
	s := ""
	for _, p := range parts {
		if p != "" {
			s += " " + p
		}
	}
	return s
}
