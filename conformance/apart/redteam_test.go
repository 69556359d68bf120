package apart

import (
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/header-auth/header-auth/conformance/suite"
	"github.com/header-auth/header-auth/conformance/table"
	"github.com/header-auth/header-auth/host"
	"github.com/header-auth/header-auth/host/load"
	"github.com/header-auth/header-auth/internal/redteam"
)

// TestRandomModules: whatever a module does, it ends, and both engines see the same. HEADER_AUTH_REDTEAM says how long
// modules are drawn; else it is a moment.
func TestRandomModules(t *testing.T) {
	most, seed := 5*time.Second, uint64(0)
	if s := os.Getenv("HEADER_AUTH_REDTEAM"); s != "" {
		var err error
		if most, err = time.ParseDuration(s); err != nil {
			t.Fatal(err)
		}
		seed = uint64(time.Now().UnixNano()) // the next run draws others
	}
	if testing.Short() {
		most = time.Second
	}
	cases := realTable(t, "allow/true", "callout/forward", "request-headers/*").Cases()
	cases = cases[:min(4, len(cases))]
	compiler, interpreter := runner(t, host.Options{Deadline: 200 * time.Millisecond}),
		runner(t, host.Options{Deadline: 200 * time.Millisecond, Interpreter: true})
	modules, compared, ended, begun := 0, 0, 0, time.Now()
	for ; time.Since(begun) < most; seed++ {
		modules++
		wasm := redteam.Random(seed)
		for i := range cases {
			one, other := try(t, compiler, wasm, &cases[i]), try(t, interpreter, wasm, &cases[i])
			if one.ends() || other.ends() { // how far it came depends on the engine
				ended++
				break
			}
			compared++
			if diff := cmp.Diff(one, other, cmpopts.IgnoreFields(suite.Failure{}, "Details")); diff != "" {
				t.Fatalf("redteam.Random(%d), case %s: -compiler +interpreter\n%s", seed, cases[i].ID, diff)
			}
		}
	}
	t.Logf("%d modules, of which %d had to be ended; %d cases compared; up to seed %d", modules, ended, compared, seed-1)
	if compared == 0 {
		t.Error("nothing was compared")
	}
}

type tried struct {
	Text string
	Seen suite.Observation
}

// ends says whether a limit has ended it, be it of time, memory or the stack.
func (r tried) ends() bool {
	f := r.Seen.Failure
	return f != nil && f.Ends() || strings.Contains(r.Text, "deadline exceeded") || strings.Contains(r.Text,
		"out of memory") ||
		strings.Contains(r.Text, "stack overflow") || f != nil && strings.Contains(f.Reason, "stack overflow")
}

func try(t *testing.T, r *Runner, wasm []byte, c *table.Case) (result tried) {
	m, err := r.Compile(t.Context(), wasm, nil)
	if err == nil {
		result.Seen, err = m.Observe(t.Context(), c, nil)
	}
	if err != nil {
		result.Text = err.Error()
		var refused *load.Error
		if errors.As(err, &refused) || strings.Contains(err.Error(), "fault of") || strings.Contains(err.Error(), "died") {
			t.Errorf("%v: a fault of this program, or no module", err)
		}
	}
	return result
}
