package bench

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/header-auth/header-auth/bench/stats"
	"github.com/header-auth/header-auth/conformance/suite"
	"github.com/header-auth/header-auth/conformance/table"
	"github.com/header-auth/header-auth/host"
)

// counting is how often instructions are counted, and over how many requests.
type counting struct {
	Low, High   int // requests of a short and of a long run
	Repetitions int
}

// defaultCounting gives a number that repeats within a tenth of a per cent: it covers a few periods of a garbage
// collector.
var defaultCounting = counting{Low: 1000, High: 5000, Repetitions: 3}

// errNoCounter says why no instructions are counted.
var errNoCounter = errors.New("no valgrind on PATH: instructions are not counted")

// collected is the line in which valgrind says how much it counted.
var collected = regexp.MustCompile(`(?m)Collected *: *(\d+)`)

// countInstructions counts the instructions of one request in a warm VM, host included, with callgrind: a run of many
// requests minus a run of few, so that compiling and starting cancel out, and of that the median over the repetitions.
// command returns a program with its arguments that runs serveAlone with that many requests and ends.
//
// The error is errNoCounter where valgrind is missing. Valgrind sometimes crashes or hangs under Go programs: a run
// that fails is repeated once.
func countInstructions(ctx context.Context, command func(requests int) []string, c counting) (float64, error) {
	valgrind, err := exec.LookPath("valgrind")
	if err != nil {
		return 0, errNoCounter
	}
	counts := make([]float64, 0, c.Repetitions)
	for range c.Repetitions {
		var ends [2]int64
		var failed [2]error
		var both sync.WaitGroup // a number of instructions does not depend on what else the machine does
		for i, n := range []int{c.Low, c.High} {
			both.Go(func() {
				var err error
				if ends[i], err = countOnce(ctx, valgrind, command(n)); err != nil && ctx.Err() == nil {
					ends[i], err = countOnce(ctx, valgrind, command(n))
				}
				if err != nil {
					failed[i] = fmt.Errorf("count instructions of %d requests: %w", n, err)
				}
			})
		}
		both.Wait()
		if err := errors.Join(failed[:]...); err != nil {
			return 0, err
		}
		counts = append(counts, float64(ends[1]-ends[0])/float64(c.High-c.Low))
	}
	return stats.Median(counts), nil
}

// serveAlone is what such a program does: it sends a case's last step that many times to one VM. Under valgrind
// everything takes fifty times as long, so compiled code must be in o.CacheDir already.
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

// countPatience is how long a run under valgrind may take; it usually takes about ten seconds.
const countPatience = 2 * time.Minute

// countOnce is the number of instructions that a program executes. Its garbage collector is off and it has one
// processor, so that only requests are counted. The signals by which Go preempts goroutines are off because callgrind
// aborts at them, in valgrind 3.19 at least.
func countOnce(ctx context.Context, valgrind string, command []string) (int64, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, countPatience,
		fmt.Errorf("run valgrind: it did not end within %v", countPatience))
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
