package main

import (
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/header-auth/header-auth/internal/redteam"
)

// Limits from outside. A module that keeps to no rule is ended after --deadline. A command takes besides what its processes
// take to compile the module, each anew: bench has the most of them. Package apart gives each process 1 GiB; the command
// itself keeps the module, too.
const (
	redteamDeadline = 300 * time.Millisecond
	mostTime        = 3 * time.Minute  // of the processors, for all processes of a command together
	mostWait        = 10 * time.Minute // for a command that takes no time of the processors
	mostMemory      = 3 << 29
)

// redteamAll says that everything is tried, and not one place for each kind.
var redteamAll = os.Getenv("HEADER_AUTH_REDTEAM") != ""

// TestRedTeam runs the modules of package redteam through the commands, with limits of time and memory from outside.
func TestRedTeam(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("memory is limited, and looked at, on Linux alone")
	}
	cases := redteamTable(t)
	good := filepath.Join(t.TempDir(), "good.wasm")
	writeFile(t, good, guest().Bytes())
	for i, k := range redteam.Kinds() {
		for j, at := range redteam.Places {
			oneOfEight := i%8 == 0 || !strings.HasPrefix(k.Name, "all of memory in")
			if !k.Fits(at) || !redteamAll && (j != shortPlace(&k, i) || !oneOfEight) {
				continue
			}
			t.Run(k.Name+" in "+string(at), func(t *testing.T) {
				t.Parallel()
				file := filepath.Join(t.TempDir(), "mine.wasm")
				writeFile(t, file, k.Module(at))
				own := []string{"--deadline", redteamDeadline.String()}
				table := append(own, "--cases", cases, "--wasm", "mine="+file)
				engines := [][]string{{}}
				if redteamAll {
					engines = append(engines, []string{"--engine", "interpreter"})
				}
				for _, engine := range engines {
					r := limited(t, append(append([]string{"check", "--wasm", "good=" + good}, table...), engine...)...)
					r.judge(t, &k)
					if !strings.Contains(r.out, "✓ 2/2") {
						t.Errorf("the other module does not pass its two cases:\n%s", r.out)
					}
				}
				if !redteamAll && (i%4 != 1 || k.Harm == redteam.Heavy) {
					return
				}
				limited(t, append([]string{"trace", "all/get"}, table...)...).judge(t, nil)
				soaked := limited(t, append([]string{"soak", "--rounds", "1000", "--wasm", "good=" + good}, table...)...)
				soaked.judge(t, &k)
				if n := len(goodPath.FindAllString(soaked.out, -1)); n != 2 {
					t.Errorf("%d paths of the other module are sound, want 2:\n%s", n, soaked.out)
				}
				limited(t, append([]string{"bench", "--speed", "--wasm", "good=" + good}, table...)...).judge(t, nil)
				if r := limited(t, append([]string{"inspect", file}, own...)...); at == "_initialize" || at == "start section" {
					r.judge(t, &k)
				}
			})
		}
	}
}

// TestRedTeamForms runs modules whose form is the harm.
func TestRedTeamForms(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("memory is limited, and looked at, on Linux alone")
	}
	cases := redteamTable(t)
	for i, f := range redteam.Forms() {
		if !redteamAll && i%4 != 1 {
			continue
		}
		t.Run(f.Name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "mine.wasm")
			writeFile(t, file, f.Write())
			own := []string{"--deadline", redteamDeadline.String()}
			table := append(own, "--cases", cases, "--wasm", "mine="+file)
			calls := [][]string{append([]string{"check"}, table...), append([]string{"inspect", file}, own...)}
			if redteamAll {
				calls = append(calls, append([]string{"trace", "all/get"}, table...),
					append([]string{"bench", "--speed"}, table...), append([]string{"soak", "--rounds", "1000"}, table...))
			}
			for _, call := range calls {
				r := limited(t, call...)
				r.judge(t, nil)
				if strings.ContainsAny(r.out, "\x1b\x07\r") || len(r.out) > 1<<18 {
					t.Errorf("parity %s: %d bytes of output, or control characters:\n%.2000q", call[0], len(r.out), r.out)
				}
			}
		})
	}
}

// goodPath is a path of a soak on which the first module is sound.
var goodPath = regexp.MustCompile(`(?m)^all/(get|post) +✓`)

// shortPlace is the place of a kind in the short form: another for each, and where its harm is done where that matters.
func shortPlace(k *redteam.Kind, i int) int {
	for n := range redteam.Places {
		if at := (i + n) % len(redteam.Places); k.Fits(redteam.Places[at]) {
			return at
		}
	}
	return 0
}

func writeFile(t *testing.T, name string, content []byte) {
	t.Helper()
	if err := os.WriteFile(name, content, 0o644); err != nil {
		t.Fatal(err)
	}
}

