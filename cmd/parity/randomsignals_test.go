package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"
)

// signalled is a command that is run whole once, and then ended at random moments.
type signalled struct {
	name  string
	dir   string // where it runs
	args  []string
	files []string // that it writes below dir: each is as before the run or as after a whole one, but for its times
	whole time.Duration
	after map[string][]byte // what the whole run has written
}

// TestRandomSignals: whenever a signal comes, a command ends with the code that says so, leaves nothing running and no
// file that is half written. HEADER_AUTH_REDTEAM says how long; else it is a few signals for each command.
func TestRandomSignals(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("what is left running is looked for on Linux alone")
	}
	begun, most, seed := time.Now(), time.Duration(0), uint64(1)
	if redteamAll {
		var err error
		if most, err = time.ParseDuration(os.Getenv("HEADER_AUTH_REDTEAM")); err != nil {
			t.Fatal(err)
		}
		seed = uint64(begun.UnixNano()) // the next run has other moments
	}
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 0))
	commands := signalledCommands(t)
	signals := []syscall.Signal{syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGKILL}
	for n := 0; n < 2*len(commands) || time.Since(begun) < most; n++ {
		c := &commands[n%len(commands)]
		signal := signals[r.IntN(len(signals))]
		c.run(t, signal, time.Duration(r.Int64N(int64(c.whole)*5/4)))
		if t.Failed() {
			return
		}
	}
}

func signalledCommands(t *testing.T) []signalled {
	t.Helper()
	cases := redteamTable(t)
	var more strings.Builder
	more.WriteString("breaks: Nothing.\ncases:\n")
	for i := range 150 {
		fmt.Fprintf(&more, "  - {id: more/a%d, clauses: [\"1\"], why: A request is enough., good: {none: there is none}, "+
			"steps: [{request: {path: /%[1]d}, want: {decision: allow, logs: any}}]}\n", i)
	}
	writeFile(t, filepath.Join(cases, "more.yaml"), []byte(more.String()))
	module := filepath.Join(t.TempDir(), "good.wasm")
	writeFile(t, module, guest().Bytes())
	project := t.TempDir()
	var builds strings.Builder
	builds.WriteString("table: cases\nbuilds:\n")
	for _, name := range []string{"a", "b"} {
		fmt.Fprintf(&builds, "  - name: %s\n    language: c\n    sdk: {name: none, version: \"1\"}\n    compiler: sh\n"+
			"    sources: [builds.yaml]\n    wasm: dist/%[1]s.wasm\n"+
			"    recipe: {command: [sh, -c, \"head -c 20 %[2]s > ${out}; sleep 0.2; tail -c +21 %[2]s >> ${out}\"]}\n",
			name, module)
	}
	writeFile(t, filepath.Join(project, "builds.yaml"), []byte(builds.String()))
	table := []string{"--cases", cases, "--wasm", "good=" + module}
	commands := []signalled{
		{name: "check", dir: t.TempDir(), files: []string{"report.json"},
			args: append([]string{"check", "--format", "json", "--out", "report.json"}, table...)},
		{name: "build", dir: project, args: []string{"build"}, files: []string{"dist/a.wasm", "dist/b.wasm"}},
		{name: "bench", dir: t.TempDir(), files: []string{"dist/bench/own/bench.json"},
			args: append([]string{"bench", "--speed", "--case", "all/get", "--wasm", "other=" + module}, table...)},
		{name: "inspect", dir: t.TempDir(), args: []string{"inspect", module, module, module}},
		{name: "soak", dir: t.TempDir(), args: append([]string{"soak", "--rounds", "1000"}, table...)},
	}
	for i := range commands {
		commands[i].first(t)
	}
	return commands
}

