package cost

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// workerName is how Envoy calls the thread of its only worker.
const workerName = "wrk:worker_0"

// thread is a thread of another process.
type thread struct{ schedstat string } // a file: nanoseconds on a processor, nanoseconds waiting, times on one

// time is how long it has had a processor.
func (t thread) time() (time.Duration, error) {
	text, err := os.ReadFile(t.schedstat)
	if err != nil {
		return 0, fmt.Errorf("read the worker's processor time: %w", err)
	}
	first, _, _ := strings.Cut(string(text), " ")
	n, err := strconv.ParseInt(strings.TrimSpace(first), 10, 64)
	return time.Duration(n), err
}

// awaitIdle returns as soon as the thread waits for something to do, but after 20 ms at the latest.
func (t thread) awaitIdle() error {
	for begin := time.Now(); time.Since(begin) < 20*time.Millisecond; {
		text, err := os.ReadFile(filepath.Join(filepath.Dir(t.schedstat), "stat"))
		if err != nil {
			return fmt.Errorf("read the worker's state: %w", err)
		}
		// Behind the name, which may hold anything: a blank and the state, R for one that runs.
		if end := bytes.LastIndexByte(text, ')'); end < 0 || end+2 >= len(text) || text[end+2] != 'R' {
			return nil
		}
	}
	return nil
}

// pinned finds an Envoy's worker. With pin, it gets the last processor for itself, or with the others when it is not
// exclusive, and all other threads get the others.
func pinned(pid int, pin, exclusive bool) (thread, error) {
	tasks, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*", pid))
	if err != nil || len(tasks) == 0 {
		return thread{}, fmt.Errorf("list the threads of process %d: none", pid)
	}
	mine, others, err := processors()
	if pin && err != nil {
		return thread{}, err
	}
	var worker thread
	for _, task := range tasks {
		name, err := os.ReadFile(filepath.Join(task, "comm"))
		if err != nil {
			continue // it has ended
		}
		isWorker := strings.TrimSpace(string(name)) == workerName
		if isWorker {
			worker = thread{filepath.Join(task, "schedstat")}
		}
		if !pin {
			continue
		}
		tid, err := strconv.Atoi(filepath.Base(task))
		if err != nil {
			return thread{}, err
		}
		set := &others
		if isWorker && exclusive {
			set = &mine
		}
		_ = unix.SchedSetaffinity(tid, set) // a thread may have ended
	}
	if worker.schedstat == "" {
		return thread{}, fmt.Errorf("process %d has no thread %s", pid, workerName)
	}
	return worker, nil
}

// initial are the processors that this process may use.
var initial unix.CPUSet

// processors are the last of them, and the others.
func processors() (last, others unix.CPUSet, err error) {
	if initial.Count() < 2 {
		return last, others, errors.New("there is one processor only")
	}
	others = initial
	for i := len(initial) * 64; i >= 0; i-- {
		if initial.IsSet(i) {
			last.Set(i)
			others.Clear(i)
			return last, others, nil
		}
	}
	return last, others, errors.New("no processor")
}

// leaveProcessorToWorker moves all threads of this process to the other processors, until release is called.
func leaveProcessorToWorker() (release func(), err error) {
	release = func() {}
	if err := unix.SchedGetaffinity(0, &initial); err != nil {
		return release, err
	}
	_, others, err := processors()
	if err != nil {
		return release, err
	}
	move := func(to *unix.CPUSet) error {
		tasks, err := filepath.Glob("/proc/self/task/*")
		if err != nil {
			return err
		}
		for _, task := range tasks {
			tid, err := strconv.Atoi(filepath.Base(task))
			if err != nil {
				return err
			}
			_ = unix.SchedSetaffinity(tid, to) // a thread may have ended
		}
		return nil
	}
	return func() { _ = move(&initial) }, move(&others)
}

// anonymous is the anonymous resident memory of a process, in bytes.
func anonymous(pid int) (int64, error) {
	file := fmt.Sprintf("/proc/%d/smaps_rollup", pid)
	text, err := os.ReadFile(file)
	if err != nil {
		return 0, fmt.Errorf("read an Envoy's memory: %w", err)
	}
	for line := range strings.Lines(string(text)) {
		if value, ok := strings.CutPrefix(line, "Anonymous:"); ok {
			kib, err := strconv.ParseInt(strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(value), "kB")), 10, 64)
			return kib << 10, err
		}
	}
	return 0, fmt.Errorf("%s: no line Anonymous", file)
}
