package bench

import (
	"context"
	"errors"
	"fmt"

	"github.com/header-auth/header-auth/bench/evidence"
	"github.com/header-auth/header-auth/conformance/suite"
	"github.com/header-auth/header-auth/conformance/table"
	"github.com/header-auth/header-auth/host"
	"github.com/header-auth/header-auth/host/abi"
)

// soak sends requests to one VM, allowed and refused in turn, and records how its linear memory grows. Neither case
// has a configuration, so that one plugin serves both. progress gets what is known so far, a hundred times.
//
// A VM that runs out of memory is a finding: Ended. The error is a *suite.WrongError or any other *host.Failure.
func soak(ctx context.Context, m *host.Module, allow, refuse *table.Case, requests int, progress func(evidence.Memory)) (found evidence.Memory, err error) {
	var turns [2]*exchange
	for i, c := range []*table.Case{allow, refuse} {
		if turns[i], err = newExchange(c); err != nil {
			return found, err
		}
		if c.Config != nil {
			return found, fmt.Errorf("case %s: it has a configuration, expected none", c.ID)
		}
	}
	var lastLine string
	vm, p, err := configured(ctx, m, host.VMConfig{LogLevel: abi.LogInfo, Log: func(l host.LogLine) { lastLine = l.Text }}, nil)
	if err != nil {
		return found, err
	}
	defer func() { err = errors.Join(err, vm.Close(ctx)) }()

	found.Ready, found.Limit = int64(vm.Memory()), memoryLimit
	curve := evidence.NewMemoryCurve(found.Ready)
	often := max(1, requests/100)
	for n := 1; n <= requests; n++ {
		if err := turns[n%2].drive(p); err != nil {
			if !suite.Starved(err, int64(vm.Memory()), memoryLimit, lastLine) {
				return found, err
			}
			found.Ended = fmt.Sprintf("out of memory after %d requests, at %d MiB", n-1, vm.Memory()>>20)
			curve.Note(n-1, int64(vm.Memory()))
			break
		}
		found.Requests = n
		curve.Note(n, int64(vm.Memory()))
		if n%often == 0 {
			if ctx.Err() != nil {
				return found, ctx.Err()
			}
			found.Curve = curve.UpTo(n, int64(vm.Memory()))
			progress(found)
		}
	}
	found.Curve = curve.UpTo(found.Requests, int64(vm.Memory()))
	return found, nil
}

// memoryLimit is what a guest may have under host.Options' default, in bytes: Envoy's 1 GiB.
const memoryLimit = 1 << 30
