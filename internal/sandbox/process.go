package sandbox

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/fxamacker/cbor/v2"
)

// Process does one job at a time.
type Process struct {
	Holds string // what the jobs so far have left in it; the caller's own

	cmd      *exec.Cmd
	page     *Page
	requests *cbor.Encoder
	flush    func() error
	answers  chan message // closed when the process has ended
	words    *words       // on its standard error
	begun    bool
	dead     bool
}

// Job is what a process has to do.
type Job struct {
	Kind    string
	Request any
	Answer  any // a pointer; nil: the answer is dropped
	// Told is called with what the process tells on its way, to be read into a value; nil: that is dropped.
	Told  func(func(any) error)
	Call  time.Duration // longest time in which no call begins or ends; 0: what the process sets by Page.Limit
	Step  time.Duration // longest time in which it tells nothing; 0: no limit
	Whole time.Duration // longest time of the job; 0: no limit
}

// Why a process ended before its job did.
type Why uint8

const (
	CallTooLong  Why = iota + 1 // no call began or ended in Job.Call
	StepTooLong                 // nothing was told in Job.Step
	WholeTooLong                // the job took longer than Job.Whole
	OutOfMemory                 // it needed more memory than it may have
	Died                        // something else, which is a fault of this program or of the machine
)

// Ended says that a process was killed, or died, before it answered.
type Ended struct {
	Why   Why
	In    string        // what was called; "": nothing
	Limit time.Duration // that was reached, with the first three
	Words string        // of the process, with Died
}

func (e *Ended) Error() string {
	in := e.In
	if in == "" {
		in = "the host, outside of any call"
	}
	switch e.Why {
	case CallTooLong:
		return fmt.Sprintf("%s took longer than %v", in, e.Limit)
	case StepTooLong:
		return fmt.Sprintf("a part of it took longer than %v, and was in %s then", e.Limit, in)
	case WholeTooLong:
		return fmt.Sprintf("it took longer than %v, and was in %s then", e.Limit, in)
	case OutOfMemory:
		return "out of memory in " + in
	}
	return fmt.Sprintf("the process that ran it died in %s: %s", in, e.Words)
}

// ErrLittleMemory says that not the module but this machine is the reason.
var ErrLittleMemory = errors.New("out of memory: this process was given little address space: " +
	"ulimit -v unlimited gives more")

func start(c Config) (*Process, error) {
	page, file, err := newPage()
	if err != nil {
		return nil, fmt.Errorf("start a process: %w", err)
	}
	p := &Process{page: page, words: &words{}, answers: make(chan message)}
	arguments := append(c.Command[1:len(c.Command):len(c.Command)], strconv.FormatInt(c.Memory, 10))
	p.cmd = exec.Command(c.Command[0], arguments...)
	p.cmd.Stderr, p.cmd.SysProcAttr = p.words, attributes()
	if file != nil {
		defer file.Close()
		p.cmd.ExtraFiles = []*os.File{file}
	}
	in, err := p.cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := p.cmd.Start(); err != nil {
		return nil, fmt.Errorf("start a process: %w", err)
	}
	write := bufio.NewWriter(in)
	p.requests, p.flush = encoding.NewEncoder(write), write.Flush
	go func() {
		defer close(p.answers)
		decoder := decoding.NewDecoder(bufio.NewReaderSize(out, 1<<16))
		for {
			var m message
			if decoder.Decode(&m) != nil {
				return
			}
			p.answers <- m
		}
	}()
	return p, nil
}

// How often a process that has a job is looked at. One that sets its own limits measures time, and is disturbed less.
const interval, seldom = 20 * time.Millisecond, 200 * time.Millisecond

// starting is how long a process may take until it can do jobs, on a machine that is very busy.
const starting = 30 * time.Second

// begin waits until the process can do jobs.
func (p *Process) begin(ctx context.Context) error {
	if p.begun {
		return nil
	}
	late := time.NewTimer(starting)
	defer late.Stop()
	select {
	case _, ok := <-p.answers:
		if !ok {
			return p.ended()
		}
		p.begun = true
		return nil
	case <-ctx.Done():
		p.end()
		return ctx.Err()
	case <-late.C:
		p.end()
		return fmt.Errorf("a process did not start within %v", starting)
	}
}

