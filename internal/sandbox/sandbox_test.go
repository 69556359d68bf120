package sandbox

import (
	"context"
	"errors"
	"os"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// TestMain is also the process that a pool starts.
func TestMain(m *testing.M) {
	if len(os.Args) == 3 && os.Args[1] == "serve" {
		if err := Serve(context.Background(), os.Stdin, os.Stdout, os.Args[2], handlers); err != nil {
			panic(err)
		}
		return
	}
	os.Exit(m.Run())
}

// plain is data of every kind that must arrive as it was sent.
type plain struct {
	Text        string
	None, Empty []string
	Bytes       []byte
	Zero        *int
	At          time.Time
	Inner       struct{ Every time.Duration }
	Any         map[string]any
}

var handlers = map[string]Handler{
	"echo": func(_ context.Context, _ *Page, request func(any) error, _ func(any) error) (any, error) {
		var p plain
		err := request(&p)
		return p, err
	},
	"process": func(context.Context, *Page, func(any) error, func(any) error) (any, error) { return os.Getpid(), nil },
	"hang": func(_ context.Context, page *Page, _ func(any) error, _ func(any) error) (any, error) {
		page.End(page.Begin("before"))
		page.Begin("a call")
		for {
			runtime.Gosched()
		}
	},
	"hang inside": func(_ context.Context, page *Page, _ func(any) error, _ func(any) error) (any, error) {
		first := page.Begin("before")
		page.Begin("an outer call")
		page.End(first) // its slot is the inner call's
		page.Begin("an inner call")
		for {
			runtime.Gosched()
		}
	},
	"hang under its own limit": func(_ context.Context, page *Page, _ func(any) error, _ func(any) error) (any, error) {
		page.Begin("a measurement")
		page.Limit(50 * time.Millisecond)
		for {
			runtime.Gosched()
		}
	},
	"tell once": func(_ context.Context, page *Page, _ func(any) error, tell func(any) error) (any, error) {
		_ = tell(1)
		for {
			page.End(page.Begin("a short call"))
		}
	},
	"calls for ever": func(_ context.Context, page *Page, _ func(any) error, _ func(any) error) (any, error) {
		for {
			page.End(page.Begin("a short call"))
		}
	},
	"eat": func(_ context.Context, page *Page, _ func(any) error, _ func(any) error) (any, error) {
		page.Begin("a greedy call")
		var all [][]byte
		for {
			all = append(all, slices.Repeat([]byte{1}, 16<<20))
			runtime.KeepAlive(all)
		}
	},
	"die": func(context.Context, *Page, func(any) error, func(any) error) (any, error) {
		os.Stderr.WriteString("the last words\n")
		os.Exit(9)
		return nil, nil
	},
	"fail": func(context.Context, *Page, func(any) error, func(any) error) (any, error) {
		return nil, errors.New("a reason")
	},
	"panic": func(context.Context, *Page, func(any) error, func(any) error) (any, error) { panic("a panic") },
	"large": func(context.Context, *Page, func(any) error, func(any) error) (any, error) {
		return make([]byte, most+1), nil
	},
	"tell": func(_ context.Context, _ *Page, _ func(any) error, tell func(any) error) (any, error) {
		return "done", errors.Join(tell(0.25), tell(0.5))
	},
}

func pool(t *testing.T, processes int) *Pool {
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	p := New(Config{Command: []string{program, "serve"}, Memory: 512 << 20, Processes: processes})
	t.Cleanup(p.Close)
	return p
}

func do(t *testing.T, p *Pool, j Job) error {
	return p.Use(t.Context(), func(*Process) bool { return false }, func(process *Process) error {
		return process.Do(t.Context(), j)
	})
}

func TestWhatIsSentArrives(t *testing.T) {
	zero := 0
	sent := plain{Text: "\xff\x00", Empty: []string{}, Bytes: []byte{}, Zero: &zero,
		At: time.Date(2026, 1, 2, 3, 4, 5, 6, time.UTC)}
	sent.Inner.Every = time.Second
	sent.Any = map[string]any{"n": int64(-1), "f": 1.5, "b": []byte("b"), "l": []any{nil, true, map[string]any{"s": "t"}}}
	var got plain
	if err := do(t, pool(t, 1), Job{Kind: "echo", Request: sent, Answer: &got}); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(sent, got); diff != "" {
		t.Errorf("-sent +got:\n%s", diff)
	}
}

// TestEnded: what a job did is known although its process is gone, and the next job is done by another process.
func TestEnded(t *testing.T) {
	p := pool(t, 1)
	for _, test := range []struct {
		job  Job
		want Ended
	}{
		{Job{Kind: "hang", Call: 50 * time.Millisecond}, Ended{Why: CallTooLong, In: "a call", Limit: 50 * time.Millisecond}},
		{Job{Kind: "hang inside", Call: 50 * time.Millisecond},
			Ended{Why: CallTooLong, In: "an inner call", Limit: 50 * time.Millisecond}},
		{Job{Kind: "hang under its own limit"}, Ended{Why: CallTooLong, In: "a measurement", Limit: 50 * time.Millisecond}},
		{Job{Kind: "tell once", Call: 5 * time.Second, Step: 50 * time.Millisecond},
			Ended{Why: StepTooLong, Limit: 50 * time.Millisecond}},
		{Job{Kind: "calls for ever", Call: 5 * time.Second, Whole: 50 * time.Millisecond},
			Ended{Why: WholeTooLong, Limit: 50 * time.Millisecond}},
		{Job{Kind: "eat"}, Ended{Why: OutOfMemory, In: "a greedy call"}},
		{Job{Kind: "die"}, Ended{Why: Died, Words: "the last words"}},
	} {
		if test.want.Why == OutOfMemory && runtime.GOOS != "linux" {
			continue
		}
		var before, again, after int
		for _, pid := range []*int{&before, &again} {
			if err := do(t, p, Job{Kind: "process", Answer: pid}); err != nil {
				t.Fatal(err)
			}
		}
		var e *Ended
		if err := do(t, p, test.job); !errors.As(err, &e) || e.Why != test.want.Why || e.Limit != test.want.Limit ||
			test.want.In != "" && e.In != test.want.In || test.want.Words != "" && e.Words != test.want.Words {
			t.Errorf("%s: %+v, want %+v", test.job.Kind, err, test.want)
		}
		if err := do(t, p, Job{Kind: "process", Answer: &after}); err != nil || before != again || before == after {
			t.Errorf("%s: processes %d, %d and then %d, %v: want the same twice, and then another", test.job.Kind, before, again,
				after, err)
		}
	}
}

// TestWhichProcess: one that is preferred is used again, else a new one is started, and at the end the one that was
// used longest ago is taken.
func TestWhichProcess(t *testing.T) {
	p := pool(t, 2)
	use := func(holds, name string) (pid int) {
		t.Helper()
		err := p.Use(t.Context(), func(process *Process) bool { return process.Holds == holds },
			func(process *Process) error {
				process.Holds = name
				return process.Do(t.Context(), Job{Kind: "process", Answer: &pid})
			})
		if err != nil {
			t.Fatal(err)
		}
		return pid
	}
	a, b := use("a", "a"), use("b", "b")
	again, third, alone := use("a", "a"), use("c", "c"), 0
	if a == b || again != a || third != b {
		t.Errorf("processes %d, %d, %d and %d: want the second another, the third the first, the fourth the second", a, b,
			again, third)
	}
	config := p.config
	config.Memory = 0
	if err := Alone(t.Context(), config, Job{Kind: "process", Answer: &alone}); err != nil || alone == a || alone == b {
		t.Errorf("process %d, %v: want one of its own", alone, err)
	}
}

func TestErrors(t *testing.T) {
	p := pool(t, 1)
	for kind, want := range map[string]string{"fail": "a reason", "panic": "a panic", "large": "64 are not kept",
		"none": "unknown kind"} {
		if err := do(t, p, Job{Kind: kind}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want …%s…", kind, err, want)
		}
	}
}

func TestInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	p := pool(t, 1)
	err := p.Use(ctx, func(*Process) bool { return false }, func(process *Process) error {
		time.AfterFunc(10*time.Millisecond, cancel)
		return process.Do(ctx, Job{Kind: "hang"})
	})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("%v, want the context's error", err)
	}
}

func TestTold(t *testing.T) {
	var told []float64
	var answer string
	err := do(t, pool(t, 1), Job{Kind: "tell", Answer: &answer, Told: func(read func(any) error) {
		var share float64
		if err := read(&share); err != nil {
			t.Error(err)
		}
		told = append(told, share)
	}})
	if err != nil || answer != "done" || !slices.Equal(told, []float64{0.25, 0.5}) {
		t.Errorf("told %v, answer %q, %v", told, answer, err)
	}
}
