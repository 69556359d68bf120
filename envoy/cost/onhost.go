package cost

import (
	"context"
	"fmt"
	"math/rand/v2"
	"runtime"
	"runtime/debug"

	"github.com/header-auth/header-auth/bench/evidence"
	"github.com/header-auth/header-auth/bench/guest"
	"github.com/header-auth/header-auth/conformance/suite"
	"github.com/header-auth/header-auth/conformance/table"
	"github.com/header-auth/header-auth/host"
	"github.com/header-auth/header-auth/host/abi"
	"github.com/header-auth/header-auth/internal/clock"
)

// crossingsOnHost times the same guests on package host and wazero, in this process.
func (m *measurement) crossingsOnHost(ctx context.Context) error {
	if !m.Plan.CrossingGuests {
		return nil
	}
	m.say("the same guests on wazero")
	found, err := TimeOnHost(ctx, &m.Cases[0], &m.Plan, m.random)
	m.r.Crossings = append(m.r.Crossings, found...)
	if err != nil {
		return fmt.Errorf("time guests on wazero: %w", err)
	}
	return m.save()
}

// TimeOnHost times the guests that do one thing each, with the request of a case.
func TimeOnHost(ctx context.Context, c *table.Case, p *evidence.EnvoyPlan, random *rand.Rand) ([]evidence.Crossing,
	error) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	defer debug.SetGCPercent(debug.SetGCPercent(-1)) // the host's own collector is not timed
	var all []evidence.Crossing
	for instance := range p.HostInstances {
		if ctx.Err() != nil {
			return all, ctx.Err()
		}
		found, err := instanceOnHost(ctx, &c.Steps[0], p, random, instance)
		if err != nil {
			return all, err
		}
		all = append(all, found...)
		runtime.GC()
	}
	return all, nil
}

// loop sends a guest requests.
type loop struct {
	guest  guest.Crossing
	module *host.Module
	plugin *host.Plugin
	vm     *host.VM
	nanos  []float64
}

func instanceOnHost(ctx context.Context, step *table.Step, p *evidence.EnvoyPlan, random *rand.Rand,
	instance int) ([]evidence.Crossing, error) {
	var loops []*loop
	defer func() {
		for _, l := range loops {
			_ = l.module.Close(ctx)
		}
	}()
	guests := guest.Crossings()
	for _, i := range random.Perm(len(guests)) {
		l := &loop{guest: guests[i]}
		var err error
		if l.module, err = host.Compile(ctx, guests[i].Bytes(), host.Options{}); err != nil {
			return nil, fmt.Errorf("%s: %w", guests[i].Name, err)
		}
		loops = append(loops, l)
		if l.vm, err = l.module.NewVM(ctx, host.VMConfig{}); err != nil {
			return nil, fmt.Errorf("%s: %w", guests[i].Name, err)
		}
		if l.plugin, err = l.vm.NewPlugin(ctx, host.PluginConfig{}); err != nil {
			return nil, fmt.Errorf("%s: %w", guests[i].Name, err)
		}
		l.vm.SetLogLevel(abi.LogWarn)
	}
	for round := -1; round < p.HostRounds; round++ { // the first warms up
		random.Shuffle(len(loops), func(i, j int) { loops[i], loops[j] = loops[j], loops[i] })
		for _, l := range loops {
			begin := clock.Now()
			for range p.HostRequests {
				s := l.plugin.NewStream(host.StreamConfig{Raw: true})
				suite.Drive(s, step.Request)
				status := s.Downstream().Status()
				s.Release()
				if status != l.guest.Status {
					return nil, fmt.Errorf("%s: status %d, expected %d", l.guest.Name, status, l.guest.Status)
				}
			}
			if took := clock.Now() - begin; round >= 0 {
				l.nanos = append(l.nanos, float64(took.Nanoseconds())/float64(p.HostRequests))
			}
			l.vm.ForgetCalls()
		}
	}
	var found []evidence.Crossing
	for _, g := range guests {
		for _, l := range loops {
			if l.guest.Name == g.Name {
				found = append(found, evidence.Crossing{Guest: g.Name, What: g.What, Instance: instance, Nanos: l.nanos})
			}
		}
	}
	return found, nil
}
