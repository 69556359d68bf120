package soak

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"time"

	"github.com/header-auth/header-auth/bench/evidence"
	"github.com/header-auth/header-auth/bench/verdict"
	"github.com/header-auth/header-auth/conformance/suite"
	"github.com/header-auth/header-auth/conformance/table"
	"github.com/header-auth/header-auth/host"
	"github.com/header-auth/header-auth/internal/clock"
)

// looks is how often memory is read in the rounds that were asked for.
const looks = 64

// path is one case on one build.
type path struct {
	result Result
	rounds int   // that were asked for
	limit  int64 // bytes of linear memory
	say    func(Done)

	cycle  *suite.Cycle
	memory evidence.Memory
	curve  *evidence.MemoryCurve
	stay   stay
	pauses pauses
}

func (p *path) run(ctx context.Context, m *host.Module, c *table.Case) {
	runtime.LockOSThread() // for the clock
	defer runtime.UnlockOSThread()
	begun := time.Now()
	defer func() { p.result.Seconds = time.Since(begun).Seconds() }()
	var err error
	p.cycle, err = suite.NewCycle(ctx, m, c, Environment...)
	if err != nil {
		p.failed(ctx, err)
		return
	}
	defer p.cycle.Close(ctx)
	p.result.Requests, p.result.Rounds = p.cycle.Requests(), p.cycle.Rounds()
	vm := p.cycle.VM()
	p.memory = evidence.Memory{Build: p.result.Build, Ready: int64(vm.Memory()), Limit: p.limit}
	p.curve = evidence.NewMemoryCurve(p.memory.Ready)
	p.stay.look(0, vm.Linear())
	for done, until := 0, p.rounds; ; done, until = until, 2*until {
		if err := p.part(ctx, done, until); err != nil {
			p.failed(ctx, err)
		}
		p.result.Memory = p.judge()
		if p.result.Memory.Verdict != verdict.Unclear || p.over() || 2*until > p.most() {
			break
		}
	}
	p.cycle.Close(ctx)
	p.result.Pauses = p.pauses.confirmed(ctx, m, c, often(p.rounds), func() { p.tell(1) })
}

// often is after how many rounds memory is read and it is told how far the path is.
func often(rounds int) int { return max(1, rounds/looks) }

func (p *path) tell(share float64) {
	p.say(Done{share, p.result.Rounds, p.result.Requests, p.memory.Ready, int64(p.cycle.VM().Memory())})
}

// most is the largest number of rounds.
func (p *path) most() int { return max(Longest*p.rounds, 2*settled) }

func (p *path) over() bool {
	return p.result.Cut || p.result.Wrong != nil || p.result.Failed != "" || p.memory.Ended != ""
}

// part does the rounds from done+1 to until.
func (p *path) part(ctx context.Context, done, until int) error {
	vm := p.cycle.VM()
	often := often(p.rounds)
	before := clock.Now()
	for n := done + 1; n <= until; n++ {
		if err := p.cycle.Round(ctx); err != nil {
			return err
		}
		now := clock.Now()
		p.pauses.add(now-before, p.cycle.Rounds())
		p.result.Rounds, p.memory.Requests = p.cycle.Rounds(), n
		size := int64(vm.Memory())
		p.curve.Note(n, size)
		if n%often == 0 {
			p.stay.look(n, vm.Linear())
			p.tell(float64(n) / float64(until))
			if ctx.Err() != nil {
				return ctx.Err()
			}
			now = clock.Now()
		}
		before = now
	}
	return nil
}

// failed records why a path ended before its time.
func (p *path) failed(ctx context.Context, err error) {
	var wrong *suite.WrongError
	var once *suite.OnceError
	switch {
	case ctx.Err() != nil:
		p.result.Cut = true
	case errors.As(err, &wrong):
		p.result.Wrong = &Wrong{wrong.Request, wrong.What, wrong.Wanted, wrong.Got}
	case errors.As(err, &once):
		p.result.LeftOut = once.Why
	case p.cycle != nil && suite.Starved(err, int64(p.cycle.VM().Memory()), p.limit, p.cycle.LastLine()):
		p.memory.Ended = fmt.Sprintf("out of memory after %d rounds, at %d MiB", p.result.Rounds, p.cycle.VM().Memory()>>20)
		p.curve.Note(p.memory.Requests, int64(p.cycle.VM().Memory()))
	default:
		p.result.failed(ctx, err)
	}
}
