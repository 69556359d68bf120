package probe

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/header-auth/header-auth/host/profile"
)

// Difference is a script on which host and Envoy differ, and their answers.
type Difference struct {
	Name          string // of the file
	Seed, Number  uint64 // of Generate
	Script        *Script
	Found         *Script // before it was shrunk
	Host, OfEnvoy Answer
}

// Fuzzer compares package host with a real Envoy on scripts at random.
type Fuzzer struct {
	Runner  *Runner
	Profile profile.Profile
	Seed    uint64
	AsFound bool // differences are not shrunk, which takes most of the time
	// Ours runs a script on package host; nil: Ours. A test puts a host with a fault here.
	Ours func(context.Context, *Script, profile.Profile) (Answer, error)
}

// confirmGrace is for a difference that was seen with less.
const confirmGrace = 300 * time.Millisecond

// Run compares scripts until the time is over or most differences were found. It gives the differences, each shrunk and
// each script once, and how many scripts were run.
func (f *Fuzzer) Run(ctx context.Context, limit time.Duration, most int,
	progress func(scripts int, d *Difference)) (int, error) {
	var seen []string
	done := uint64(0)
	for begin := time.Now(); time.Since(begin) < limit && len(seen) < most; {
		var scripts []*Script
		var numbers []uint64
		for len(scripts) < batchSize {
			s := Generate(f.Seed, done)
			done++
			a, err := f.ours(ctx, s)
			if err != nil {
				return int(done), err
			}
			// One that ends the Envoy takes as long as all others together: of these every tenth is run.
			if !a.Undecided() && (!a.Crashed() || done%10 == 0) {
				scripts, numbers = append(scripts, s), append(numbers, done-1)
			}
		}
		differ, err := f.differ(ctx, scripts, Grace)
		if err != nil {
			return int(done), err
		}
		progress(int(done), nil)
		for i := range scripts {
			if !differ[i] {
				continue
			}
			// When the time is long over, what differs is still told, and not shrunk.
			d, err := f.explain(ctx, scripts[i], !f.AsFound && time.Since(begin) < 2*limit)
			if err != nil {
				return int(done), err
			}
			if d == nil || slices.Contains(seen, d.Script.String()) {
				continue
			}
			seen = append(seen, d.Script.String())
			d.Seed, d.Number = f.Seed, numbers[i]
			progress(int(done), d)
			if len(seen) >= most {
				break
			}
		}
	}
	return int(done), nil
}

// explain looks at a difference once more and shrinks it if it should. It gives nil for one that does not come again.
func (f *Fuzzer) explain(ctx context.Context, s *Script, shrink bool) (*Difference, error) {
	mine, again, err := f.both(ctx, []*Script{s}, confirmGrace)
	if err != nil || mine[0].Equal(again[0]) {
		return nil, err
	}
	if !shrink || again[0].Hung() { // with a worker that hangs each try would take as long as it may be busy
		return &Difference{Script: s, Found: s, Host: mine[0], OfEnvoy: again[0]}, nil
	}
	short, err := Shrink(ctx, s, f.shorter)
	if err != nil {
		return nil, err
	}
	ours, theirs, err := f.both(ctx, []*Script{short}, confirmGrace)
	if err != nil {
		return nil, err
	}
	if ours[0].Equal(theirs[0]) {
		short = s
		if ours, theirs, err = f.both(ctx, []*Script{short}, confirmGrace); err != nil {
			return nil, err
		}
	}
	return &Difference{Script: short, Found: s, Host: ours[0], OfEnvoy: theirs[0]}, nil
}

// shorter is a Differs for Shrink. Scripts that end the host's Envoy come last, and one at a time: each takes an Envoy.
func (f *Fuzzer) shorter(ctx context.Context, scripts []*Script) ([]bool, error) {
	all := make([]bool, len(scripts))
	var quick []*Script
	var at, crashes []int
	for i, s := range scripts {
		a, err := f.ours(ctx, s)
		switch {
		case err != nil:
			return nil, err
		case a.Crashed():
			crashes = append(crashes, i)
		default:
			quick, at = append(quick, s), append(at, i)
		}
	}
	differ, err := f.differ(ctx, quick, Grace)
	if err != nil {
		return nil, err
	}
	for i, d := range differ {
		all[at[i]] = d
	}
	for _, i := range crashes {
		if slices.Contains(all, true) {
			break
		}
		differ, err := f.differ(ctx, scripts[i:i+1], Grace)
		if err != nil {
			return nil, err
		}
		all[i] = differ[0]
	}
	return all, nil
}

func (f *Fuzzer) ours(ctx context.Context, s *Script) (Answer, error) {
	run := f.Ours
	if run == nil {
		run = Ours
	}
	a, err := run(ctx, s, f.Profile)
	if err != nil {
		err = fmt.Errorf("%w; the script:\n%v", err, s)
	}
	return a, err
}

func (f *Fuzzer) differ(ctx context.Context, scripts []*Script, grace time.Duration) ([]bool, error) {
	ours, theirs, err := f.both(ctx, scripts, grace)
	if err != nil {
		return nil, err
	}
	all := make([]bool, len(scripts))
	for i := range all {
		all[i] = !ours[i].Undecided() && !ours[i].Equal(theirs[i])
	}
	return all, nil
}

func (f *Fuzzer) both(ctx context.Context, scripts []*Script, grace time.Duration) (ours, theirs []Answer, err error) {
	for _, s := range scripts {
		a, err := f.ours(ctx, s)
		if err != nil {
			return nil, nil, err
		}
		ours = append(ours, a)
	}
	f.Runner.Grace = grace
	theirs, err = f.Runner.Answers(ctx, scripts, ours)
	return ours, theirs, err
}
