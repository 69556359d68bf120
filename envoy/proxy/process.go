// Package proxy runs a real Envoy as a child process: its configuration, its log, its clock.
//
// All sockets are Unix sockets in a folder of the process's own, so that no port can be taken and two runs can't meet.
// Linux alone: the Envoy must end with its parent, also when that is killed, which needs its kernel.
package proxy

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"time"

	bootstrap "github.com/envoyproxy/go-control-plane/envoy/config/bootstrap/v3"
	core "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
)

// Options say how an Envoy runs.
type Options struct {
	Program string // path of envoy
	Clock   *Clock // nil: the machine's
	// Listeners are there before the workers are. Envoy 1.37 dies when its first plugin comes later: V8 gives threads
	// that are older than itself no access to its code.
	Listeners []Listener
	Static    *bootstrap.Bootstrap // in place of Listeners: the whole configuration, but for the administration
	Node      *core.Node           // nil: one with names
	Trace     bool                 // log what crosses between Envoy and plugins
	Info      bool                 // log what plugins log from level info on
	Line      func(Line)           // is given each line of the log; calls do not overlap
	Ready     time.Duration
}

// readyTime is how long a start may take on a busy machine.
const readyTime = 60 * time.Second

// Process is a running Envoy.
type Process struct {
	Dir    string // of its sockets and files; removed when it ends
	admin  *http.Client
	cmd    *exec.Cmd
	done   chan struct{}
	logged chan struct{} // closed when the whole log is read

	version int // of what was published

	mu   sync.Mutex
	last []string // lines of the log, at most tailLines
	err  error    // how it ended
}

const tailLines = 40

// ExitError is an Envoy that has ended, was killed, or never became ready.
type ExitError struct {
	What string   // "exit status 1", "signal: killed", "not ready after 1m0s"
	Tail []string // the last lines of its log
}

func (e *ExitError) Error() string {
	if len(e.Tail) == 0 {
		return "envoy: " + e.What + "; its log is empty"
	}
	return "envoy: " + e.What + "; the end of its log:\n    " + strings.Join(e.Tail, "\n    ")
}

// MakeDir makes a folder for an Envoy, and sweeps away those that killed processes have left. Its path is short: that
// of a Unix socket in it has 107 bytes at most.
func MakeDir() (string, error) {
	parent := os.TempDir()
	if len(parent) > 50 {
		parent = "/tmp"
	}
	left, err := filepath.Glob(filepath.Join(parent, "parity-envoy-*-*"))
	if err != nil {
		return "", err
	}
	for _, dir := range left {
		pid, _, _ := strings.Cut(strings.TrimPrefix(filepath.Base(dir), "parity-envoy-"), "-")
		if _, err := os.Stat("/proc/" + pid); errors.Is(err, os.ErrNotExist) {
			_ = os.RemoveAll(dir) // another user's stays
		}
	}
	return os.MkdirTemp(parent, fmt.Sprintf("parity-envoy-%d-", os.Getpid()))
}

// Start runs an Envoy in a folder, which is the process's from then on, and waits until it is ready. An Envoy that ends
// before, or hangs, is an *ExitError.
func Start(ctx context.Context, dir string, o Options) (*Process, error) {
	if err := supported(); err != nil {
		return nil, err
	}
	p := &Process{Dir: dir, done: make(chan struct{}), logged: make(chan struct{})}
	p.admin = &http.Client{Transport: &http.Transport{DialContext: func(ctx context.Context, _,
		_ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "unix", p.Socket("admin"))
	}}}
	if err := p.writeBootstrap(o); err != nil {
		return nil, err
	}
	levels := "config:warning,upstream:info"
	if o.Trace {
		levels = "wasm:trace," + levels
	} else if o.Info {
		levels = "wasm:info," + levels
	}
	p.cmd = exec.Command(o.Program, "-c", filepath.Join(dir, "bootstrap.json"), "--concurrency", "1",
		"--disable-hot-restart",
		"--log-format", logFormat, "--log-level", "warning", "--component-log-level", levels,
		"--drain-time-s", "0", "--drain-strategy", "immediate")
	p.cmd.Dir = dir
	p.cmd.SysProcAttr = attributes()
	p.cmd.Env = os.Environ()
	if o.Clock != nil {
		p.cmd.Env = append(p.cmd.Env, o.Clock.environment()...)
	}
	log, writer, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	p.cmd.Stdout, p.cmd.Stderr = writer, writer
	started := make(chan error)
	go p.run(started, writer)
	if err := <-started; err != nil {
		log.Close()
		return nil, fmt.Errorf("start %s: %w", o.Program, err)
	}
	go p.read(log, o.Line)
	if o.Ready == 0 {
		o.Ready = readyTime
	}
	if err := p.awaitReady(ctx, o.Ready); err != nil {
		p.Stop()
		return nil, err
	}
	return p, nil
}

