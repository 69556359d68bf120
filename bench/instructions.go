package bench

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/header-auth/header-auth/conformance/suite"
	"github.com/header-auth/header-auth/conformance/table"
	"github.com/header-auth/header-auth/host"
)

// Counting is how often instructions are counted, and over how many requests.
type Counting struct {
	Low, High   int // requests of a short and of a long run
	Repetitions int
}

// DefaultCounting gives a number that repeats within a tenth of a percent. A collector's work is spread over a few of its periods.
var DefaultCounting = Counting{Low: 1000, High: 5000, Repetitions: 3}

// ErrNoCounter says why no instructions are counted.
var ErrNoCounter = errors.New("no valgrind on PATH: instructions are not counted")

// collected is valgrind's last word about what it counted.
var collected = regexp.MustCompile(`(?m)Collected *: *(\d+)`)

// CountInstructions counts the instructions of one request in a warm VM, host included, with callgrind: a run of many
// requests less one of few, so that compiling and starting cancel out; the median of the repetitions. command gives the
// program, and its arguments, that does serveAlone with so many requests and ends.
//
// The error is ErrNoCounter where valgrind is absent. Valgrind breaks down under Go programs now and then, or hangs; a
// run that fails is repeated once.
func CountInstructions(ctx context.Context, command func(requests int) []string, c Counting) (float64, error) {
	valgrind, err := exec.LookPath("valgrind")
	if err != nil {
		return 0, ErrNoCounter
	}
	counts := make([]float64, 0, c.Repetitions)
	for range c.Repetitions {
		var ends [2]int64
		for i, n := range []int{c.Low, c.High} {
			if ends[i], err = countOnce(ctx, valgrind, command(n)); err != nil && ctx.Err() == nil {
				ends[i], err = countOnce(ctx, valgrind, command(n))
			}
			if err != nil {
				return 0, fmt.Errorf("count instructions of %d requests: %w", n, err)
			}
		}
		counts = append(counts, float64(ends[1]-ends[0])/float64(c.High-c.Low))
	}
	return middle(counts), nil
}

// serveAlone is what such a program does: a case's last step so many times in one VM. Under valgrind everything takes
// fifty times as long, so compiled code has to be in o.CacheDir already.
func serveAlone(ctx context.Context, wasm []byte, o host.Options, c *table.Case, requests int) error {
	m, err := host.Compile(ctx, wasm, o)
	if err != nil {
		return err
	}
	defer m.Close(ctx)
	loop, err := suite.NewLoop(ctx, m, c, suite.ObserveOptions{})
	if err != nil {
		return err
	}
	defer loop.Close(ctx)
	return loop.Run(requests)
}

// middle is the median.
func middle(values []float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	n := len(sorted)
	return (sorted[(n-1)/2] + sorted[n/2]) / 2
}

// countPatience is for a run that takes some ten seconds.
const countPatience = 2 * time.Minute

// countOnce is the number of instructions that a program executes. Its garbage collector is off and it has one
// processor: what those do is no request's. The signals by which Go preempts goroutines are off because callgrind, of
// valgrind 3.19 at least, aborts at them.
func countOnce(ctx context.Context, valgrind string, command []string) (int64, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, countPatience, fmt.Errorf("run valgrind: no end after %v", countPatience))
	defer cancel()
	args := append([]string{"--tool=callgrind", "--callgrind-out-file=" + os.DevNull, "--"}, command...)
	cmd := exec.CommandContext(ctx, valgrind, args...)
	cmd.Env = append(os.Environ(), "GOMAXPROCS=1", "GOGC=off", "GODEBUG=asyncpreemptoff=1")
	var out bytes.Buffer
	cmd.Stderr, cmd.WaitDelay = &out, 5*time.Second
	if err := cmd.Run(); err != nil {
		if ctx.Err() != nil {
			return 0, context.Cause(ctx)
		}
		return 0, fmt.Errorf("run valgrind: %w: %s", err, lastLine(out.String()))
	}
	m := collected.FindStringSubmatch(out.String())
	if m == nil {
		return 0, fmt.Errorf("run valgrind: it counted nothing: %s", lastLine(out.String()))
	}
	return strconv.ParseInt(m[1], 10, 64)
}

func lastLine(text string) string {
	text = strings.TrimSpace(text)
	return text[strings.LastIndexByte(text, '\n')+1:]
}
