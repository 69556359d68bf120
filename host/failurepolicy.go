package host

import (
	"time"

	"github.com/header-auth/header-auth/host/abi"
)

// FailurePolicy says what becomes of requests when the plugin's VM is dead.
type FailurePolicy uint8

const (
	FailClosed     FailurePolicy = iota // 503
	FailOpen                            // 503 for the request that trapped; later ones do not go through the plugin
	FailReload                          // 503, and a new VM for a later request (Envoy 1.33 on)
	LegacyFailOpen                      // the old setting fail_open: that request goes on too
)

func (f FailurePolicy) String() string {
	return abi.NameOf(uint32(f), "fail_closed", "fail_open", "fail_reload", "legacy_fail_open")
}

// reloadBackoff is how long Envoy waits between two loads of a VM, besides up to half a second by chance.
const reloadBackoff = time.Second

// reload makes a new instance in place of a dead one, if the policy says so and the last load was long enough ago. All
// plugins of the VM get new root contexts.
func (p *Plugin) reload() {
	vm := p.vm
	if vm.failure == nil || vm.failure.Kind != Trapped || vm.closed || vm.bornDead ||
		p.config.FailurePolicy != FailReload || !vm.module.options.Profile.Rules().FailReload ||
		vm.now().Sub(vm.loadedAt) <= reloadBackoff {
		return
	}
	failure := vm.failure
	_ = vm.unload(vm.ctx)
	vm.generation++
	vm.abandonCalls()
	if err := vm.load(vm.ctx); err != nil {
		if vm.failure == nil {
			vm.setFailure(failure)
		}
		return
	}
	vm.reloads++
	for i, other := range vm.plugins {
		if err := other.start(i == 0); err != nil {
			vm.setFailure(failure)
			return
		}
	}
}
