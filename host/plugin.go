package host

import (
	"context"
	"slices"
	"time"

	"github.com/header-auth/header-auth/host/abi"
)

// PluginConfig is one filter's configuration.
type PluginConfig struct {
	Name, RootID                string
	Configuration               []byte
	FailurePolicy               FailurePolicy
	AllowOnHeadersStopIteration bool // after Pause in a headers callback, the callbacks of the body are made
	BufferLimit                 int  // bytes of a body that is held; 0: 1 MiB

	// Properties are those of all streams that their own StreamConfig.Properties does not give: what the listener, the
	// route and the cluster say, such as "xds.route_name". The root context has none of them.
	Properties map[string]any
}

// Plugin is a root context: one filter's configuration inside a VM.
type Plugin struct {
	abiContext
	vm         *VM
	config     PluginConfig
	generation int // of the instance it lives in

	streamPrefix string
	configuring  bool // the guest can read its configuration
	awaitsDone   bool // proxy_on_done returned false
	closed       bool

	period time.Duration // of ticks
	due    time.Time     // of the next one

	statusCode    uint32 // of the last call's status
	statusMessage string
	callAnswer    *CallAnswer // answered while its callback runs
	answerStorage CallAnswer
	grpcEvent     *grpcData // while its callback runs
	freeStreams   []*Stream

	expressions    map[uint32]Expression // of expr_create
	nextExpression uint32
}

// NewPlugin makes a root context: proxy_on_context_create, proxy_on_vm_start, proxy_on_configure. The error is
// ErrStartRefused, ErrConfigureRefused or a *Failure; Envoy rejects its configuration then, whatever the failure
// policy says. A trap in proxy_on_context_create is no error: Envoy takes the plugin, whose VM is dead then.
func (vm *VM) NewPlugin(_ context.Context, c PluginConfig) (p *Plugin, err error) {
	vm.enter()
	defer vm.leave()
	defer func() {
		vm.recordPanic(recover(), "NewPlugin")
		if err == nil && vm.failure != nil && vm.failure.Kind != Trapped {
			p, err = nil, vm.failure
		}
	}()
	if vm.dead() {
		return nil, vm.failure
	}
	p = &Plugin{vm: vm, config: c}
	p.prefix = logPrefix("", c.RootID, vm.config.ID)
	p.streamPrefix = logPrefix(c.Name, c.RootID, vm.config.ID)
	p.abiContext.plugin = p
	if err := p.start(!vm.hadPlugin); err != nil {
		p.discard()
		return nil, err
	}
	vm.hadPlugin = true
	vm.plugins = append(vm.plugins, p)
	return p, nil
}

// start makes the root context in the VM's current instance. first says that it is the instance's first.
func (p *Plugin) start(first bool) error {
	vm := p.vm
	p.generation, p.period, p.awaitsDone = vm.generation, 0, false
	p.prototypes, p.expressions, p.nextExpression = nil, nil, 0
	vm.addContext(&p.abiContext)
	p.configuring = first
	vm.callGuest(abi.OnContextCreate, &p.abiContext, 0, 0, 0, 0, 0)
	vm.runActions()
	p.configuring = false
	trapped := vm.revive()
	started := vm.callGuest(abi.OnVMStart, &p.abiContext, 1, uint32(len(vm.config.Configuration)), 0, 0, 0)
	vm.runActions()
	if vm.failure == nil && started == 0 {
		return ErrStartRefused
	}
	if trapped != nil && vm.failure == nil {
		vm.failure, vm.liveGeneration, vm.bornDead = trapped, -1, vm.bornDead || vm.generation == 0
		return nil
	}
	p.configuring = true
	configured := vm.callGuest(abi.OnConfigure, &p.abiContext, 1, uint32(len(p.config.Configuration)), 0, 0, 0)
	vm.runActions()
	p.configuring = false
	if vm.failure != nil {
		return vm.failure
	}
	if configured == 0 {
		return ErrConfigureRefused
	}
	return nil
}

// revive makes a VM that has trapped in proxy_on_context_create live on, and gives the failure: Envoy does not look at
// it before it has called proxy_on_vm_start (proxy-wasm-cpp-host, src/context.cc, ContextBase::onStart).
func (vm *VM) revive() *Failure {
	f := vm.failure
	if f == nil || f.Kind != Trapped {
		return nil
	}
	vm.failure, vm.liveGeneration = nil, vm.generation
	return f
}

// bufferLimit is how much of a body Envoy holds, in bytes.
func (p *Plugin) bufferLimit() int {
	if p.config.BufferLimit == 0 {
		return 1 << 20
	}
	return p.config.BufferLimit
}

// VM is the VM that the plugin is in.
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
	defer vm.recoverPanic("Tick")
	if p.generation == vm.generation && !p.closed {
		vm.callGuest(abi.OnTick, &p.abiContext, 0, 0, 0, 0, 0)
		vm.runActions()
	}
	return vm.err()
}

// Close ends the plugin: proxy_on_done, and proxy_on_delete at once or, when the plugin said that it was not done yet,
// after it has called proxy_done. The error is the VM's *Failure.
func (p *Plugin) Close() error {
	vm := p.vm
	if p.closed || p.awaitsDone {
		return vm.err()
	}
	vm.enter()
	defer vm.leave()
	defer vm.recoverPanic("Close")
	p.end()
	return vm.err()
}

// end is Close inside another event.
func (p *Plugin) end() {
	vm := p.vm
	p.awaitsDone = vm.callGuest(abi.OnDone, &p.abiContext, 1, 0, 0, 0, 0) == 0 && !vm.dead()
	vm.runActions()
	if !p.awaitsDone {
		p.finish()
	}
}

// finish is the end of the root context.
func (p *Plugin) finish() {
	if p.closed {
		return
	}
	p.closed, p.awaitsDone, p.period = true, false, 0
	vm := p.vm
	vm.callGuest(abi.OnDelete, &p.abiContext, 0, 0, 0, 0, 0)
	vm.runActions()
	vm.removeContext(&p.abiContext)
	// Into a new list, as a caller may be ranging over the old one.
	vm.plugins = slices.DeleteFunc(slices.Clone(vm.plugins), func(other *Plugin) bool { return other == p })
}

// discard ends a plugin that refused to start. Envoy tries an update in a VM of its own and drops that VM. Here other
// plugins may run in the VM: the guest gets proxy_on_done and proxy_on_delete then, or it would keep the context.
// Without another plugin no callback is made.
func (p *Plugin) discard() {
	vm := p.vm
	if len(vm.plugins) > 0 && !vm.dead() {
		vm.callGuest(abi.OnDone, &p.abiContext, 1, 0, 0, 0, 0)
		vm.runActions()
		p.finish()
		return
	}
	p.closed, p.period = true, 0
	vm.removeContext(&p.abiContext)
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
