package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/header-auth/header-auth/envoy/obtain/obtaintest"
	"github.com/header-auth/header-auth/host/wasmtest"
)

// envoyRun is the command parity with a real Envoy, in a folder of its own for temporary files.
type envoyRun struct {
	t *testing.T
	*exec.Cmd
	dir string
	out bytes.Buffer
}

// runs counts them, for names of files.
var runs atomic.Int64

// startOnEnvoy begins to check a module on an Envoy. Others than the owner can read all that the command needs.
func startOnEnvoy(t *testing.T, dir string, wasm []byte, as *syscall.Credential) *envoyRun {
	t.Helper()
	file := filepath.Join(dir, strconv.FormatInt(runs.Add(1), 10)+".wasm")
	if err := os.WriteFile(file, wasm, 0o644); err != nil {
		t.Fatal(err)
	}
	program := filepath.Join(dir, "parity")
	if _, err := os.Stat(program); err != nil {
		self, err := os.ReadFile(os.Args[0])
		if err == nil {
			err = os.WriteFile(program, self, 0o755)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	r := &envoyRun{t: t, dir: dir, Cmd: exec.Command(program, "check", "--cases", filepath.Join(dir, "cases"), "--wasm",
		"mine="+file,
		"--engine", "envoy", "--envoy", obtaintest.Real(t).Path)}
	r.Dir = dir
	r.Env = append(os.Environ(), "TMPDIR="+filepath.Join(dir, "tmp"), "HOME="+dir, "GOMAXPROCS=1") // one Envoy
	r.Stdout, r.Stderr = &r.out, &r.out
	r.SysProcAttr = &syscall.SysProcAttr{Credential: as}
	if err := r.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = r.Process.Kill() })
	return r
}

