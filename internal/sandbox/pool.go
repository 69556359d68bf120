package sandbox

import (
	"context"
	"slices"
	"sync"
)

// Config says what a Pool starts.
type Config struct {
	Command   []string // of this program: it calls Serve with its last argument, the limit of memory
	Memory    int64    // bytes that a process may have; 0: no limit
	Processes int      // at most at once; 0: 1
}

// Pool is processes that wait for jobs.
type Pool struct {
	config Config
	free   chan struct{} // one for each process that may run a job

	mu   sync.Mutex
	idle []*Process // the one that was used last is the last
	busy int
}

// New makes a pool. Its processes start when they are needed.
func New(c Config) *Pool {
	p := &Pool{config: c, free: make(chan struct{}, max(1, c.Processes))}
	for range cap(p.free) {
		p.free <- struct{}{}
	}
	return p
}

// Use waits until a process may run jobs and lends it to do, which is the only one that uses it meanwhile. prefers
// chooses among those that wait; when it chooses none, a new one is started as long as there are fewer than there may
// be. The error is that of starting a process, or of do.
func (p *Pool) Use(ctx context.Context, prefers func(*Process) bool, do func(*Process) error) error {
	select {
	case <-p.free:
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() { p.free <- struct{}{} }()
	process, err := p.take(prefers), error(nil)
	if process == nil {
		process, err = start(p.config)
	}
	if err == nil {
		err = do(process)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.busy--
	if process != nil && !process.dead {
		p.idle = append(p.idle, process)
	}
	return err
}

// take gives a process that waits, nil when one is to be started.
func (p *Pool) take(prefers func(*Process) bool) *Process {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.busy++
	at := slices.IndexFunc(p.idle, prefers)
	if at < 0 {
		if len(p.idle) == 0 || len(p.idle)+p.busy <= cap(p.free) {
			return nil
		}
		at = 0 // the one that was used longest ago
	}
	process := p.idle[at]
	p.idle = slices.Delete(p.idle, at, at+1)
	return process
}

// Alone does one job in a process that does no other.
func Alone(ctx context.Context, c Config, j Job) error {
	p, err := start(c)
	if err != nil {
		return err
	}
	err = p.Do(ctx, j)
	if !p.dead {
		p.end()
	}
	return err
}

// Close ends the processes. No job may run.
func (p *Pool) Close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, process := range p.idle {
		process.end()
	}
	p.idle = nil
}