// Do gives the process a job and waits for its end. The error is an *Ended, the context's, or what the handler
// returned.
func (p *Process) Do(ctx context.Context, j Job) error {
	if err := p.begin(ctx); err != nil {
		return err
	}
	begun := time.Now()
	p.page.Limit(j.Call)
	sent := p.send(j)
	w := watch{page: p.page, job: j, changes: p.page.changes(), begun: begun, changed: begun, told: begun}
	every := interval
	if j.Call == 0 {
		every = seldom
	}
	look := time.NewTicker(every)
	defer look.Stop()
	for {
		select {
		case m, ok := <-p.answers:
			switch {
			case !ok:
				return p.ended()
			case m.Tell != nil:
				w.told = time.Now()
				if j.Told != nil {
					j.Told(func(to any) error { return decoding.Unmarshal(m.Tell, to) })
				}
				continue
			}
			if err := <-sent; err != nil {
				p.end()
				return fmt.Errorf("send a job: %w", err)
			}
			return m.result(j.Answer)
		case <-ctx.Done():
			p.end()
			return ctx.Err()
		case now := <-look.C:
			if e := w.late(now); e != nil {
				p.end()
				return e
			}
		}
	}
}

// send sends a job, and the error that this has had. A process that hangs may not read.
func (p *Process) send(j Job) <-chan error {
	sent := make(chan error, 1)
	go func() {
		body, err := encoding.Marshal(j.Request)
		if err == nil {
			err = p.requests.Encode(message{Kind: j.Kind, Body: body})
		}
		if err == nil {
			err = p.flush()
		}
		sent <- err
	}()
	return sent
}

// result is the error in an answer, or reads what is answered into a value; nil: it is dropped.
func (m *message) result(to any) error {
	switch {
	case m.Error != "":
		return errors.New(m.Error)
	case to == nil:
		return nil
	}
	return decoding.Unmarshal(m.Answer, to)
}

// watch is what is known of the time that a job takes.
type watch struct {
	page    *Page
	job     Job
	changes uint64    // of the page, so far
	begun   time.Time // the job
	changed time.Time // the page, seen the last time
	told    time.Time // the process, the last time
}

// late says which limit of time the job has passed; nil: none.
func (w *watch) late(now time.Time) *Ended {
	if n := w.page.changes(); n != w.changes {
		w.changes, w.changed = n, now
	}
	e := &Ended{In: w.page.running()}
	call := time.Duration(w.page.limit.Load())
	switch {
	case call > 0 && now.Sub(w.changed) > call && !w.page.unseen:
		e.Why, e.Limit = CallTooLong, call
	case w.job.Step > 0 && now.Sub(w.told) > w.job.Step:
		e.Why, e.Limit = StepTooLong, w.job.Step
	case w.job.Whole > 0 && now.Sub(w.begun) > w.job.Whole:
		e.Why, e.Limit = WholeTooLong, w.job.Whole
	default:
		return nil
	}
	return e
}

// ended says why the process has ended by itself.
func (p *Process) ended() error {
	p.dead = true
	err := p.cmd.Wait()
	e := &Ended{Why: Died, In: p.page.running(), Words: p.words.first()}
	_ = p.page.last()
	if p.words.has("out of memory") || p.words.has("cannot allocate memory") || p.words.has("pthread_create failed") {
		if _, limited := AddressSpace(); limited {
			return ErrLittleMemory
		}
		e.Why = OutOfMemory
	}
	if e.Words == "" && err != nil {
		e.Words = err.Error()
	}
	return e
}

// end kills the process and waits until it is gone.
func (p *Process) end() {
	p.dead = true
	_ = p.cmd.Process.Kill()
	for range p.answers { // until its pipe is closed
	}
	_ = p.cmd.Wait()
	_ = p.page.last()
}

// words keeps the beginning of what a process writes.
type words struct {
	mu   sync.Mutex
	text strings.Builder
}

func (t *words) Write(b []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if room := 1<<16 - t.text.Len(); room > 0 {
		t.text.Write(b[:min(len(b), room)])
	}
	return len(b), nil
}

func (t *words) has(words string) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return strings.Contains(t.text.String(), words)
}

// first is its first line that says something.
func (t *words) first() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	line, _, _ := strings.Cut(strings.TrimSpace(t.text.String()), "\n")
	return line
}
