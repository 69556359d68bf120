package sandbox

import (
	"context"
	"sync"
)

// Config says what a Pool starts.
type Config struct {
	Command   []string // of this program: it calls Serve with its last argument, the limit of memory
	Memory    int64    // bytes that a process may have
	Processes int      // at most at once; 0: 1
}

// Pool is processes that wait for jobs.
type Pool struct {
	config Config
	free   chan struct{} // one for each process that may run a job
	mu     sync.Mutex
	idle   []*Process // the one that was used last is the last
}

// New makes a pool. Its processes start when they are needed.
func New(c Config) *Pool {
	p := &Pool{config: c, free: make(chan struct{}, max(1, c.Processes))}
	for range cap(p.free) {
		p.free <- struct{}{}
	}
	return p
}

// Use waits until a process may run jobs and lends it to do, which is the only one that uses it meanwhile. prefers chooses
// among those that wait. The error is that of starting a process, or of do.
func (p *Pool) Use(ctx context.Context, prefers func(*Process) bool, do func(*Process) error) error {
	select {
	case <-p.free:
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() { p.free <- struct{}{} }()
	process, err := p.take(prefers)
	if err != nil {
		return err
	}
	err = do(process)
	if process.dead {
		return err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.idle = append(p.idle, process)
	return err
}

func (p *Pool) take(prefers func(*Process) bool) (*Process, error) {
	p.mu.Lock()
	if n := len(p.idle); n > 0 {
		defer p.mu.Unlock()
		at := n - 1
		for i, process := range p.idle {
			if prefers(process) {
				at = i
			}
		}
		process := p.idle[at]
		p.idle = append(p.idle[:at], p.idle[at+1:]...)
		return process, nil
	}
	p.mu.Unlock()
	return start(p.config)
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