// envoyFolder is a folder with a table of two requests, a GET and a POST, and a place for temporary files.
func envoyFolder(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("/tmp", "parity-run-") // short, for the paths of sockets
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	script, err := os.ReadFile("testdata/signals.txtar")
	if err != nil {
		t.Fatal(err)
	}
	_, table, found := strings.Cut(string(script), "-- cases/contract.yaml --\n")
	contract, cases, also := strings.Cut(table, "-- cases/all.yaml --\n")
	if !found || !also {
		t.Fatal("signals.txtar has no table")
	}
	cases += `  - id: all/post
    clauses: ["1"]
    why: A request with another method is refused, too.
    good: {none: there is no good request}
    steps:
      - request: {method: POST}
        want: {decision: refuse, reply: "no", logs: [refused]}
`
	for _, folder := range []string{"", "tmp", "cases"} {
		if err := os.MkdirAll(filepath.Join(dir, folder), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(filepath.Join(dir, folder), 0o777); err != nil {
			t.Fatal(err)
		}
	}
	for name, text := range map[string]string{"contract.yaml": contract, "all.yaml": cases} {
		if err := os.WriteFile(filepath.Join(dir, "cases", name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// hangs is a plugin that never comes back from a GET, and refuses the rest.
func hangs() []byte {
	g := guest()
	method := g.Call("proxy_on_request_headers", "proxy_get_header_map_value", 0, ":method", wasmtest.Out)
	g.Do("proxy_on_request_headers", wasmtest.OutWord(method, 1), wasmtest.I32(len("GET")), wasmtest.Eq, wasmtest.If,
		wasmtest.Loop, wasmtest.Br(0), wasmtest.End, wasmtest.End)
	g.Call("proxy_on_request_headers", "proxy_log", 1, "refused")
	g.Call("proxy_on_request_headers", "proxy_send_local_response", 403, "why", "no", wasmtest.Pairs(), -1)
	g.Returns("proxy_on_request_headers", 1)
	return g.Bytes()
}

// envoys are the processes that work in a folder for temporary files, by number.
func (r *envoyRun) envoys() (all []int) {
	found, _ := filepath.Glob("/proc/[0-9]*/cwd")
	for _, cwd := range found {
		if at, _ := os.Readlink(cwd); strings.HasPrefix(at, filepath.Join(r.dir, "tmp")+"/") {
			pid, err := strconv.Atoi(filepath.Base(filepath.Dir(cwd)))
			if err == nil {
				all = append(all, pid)
			}
		}
	}
	return all
}

// awaitHanging waits until the plugin keeps the worker of the Envoy busy, and gives the Envoy's number.
func (r *envoyRun) awaitHanging() (pid int) {
	r.t.Helper()
	r.await(func() bool {
		for _, pid = range r.envoys() {
			threads, _ := filepath.Glob("/proc/" + strconv.Itoa(pid) + "/task/*/stat")
			for _, file := range threads {
				stat, _ := os.ReadFile(file)
				_, rest, isWorker := strings.Cut(string(stat), "(wrk:worker_0) ")
				// After state come 10 fields, and then the time in user mode, in hundredths of a second.
				fields := strings.Fields(rest)
				if isWorker && len(fields) > 11 {
					if used, _ := strconv.Atoi(fields[11]); used >= 50 {
						return true
					}
				}
			}
		}
		return false
	})
	return pid
}

// await asks until it is so. go test ends a test that waits for too long.
func (r *envoyRun) await(so func() bool) {
	r.t.Helper()
	for !so() {
		if r.t.Context().Err() != nil {
			r.t.Fatalf("ended; it wrote:\n%s", r.out.String())
		}
		time.Sleep(time.Millisecond)
	}
}

// end waits for the command's end.
func (r *envoyRun) end() (code int, out string) {
	_ = r.Wait() // the code says it
	return r.ProcessState.ExitCode(), r.out.String()
}

// left are the folders of Envoys that are there.
func (r *envoyRun) left() []string {
	found, _ := filepath.Glob(filepath.Join(r.dir, "tmp", "parity-envoy-*"))
	return found
}

func sound() []byte { return modules()["sound.wasm"] }

// TestEnvoyEndsWithTheCommand: Ctrl-C and SIGTERM leave no Envoy and no folder; SIGKILL leaves no Envoy, and
// its folder to the next run.
func TestEnvoyEndsWithTheCommand(t *testing.T) {
	obtaintest.Real(t)
	dir := envoyFolder(t)
	for _, signal := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM, syscall.SIGKILL} {
		r := startOnEnvoy(t, dir, hangs(), nil)
		r.awaitHanging()
		if err := r.Process.Signal(signal); err != nil {
			t.Fatal(err)
		}
		code, out := r.end()
		r.await(func() bool { return len(r.envoys()) == 0 })
		if signal == syscall.SIGKILL {
			continue
		}
		if code != 3 || !strings.Contains(out, "interrupted") || len(r.left()) > 0 {
			t.Errorf("%v: exit code %d, and %v is left; it wrote:\n%s", signal, code, r.left(), out)
		}
	}
	r := startOnEnvoy(t, dir, sound(), nil)
	if code, out := r.end(); code != 0 || len(r.left()) > 0 {
		t.Errorf("the next run: exit code %d, and %v is left; it wrote:\n%s", code, r.left(), out)
	}
}

// TestEnvoyIsKilled: the case that was running has the end of the log, and the next case has another Envoy.
func TestEnvoyIsKilled(t *testing.T) {
	obtaintest.Real(t)
	r := startOnEnvoy(t, envoyFolder(t), hangs(), nil)
	if err := syscall.Kill(r.awaitHanging(), syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	code, out := r.end()
	for _, says := range []string{"! all/get · mine@envoy-", "step 1: envoy: signal: killed; the end of its log:",
		"not conformant: 1 of 2 passed, 1 could not be judged",
		".wasm --cases " + r.dir + "/cases --engine envoy@"} {
		if !strings.Contains(out, says) {
			t.Errorf("expected %q", says)
		}
	}
	if strings.Contains(out, "parity trace") {
		t.Error("expected no trace, which would be one of package host")
	}
	if code != 1 || len(r.left()) > 0 || len(r.envoys()) > 0 {
		t.Errorf("exit code %d; %v and the processes %v are left", code, r.left(), r.envoys())
	}
	if t.Failed() {
		t.Log("it wrote:\n" + out)
	}
}

// TestTwoRunsAtOnce: neither disturbs the other.
func TestTwoRunsAtOnce(t *testing.T) {
	obtaintest.Real(t)
	dir := envoyFolder(t)
	both := []*envoyRun{startOnEnvoy(t, dir, sound(), nil), startOnEnvoy(t, dir, sound(), nil)}
	for _, r := range both {
		if code, out := r.end(); code != 0 || !strings.Contains(out, "conformant: 2 of 2 passed") {
			t.Errorf("exit code %d; it wrote:\n%s", code, out)
		}
	}
	if left := both[0].left(); len(left) > 0 {
		t.Errorf("%v is left", left)
	}
}

// TestEnvoyWithoutRoot: a user without rights can run one.
func TestEnvoyWithoutRoot(t *testing.T) {
	program := obtaintest.Real(t).Path
	if os.Geteuid() != 0 {
		t.Skip("the other tests have run without root")
	}
	const unprivileged = 65534
	as := &syscall.Credential{Uid: unprivileged, Gid: unprivileged}
	asks := exec.Command(program, "--version")
	asks.SysProcAttr = &syscall.SysProcAttr{Credential: as}
	asks.Dir = "/"
	if err := asks.Run(); err != nil {
		t.Skipf("NOT TESTED: %s can't be run by another user: %v", program, err)
	}
	r := startOnEnvoy(t, envoyFolder(t), sound(), as)
	if code, out := r.end(); code != 0 || !strings.Contains(out, "conformant: 2 of 2 passed") || len(r.left()) > 0 {
		t.Errorf("exit code %d, and %v is left; it wrote:\n%s", code, r.left(), out)
	}
}