// first runs the command whole.
func (c *signalled) first(t *testing.T) {
	t.Helper()
	cmd, out := parityCommand(t, c.args...)
	cmd.Dir = c.dir
	begun := time.Now()
	_ = cmd.Run() // a benchmark of one machine may have no verdict
	c.whole, c.after = time.Since(begun), map[string][]byte{}
	if code := cmd.ProcessState.ExitCode(); code != 0 && !(c.name == "bench" && code == 3) {
		t.Fatalf("parity %s: exit code %d\n%s", c.name, code, out)
	}
	for _, file := range c.files {
		content, err := os.ReadFile(filepath.Join(c.dir, file))
		if err != nil {
			t.Fatalf("parity %s: %v\n%s", c.name, err, out)
		}
		c.after[file] = content
	}
}

// old is what the files have before a run, if they are there at all.
const old = `{"old": true}`

func (c *signalled) run(t *testing.T, signal syscall.Signal, at time.Duration) {
	t.Helper()
	cmd, out := parityCommand(t, c.args...)
	cmd.Dir = c.dir
	for _, file := range c.files {
		if c.name == "build" {
			_ = os.Remove(filepath.Join(c.dir, file))
		} else {
			writeFile(t, filepath.Join(c.dir, file), []byte(old))
		}
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var started []int
	sent := make(chan struct{})
	hit := time.AfterFunc(at, func() {
		defer close(sent)
		started = descendants(cmd.Process.Pid)
		_ = cmd.Process.Signal(signal)
	})
	late := time.AfterFunc(mostWait, func() { _ = cmd.Process.Kill() })
	_ = cmd.Wait()
	what := fmt.Sprintf("parity %s, %v after %v of %v", c.name, signal, at, c.whole)
	if !late.Stop() {
		t.Errorf("%s: it did not end in %v", what, mostWait)
	}
	ended := hit.Stop() // before the signal
	if !ended {
		<-sent
	}
	status := cmd.ProcessState.Sys().(syscall.WaitStatus)
	switch code := cmd.ProcessState.ExitCode(); {
	case signal == syscall.SIGKILL, ended, code == 0, code == 3:
	case status.Signaled() && out.Len() == 0: // it had not begun
	default:
		t.Errorf("%s: exit code %d (%v)\n%s", what, code, status, out)
	}
	if strings.Contains(out.String(), "goroutine ") || strings.Contains(out.String(), "fault of") {
		t.Errorf("%s:\n%s", what, out)
	}
	for _, pid := range started {
		for begun := time.Now(); syscall.Kill(pid, 0) == nil && !isZombie(pid); runtime.Gosched() {
			if time.Since(begun) > mostWait {
				line, _ := exec.Command("ps", "-o", "args=", "-p", fmt.Sprint(pid)).Output()
				_ = syscall.Kill(pid, syscall.SIGKILL)
				t.Fatalf("%s: process %d is left running: %s", what, pid, line)
			}
		}
	}
	c.checkFiles(t, what, signal)
}

// checkFiles looks for files that are half written, or that should be gone.
func (c *signalled) checkFiles(t *testing.T, what string, signal syscall.Signal) {
	t.Helper()
	for _, file := range c.files {
		content, err := os.ReadFile(filepath.Join(c.dir, file))
		switch {
		case err != nil && c.name == "build", string(content) == old:
		case err != nil:
			t.Errorf("%s: %v", what, err)
		case strings.HasSuffix(file, ".json"):
			var whole struct{ Schema string }
			if json.Unmarshal(content, &whole) != nil || whole.Schema == "" {
				t.Errorf("%s: %s is half written: %d bytes", what, file, len(content))
			}
		case !bytes.Equal(content, c.after[file]):
			t.Errorf("%s: %s is half written: %d of %d bytes", what, file, len(content), len(c.after[file]))
		}
	}
	if signal == syscall.SIGKILL {
		return // no program can clean up
	}
	for _, file := range c.files {
		dir := filepath.Join(c.dir, filepath.Dir(file))
		left, _ := filepath.Glob(filepath.Join(dir, "."+filepath.Base(file)+"*"))
		if len(left) > 0 {
			t.Errorf("%s: %v is left", what, left)
		}
	}
}

// descendants are the processes that one has started, and those that they have.
func descendants(pid int) (all []int) {
	for _, child := range children(pid) {
		all = append(append(all, child), descendants(child)...)
	}
	return all
}