// redteamTable is a table that lets everything pass.
func redteamTable(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	writeFile(t, filepath.Join(dir, "contract.yaml"),
		[]byte("name: small\nclauses:\n  - {id: \"1\", text: Everything passes.}\n"))
	cases := "breaks: Nothing.\ncases:\n"
	for name, method := range map[string]string{"get": "GET", "post": "POST"} {
		cases += fmt.Sprintf("  - id: all/%s\n    clauses: [\"1\"]\n    why: A request is enough.\n"+
			"    good: {none: there is none}\n    clusters: {asks: {status: 200}}\n    steps:\n"+
			"      - request: {method: %s}\n        want: {decision: allow, logs: any}\n", name, method)
	}
	writeFile(t, filepath.Join(dir, "all.yaml"), []byte(cases))
	return dir
}

type limitedRun struct {
	args   []string
	code   int
	out    string
	memory int64 // the most of all its processes together
	ended  bool  // by the limit
}

// limited runs the command, and kills it at the limit of time. That is time of the processors, because a busy machine
// may make a command wait as long as it likes.
func limited(t *testing.T, args ...string) (r limitedRun) {
	t.Helper()
	c, out := parityCommand(t, args...)
	r.args = args
	begun := time.Now()
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- c.Wait() }()
	look := time.NewTicker(20 * time.Millisecond)
	defer look.Stop()
	for {
		select {
		case <-done:
			r.code, r.out = c.ProcessState.ExitCode(), out.String()
			return r
		case <-look.C:
			now := taken(c.Process.Pid)
			r.memory = max(r.memory, now.memory)
			if !r.ended && (now.processor > mostTime || time.Since(begun) > mostWait) {
				r.ended = true
				_ = c.Process.Kill()
			}
		}
	}
}

// parityCommand is this test as the command.
func parityCommand(t *testing.T, args ...string) (*exec.Cmd, *bytes.Buffer) {
	t.Helper()
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	out := new(bytes.Buffer)
	c := exec.Command(program)
	c.Args = append([]string{"parity"}, args...)
	c.Dir, c.Stdout, c.Stderr = t.TempDir(), out, out
	return c, out
}

func (r limitedRun) judge(t *testing.T, k *redteam.Kind) {
	t.Helper()
	switch {
	case r.ended:
		t.Errorf("parity %s did not end in %v of the processors\n%s", r.args[0], mostTime, r.out)
	case r.memory > mostMemory:
		t.Errorf("parity %s took %d MiB", r.args[0], r.memory>>20)
	case r.code < 0 || r.code > 2 || strings.Contains(r.out, "goroutine ") || strings.Contains(r.out, "fault of"):
		t.Errorf("parity %s: exit code %d\n%s", r.args[0], r.code, r.out)
	case k == nil:
	case k.Harm == redteam.Hangs && (r.code != 1 || !strings.Contains(r.out, "took longer than")),
		(k.Harm == redteam.Traps || k.Harm == redteam.Grows) && r.code != 1,
		k.Harm == redteam.Heavy && r.code > 1:
		t.Errorf("parity %s: exit code %d\n%s", r.args[0], r.code, r.out)
	}
}

// spent is what a process, and those that it started, have taken.
type spent struct {
	memory    int64 // bytes, now
	processor time.Duration
}

// clockTick is the unit of /proc/PID/stat, which Linux has for all programs (man 5 proc: sysconf(_SC_CLK_TCK)).
const clockTick = 10 * time.Millisecond

func taken(pid int) (u spent) {
	proc := filepath.Join("/proc", strconv.Itoa(pid))
	if statm, err := os.ReadFile(filepath.Join(proc, "statm")); err == nil {
		if fields := strings.Fields(string(statm)); len(fields) > 2 {
			pages, _ := strconv.ParseInt(fields[1], 10, 64)
			shared, _ := strconv.ParseInt(fields[2], 10, 64)
			u.memory = (pages - shared) * int64(os.Getpagesize())
		}
	}
	if stat, err := os.ReadFile(filepath.Join(proc, "stat")); err == nil {
		// Behind the name, which may have spaces, utime, stime and those of children that have ended are fields 14 to 17.
		_, rest, _ := strings.Cut(string(stat), ") ")
		if fields := strings.Fields(rest); len(fields) > 14 {
			for _, field := range fields[11:15] {
				ticks, _ := strconv.ParseInt(field, 10, 64)
				u.processor += time.Duration(ticks) * clockTick
			}
		}
	}
	for _, child := range children(pid) {
		of := taken(child)
		u.memory, u.processor = u.memory+of.memory, u.processor+of.processor
	}
	return u
}

func children(pid int) (all []int) {
	tasks, _ := fs.Glob(os.DirFS("/proc"), strconv.Itoa(pid)+"/task/*/children")
	for _, file := range tasks {
		list, _ := os.ReadFile(filepath.Join("/proc", file))
		for _, child := range strings.Fields(string(list)) {
			if n, err := strconv.Atoi(child); err == nil {
				all = append(all, n)
			}
		}
	}
	return all
}

