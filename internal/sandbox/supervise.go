package sandbox

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

// supervised is the environment variable of a process that Supervise has started.
const supervised = "PARITY_SUPERVISED"

// Supervised is the page of a process that Supervise has started, nil in any other. The process notes its calls there, and
// asks for their limit.
var Supervised = sync.OnceValue(func() *Page {
	if os.Getenv(supervised) == "" {
		return nil
	}
	_ = os.Unsetenv(supervised) // it is not for the programs that this one starts
	page, err := inherited()
	if err != nil {
		return nil
	}
	return page
})

// slower is how many limits of a call a compilation may take, whose name in a page is what.
const slower = 12

// Supervise runs this program, whose file is program, again with the same arguments, and returns its exit code. It is killed
// when a call takes longer than the process itself has asked for, or when it needs more than memory: the error is then an
// *Ended. When ctx ends, it is told so by SIGTERM, and killed if it is in a call then that does not end.
func Supervise(ctx context.Context, program string, memory int64, compilation string) (code int, err error) {
	page, file, err := newPage()
	if err != nil {
		return 0, err
	}
	defer func() { _ = page.last() }()
	cmd := exec.Command(program)
	cmd.Args = os.Args
	cmd.Env = append(os.Environ(), supervised+"=1")
	cmd.Stdin, cmd.Stdout, cmd.Stderr, cmd.SysProcAttr = os.Stdin, os.Stdout, os.Stderr, attributes()
	if file != nil {
		defer file.Close()
		cmd.ExtraFiles = []*os.File{file}
	}
	if err := cmd.Start(); err != nil {
		return 0, fmt.Errorf("start a process: %w", err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	look := time.NewTicker(interval)
	defer look.Stop()
	interrupt := ctx.Done()
	var calls [slots]watchedCall
	for {
		select {
		case err := <-ended:
			var exit *exec.ExitError
			if err != nil && !errors.As(err, &exit) {
				return 0, err
			}
			if code = cmd.ProcessState.ExitCode(); code < 0 {
				return 0, &Ended{Why: Died, In: page.running(), Words: cmd.ProcessState.String()}
			}
			return code, nil
		case <-interrupt:
			interrupt = nil
			_ = cmd.Process.Signal(syscall.SIGTERM)
		case now := <-look.C:
			e := page.overdue(now, &calls, compilation, ctx.Err() != nil)
			if e == nil && memory > 0 && residentBytes(cmd.Process.Pid) > memory {
				e = &Ended{Why: OutOfMemory, In: page.running()}
			}
			if e != nil {
				_ = cmd.Process.Kill()
				<-ended
				return 0, e
			}
		}
	}
}

// watchedCall is what was last seen of a slot.
type watchedCall struct {
	count uint64
	since time.Time
}

// patience is how long a call that runs when the user interrupts may still take.
const patience = time.Second

// overdue is a call that takes too long, as far as the looks at calls show.
func (p *Page) overdue(now time.Time, calls *[slots]watchedCall, compilation string, interrupted bool) *Ended {
	for i := range p.slots {
		n := p.slots[i].count.Load()
		if n != calls[i].count || n&1 == 0 {
			calls[i] = watchedCall{n, now}
			continue
		}
		what, limit := p.slots[i].what(), time.Duration(p.limit.Load())
		most := limit + min(limit, patience/2) // a loop ends by itself at the limit
		if what == compilation {
			limit, most = slower*limit, slower*limit
		}
		if interrupted {
			most = min(most, patience)
		}
		if limit > 0 && now.Sub(calls[i].since) > most {
			return &Ended{Why: CallTooLong, In: what, Limit: limit}
		}
	}
	return nil
}

// residentBytes is the memory of a process, 0 where it is not known.
func residentBytes(pid int) int64 {
	statm, _ := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/statm")
	fields := strings.Fields(string(statm))
	if len(fields) < 2 {
		return 0
	}
	pages, _ := strconv.ParseInt(fields[1], 10, 64)
	return pages * int64(os.Getpagesize())
}
