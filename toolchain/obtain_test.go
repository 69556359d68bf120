package toolchain

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestInstallRust(t *testing.T) {
	tests := []struct {
		name    string
		setup   func(*machine)
		cargo   string
		problem string
	}{
		{name: "rustup adds the target",
			setup: func(m *machine) {
				m.rustup("1.95.0", "mkdir -p "+filepath.Dir(m.path(stdlib))+" && touch "+m.path(stdlib))
				m.script("bin/apt-get", "touch "+m.path("apt-was-called"))
			}, cargo: "stable/bin/cargo"},
		{name: "rustup can't, apt can",
			setup: func(m *machine) {
				m.debianRust("1.96.0") // all but the sources, which apt-get brings
				os.Remove(m.path(library))
				m.rustup("1.95.0", "echo no network >&2; exit 1")
				m.script("bin/apt-get", "touch "+m.path("apt-was-called")+" "+m.path(library))
			}, cargo: "usr/bin/cargo"},
		{name: "neither can",
			setup: func(m *machine) {
				m.rustup("1.95.0", "exit 1")
				m.script("bin/apt-get", "echo E: unable to locate package rustc-web; exit 100")
			}, problem: "E: unable to locate package rustc-web"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			m := newMachine(t)
			tt.setup(m)
			s := m.search()
			f := s.install(context.Background(), s.find(context.Background(), "rust"))
			if tt.problem != "" {
				if f.Tool != nil || !strings.Contains(f.Problem, tt.problem) || len(f.Commands) == 0 {
					t.Errorf("got %+v, wanted a problem …%s…", f, tt.problem)
				}
				return
			}
			if f.Tool == nil || f.Tool.Vars["cargo"][0] != m.path(tt.cargo) {
				t.Fatalf("got %+v, wanted %s", f, tt.cargo)
			}
			if called := exists(m.path("apt-was-called")); called != strings.HasPrefix(tt.cargo, "usr") {
				t.Errorf("apt-get was called: %v", called)
			}
		})
	}
}

// fakeGo builds a "TinyGo" that answers like one, or fails half-way.
func fakeGo(m *machine, build string) {
	m.file("module/src/a.go", "")
	m.file("module/lib/b", "")
	m.file("module/targets/wasip1.json", `{"features": "+sign-ext", "cflags": [], "ldflags": []}`)
	m.tinygo("0.41.1")
	if err := os.Rename(m.path("bin/tinygo"), m.path("made")); err != nil {
		m.t.Fatal(err)
	}
	m.script("bin/go", `case "$1" in
env) echo go1.26.0;;
list) echo `+m.path("module")+`;;
build) while [ "$1" != -o ]; do shift; done; out=$2; mkdir -p ${out%/*}
	`+build+`;;
esac`)
}

func TestInstallTinyGo(t *testing.T) {
	m := newMachine(t)
	m.llvm()
	fakeGo(m, "cat "+m.path("made")+" >$out; chmod +x $out")
	s := m.search()
	f := s.install(context.Background(), s.find(context.Background(), "tinygo"))
	if f.Tool == nil {
		t.Fatalf("got %+v\n%s", f, m.log.String())
	}
	home := m.path(".cache/toolchain/tinygo-0.41.1")
	if got := f.Tool.Vars["tinygo"][0]; got != home+"/bin/tinygo" {
		t.Errorf("got %s", got)
	}
	for _, made := range []string{"root/src/a.go", "root/src/net", "root/lib/b", "root/targets/wasi.json"} {
		if !exists(filepath.Join(home, made)) {
			t.Errorf("no %s", made)
		}
	}
	noRemains(t, m)
}

func TestInstallTinyGoInterrupted(t *testing.T) {
	m := newMachine(t)
	m.llvm()
	fakeGo(m, "touch $out; echo out of disk; exit 1")
	s := m.search()
	f := s.install(context.Background(), s.find(context.Background(), "tinygo"))
	if f.Tool != nil || !strings.Contains(f.Problem, "out of disk") {
		t.Errorf("got %+v, wanted what go said", f)
	}
	if exists(m.path(".cache/toolchain/tinygo-0.41.1")) {
		t.Error("half a TinyGo is in its place")
	}
	noRemains(t, m)
}

func noRemains(t *testing.T, m *machine) {
	t.Helper()
	if left, err := filepath.Glob(m.path(".cache/toolchain/unfinished-*")); err != nil || len(left) > 0 {
		t.Errorf("left behind %v, %v", left, err)
	}
}

func TestMissingError(t *testing.T) {
	m := newMachine(t)
	_, err := Obtain(context.Background(), []string{"go", "none-such"}, Options{Root: m.dir})
	var missing *MissingError
	if !errors.As(err, &missing) || len(missing.Findings) != 2 || !strings.Contains(err.Error(), "https://go.dev/dl/") {
		t.Errorf("got %v, wanted both missing and where Go is", err)
	}
}

func TestLock(t *testing.T) {
	file := filepath.Join(t.TempDir(), "new", "lock")
	unlock, err := Lock(context.Background(), file)
	if err != nil {
		t.Fatal(err)
	}
	cancelled, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := Lock(cancelled, file); !errors.Is(err, context.Canceled) {
		t.Errorf("locked twice: %v", err)
	}
	unlock()
	if unlock, err = Lock(cancelled, file); err != nil {
		t.Errorf("not let go: %v", err)
	} else {
		unlock()
	}
}
