package proxy

import (
	"errors"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestNoCompiler(t *testing.T) {
	was := compilers
	defer func() { compilers = was }()
	compilers = []string{"no-such-compiler"}
	if _, err := NewClock(t.Context(), t.TempDir(), time.Now()); !errors.Is(err, ErrNoCompiler) {
		t.Errorf("got %v", err)
	}
}

// TestClock: a program that knows nothing of the clock goes by it.
func TestClock(t *testing.T) {
	if _, err := Compiler(); err != nil {
		t.Skipf("NO CLOCK, SO THIS IS NOT TESTED: %v", err)
	}
	dir := t.TempDir()
	c, err := NewClock(t.Context(), dir, time.Date(2001, 2, 3, 4, 5, 6, 0, time.UTC))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	program := filepath.Join(dir, "date")
	if out, err := exec.Command("cp", "/bin/date", program).CombinedOutput(); err != nil {
		t.Skipf("no date: %s", out)
	}
	asked := func() string {
		cmd := exec.Command(program, "-u", "+%F %T")
		cmd.Env = c.environment()
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		return strings.TrimSpace(string(out))
	}
	if got := asked(); got != "2001-02-03 04:05:06" {
		t.Errorf("got %s", got)
	}
	before := c.Steady()
	c.Advance(24 * time.Hour)
	if got := asked(); got != "2001-02-04 04:05:06" {
		t.Errorf("a day later: got %s", got)
	}
	c.AdvanceTimers(time.Second)
	c.SetTime(c.Time().Add(-time.Hour))
	if got := asked(); got != "2001-02-04 03:05:06" || c.Steady()-before != 24*time.Hour+time.Second {
		t.Errorf("set back: got %s, and %v for timers", got, c.Steady()-before)
	}
}