// run starts the process and waits for its end, on one thread: the kernel ends it with the thread that has started it.
func (p *Process) run(started chan<- error, log *os.File) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	err := p.cmd.Start()
	log.Close()
	started <- err
	if err != nil {
		return
	}
	if err = p.cmd.Wait(); err == nil {
		err = errors.New("exit status 0")
	}
	killGroup(p.PID()) // what it may have started would hold its log open
	<-p.logged
	p.mu.Lock()
	p.err = err
	p.mu.Unlock()
	close(p.done)
}

func (p *Process) read(log io.ReadCloser, line func(Line)) {
	defer close(p.logged)
	defer log.Close()
	for in := bufio.NewReaderSize(log, 1<<16); ; {
		text, err := in.ReadString('\n')
		text = strings.TrimSuffix(text, "\n")
		l, ok := parseLine(text)
		if text != "" && l.Level != "trace" {
			p.keep(text)
		}
		if ok && line != nil {
			l.Main = l.Thread == p.PID()
			line(l)
		}
		if err != nil {
			return
		}
	}
}

// keep is for Tail.
func (p *Process) keep(text string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(text) > 400 {
		text = text[:400] + "…"
	}
	p.last = append(p.last, text)
	p.last = p.last[max(0, len(p.last)-tailLines):]
}

// Tail are the last lines of the log.
func (p *Process) Tail() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]string(nil), p.last...)
}

// Err is an *ExitError once the process has ended, nil before.
func (p *Process) Err() error {
	select {
	case <-p.done:
		return &ExitError{p.err.Error(), p.Tail()}
	default:
		return nil
	}
}

// Done is closed when the process has ended.
func (p *Process) Done() <-chan struct{} { return p.done }

// PID is the process's number, and that of its main thread.
func (p *Process) PID() int { return p.cmd.Process.Pid }

// Stop kills the process and removes its folder.
func (p *Process) Stop() {
	killGroup(p.PID())
	<-p.done
	_ = os.RemoveAll(p.Dir)
}

// Socket is the path of one of its sockets.
func (p *Process) Socket(name string) string { return filepath.Join(p.Dir, name+".sock") }

func (p *Process) awaitReady(ctx context.Context, limit time.Duration) error {
	deadline := time.Now().Add(limit)
	for {
		if _, err := p.Admin(ctx, "/ready"); err == nil {
			return nil
		}
		select {
		case <-p.done:
			return p.Err()
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(5 * time.Millisecond):
		}
		if time.Now().After(deadline) {
			return &ExitError{fmt.Sprintf("not ready after %v", limit), p.Tail()}
		}
	}
}

// Admin asks Envoy's administration interface, such as "/stats?filter=…".
func (p *Process) Admin(ctx context.Context, path string) (string, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://admin"+path, nil)
	if err != nil {
		return "", err
	}
	response, err := p.admin.Do(request)
	if err != nil {
		return "", err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err == nil && response.StatusCode != http.StatusOK {
		err = fmt.Errorf("get %s: %s", path, response.Status)
	}
	return string(body), err
}
