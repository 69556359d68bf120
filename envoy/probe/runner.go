package probe

import (
	"context"
	"errors"
	"time"

	"github.com/header-auth/header-auth/envoy/proxy"
)

// Runner runs scripts on real Envoys, and starts another Envoy when one has ended.
type Runner struct {
	Program string        // path of envoy
	Grace   time.Duration // see Envoy.Run; 0: Grace
	envoy   *Envoy
}

// Scripts of a batch, and batches that an Envoy runs.
const (
	batchSize  = 60
	batchesFor = 20
)

// Close ends the Envoy.
func (r *Runner) Close() {
	if r.envoy != nil {
		r.envoy.Stop()
		r.envoy = nil
	}
}

// Answers runs scripts. want are the answers that are expected, those of package host. A script that ends the Envoy has
// an answer that says so, and so has one that keeps its worker busy for ever; those that are expected to end it run
// alone, in an Envoy of their own.
func (r *Runner) Answers(ctx context.Context, scripts []*Script, want []Answer) ([]Answer, error) {
	answers := make([]Answer, len(scripts))
	var together []int
	for i := range scripts {
		if !want[i].Crashed() {
			together = append(together, i)
			continue
		}
		r.Close()
		if err := r.batch(ctx, scripts, want, answers, []int{i}); err != nil {
			return nil, err
		}
	}
	for len(together) > 0 {
		n := min(batchSize, len(together))
		if err := r.batch(ctx, scripts, want, answers, together[:n]); err != nil {
			return nil, err
		}
		together = together[n:]
	}
	return answers, nil
}

// batch runs the scripts of these numbers side by side. When the Envoy ends, or its worker hangs, it runs each half
// anew.
func (r *Runner) batch(ctx context.Context, scripts []*Script, want, answers []Answer, numbers []int) (err error) {
	if r.envoy != nil && r.envoy.batches >= batchesFor {
		r.Close()
	}
	if r.envoy == nil {
		if r.envoy, err = Start(ctx, r.Program); err != nil {
			return err
		}
	}
	var some []*Script
	var wanted []Answer
	for _, n := range numbers {
		some, wanted = append(some, scripts[n]), append(wanted, want[n])
	}
	grace := r.Grace
	if grace == 0 {
		grace = Grace
	}
	got, err := r.envoy.Run(ctx, some, wanted, grace)
	var exit *proxy.ExitError
	ended := errors.As(err, &exit) || errors.Is(err, errBusy)
	switch {
	case ended && len(numbers) > 1:
		r.Close()
		half := len(numbers) / 2
		if err := r.batch(ctx, scripts, want, answers, numbers[:half]); err != nil {
			return err
		}
		return r.batch(ctx, scripts, want, answers, numbers[half:])
	case ended:
		r.Close()
		if len(got) == 0 || len(got[0]) == 0 {
			got = []Answer{{"> start"}}
		}
		last := Crash
		if exit == nil {
			last = Hang
		}
		answers[numbers[0]] = append(got[0], last)
		return nil
	case err != nil:
		r.Close()
		return err
	}
	for i, n := range numbers {
		answers[n] = got[i]
	}
	return nil
}