// TestInterruptsOfHangs: a command that waits for a module ends at the first interrupt, and leaves nothing running.
func TestInterruptsOfHangs(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("what is left running is looked for on Linux alone")
	}
	cases, file := redteamTable(t), filepath.Join(t.TempDir(), "mine.wasm")
	hang, requests := redteam.Kinds()[1], filepath.Join(t.TempDir(), "all.yaml")
	writeFile(t, file, hang.Module("_initialize"))
	writeFile(t, requests, []byte("cases: [{id: all/get, steps: [{request: {}}]}]\n"))
	for _, args := range [][]string{
		{"check", "--cases", cases, "--wasm", "mine=" + file},
		{"trace", "all/get", "--cases", cases, "--wasm", "mine=" + file},
		{"inspect", file},
		{"soak", "--rounds", "1000", "--cases", cases, "--wasm", "mine=" + file},
		{"worst", "--case", "all/get", "--cases", cases, "--wasm", "mine=" + file},
		{"fuzz", "--wasm", "mine=" + file},
		{"bench", "--speed", "--cases", cases, "--wasm", "mine=" + file},
		{"record", "--wasm", "mine=" + file, requests},
	} {
		for _, signal := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM, syscall.SIGKILL} {
			t.Run(args[0]+" "+signal.String(), func(t *testing.T) {
				t.Parallel()
				c, out := parityCommand(t, append(args, "--deadline", "1h")...)
				if err := c.Start(); err != nil {
					t.Fatal(err)
				}
				var started []int
				for begun := time.Now(); len(started) == 0; runtime.Gosched() {
					if started = children(c.Process.Pid); time.Since(begun) > mostWait {
						t.Fatal("it starts no process")
					}
				}
				_ = c.Process.Signal(signal)
				stop := time.AfterFunc(mostWait, func() { _ = c.Process.Kill() })
				_ = c.Wait()
				if !stop.Stop() {
					t.Errorf("it does not end: %s", out)
				}
				if code := c.ProcessState.ExitCode(); signal != syscall.SIGKILL && code != 3 {
					t.Errorf("exit code %d, want 3: %s", code, out)
				}
				for _, pid := range started {
					for begun := time.Now(); syscall.Kill(pid, 0) == nil && !isZombie(pid); runtime.Gosched() {
						if time.Since(begun) > mostWait {
							_ = syscall.Kill(pid, syscall.SIGKILL)
							t.Fatalf("process %d is left running", pid)
						}
					}
				}
			})
		}
	}
}

// isZombie: init may be slow to bury it, or absent in a container.
func isZombie(pid int) bool {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	return err != nil || strings.Contains(string(stat), ") Z ")
}

// TestLittleAddressSpace: a limit of the shell is named, and is not the module's fault. What Go's own start needs is of
// the machine: with less, this program can say nothing.
func TestLittleAddressSpace(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("only Linux has the limit")
	}
	cases, file := redteamTable(t), filepath.Join(t.TempDir(), "good.wasm")
	writeFile(t, file, guest().Bytes())
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	limitedTo := func(bytes int64, args ...string) (code int, out string) {
		script := fmt.Sprintf(`ulimit -v %d; exec -a parity "$0" "$@"`, bytes>>10)
		shell := exec.Command("bash", append([]string{"-c", script, program}, args...)...)
		text, _ := shell.CombinedOutput()
		return shell.ProcessState.ExitCode(), string(text)
	}
	starts := func(bytes int64) bool {
		code, _ := limitedTo(bytes, "version")
		return code == 0 || code == 3
	}
	const step = 16 << 20
	least, most := int64(step), int64(16<<30)
	for most-least > step {
		if middle := (least + most) / 2; starts(middle) {
			most = middle
		} else {
			least = middle
		}
	}
	t.Logf("Go starts in %d MiB, and the program wants %d", most>>20, leastAddresses>>20)
	const more = 16 * step // by which one start differs from another: how many threads there are by then
	if most+more >= leastAddresses {
		t.Fatalf("Go needs up to %d MiB to start: leastAddresses, %d, comes too late", (most+more)>>20, leastAddresses>>20)
	}
	for _, args := range [][]string{{"version"}, {"check", "--cases", cases, "--wasm", "mine=" + file},
		{"inspect", file}} {
		for _, bytes := range []int64{(most + more + leastAddresses) / 2, leastAddresses - step} {
			code, out := limitedTo(bytes, args...)
			for try := 0; try < 5 && strings.Contains(out, "runtime"); try++ { // Go's start needs another amount each time
				code, out = limitedTo(bytes, args...)
			}
			if code != 3 || !strings.Contains(out, "ulimit -v unlimited") || strings.Count(out, "\n") > 1 {
				t.Errorf("parity %s in %d MiB: exit code %d, want 3 and the cure in one line: %s", args[0], bytes>>20, code, out)
			}
		}
		for bytes := int64(leastAddresses); bytes < leastAddresses+32*step; bytes += 7 * step {
			code, out := limitedTo(bytes, args...)
			if code == 0 || code == 3 && strings.Contains(out, "ulimit -v unlimited") {
				continue
			}
			t.Errorf("parity %s in %d MiB: exit code %d, want 0, or 3 and the cure: %s", args[0], bytes>>20, code, out)
		}
	}
}
