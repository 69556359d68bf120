package bench

import (
	"context"
	"fmt"

	"github.com/header-auth/header-auth/bench/evidence"
	"github.com/header-auth/header-auth/conformance/suite"
	"github.com/header-auth/header-auth/conformance/table"
	"github.com/header-auth/header-auth/host"
)

// soak repeats a case's last request in one VM and records how memory grows: linear memory, and what the host
// keeps for the plugin. progress gets what is known so far, a hundred times and more; goesOn is called before
// every stretch of requests.
//
// Where memory seems to have stopped to grow, and a leak of a byte a request would not have shown yet, it goes on until
// one would have, to at most so many requests.
//
// A VM that runs out of memory is a finding: Ended. The error is a *suite.WrongError or any other *host.Failure.
func soak(ctx context.Context, m *host.Module, c *table.Case, requests, most int, goesOn func(),
	progress func(evidence.Memory)) (found evidence.Memory, err error) {
	loop, err := suite.NewLoop(ctx, m, c, suite.ObserveOptions{})
	if err != nil {
		return found, err
	}
	defer loop.Close(ctx)
	loop.KeepLastLine()
	vm := loop.VM()
	found.Scenario, found.Ready, found.Limit = c.ID, int64(vm.Memory()), vm.MemoryLimit()
	s := soaking{linear: newGrowth(found.Ready), kept: newGrowth(int64(vm.Kept()))}
	record := func() {
		found.Curve, found.Kept = s.linear.curve.UpTo(found.Requests, s.linear.bytes), nil
		if s.kept.last > 0 {
			found.Kept = s.kept.curve.UpTo(found.Requests, s.kept.bytes)
		}
	}
	often := max(1, requests/100)
	for n := 1; n <= requests || s.linear.unseen(n-1) && n <= most; n++ {
		if n%stretch == 1 {
			goesOn()
		}
		if err := loop.Run(1); err != nil {
			if !suite.Starved(err, int64(vm.Memory()), found.Limit, loop.LastLine()) {
				return found, err
			}
			found.Ended = fmt.Sprintf("out of memory after %d requests, at %d MiB", n-1, vm.Memory()>>20)
			s.linear.note(n-1, int64(vm.Memory()))
			break
		}
		found.Requests = n
		s.linear.note(n, int64(vm.Memory()))
		s.kept.note(n, int64(vm.Kept()))
		if n%often == 0 {
			if ctx.Err() != nil {
				return found, ctx.Err()
			}
			record()
			progress(found)
		}
	}
	record()
	return found, nil
}

// longest is how many times as many requests as were asked for there may be in Envoy's order of allocators. The
// specification's is there to compare with, and gets no more than were asked for.
const longest = 8

// soaking is the memory of a soak.
type soaking struct{ linear, kept *growth }

// growth watches a size.
type growth struct {
	curve       *evidence.MemoryCurve
	bytes, step int64 // now, and by how much it grew last
	last        int   // after how many requests that was
}

func newGrowth(bytes int64) *growth {
	return &growth{curve: evidence.NewMemoryCurve(bytes), bytes: bytes}
}

func (g *growth) note(requests int, bytes int64) {
	g.curve.Note(requests, bytes)
	if bytes > g.bytes {
		g.step, g.last = bytes-g.bytes, requests
	}
	g.bytes = bytes
}

// unseen says whether more requests would tell more: a byte a request would not have filled the last step yet, and
// it has not grown for a quarter of the requests, or by little last. A heap that doubles to the end leaks, and no
// more requests are needed.
func (g *growth) unseen(requests int) bool {
	const little = 8 // of which the last step was one part at most
	return g.last > 0 && g.step > int64(requests-g.last) && (g.last <= requests*3/4 || little*g.step <= g.bytes)
}
