package soak_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/header-auth/header-auth/bench/soak"
	"github.com/header-auth/header-auth/bench/verdict"
	"github.com/header-auth/header-auth/build"
	"github.com/header-auth/header-auth/conformance/table"
	"github.com/header-auth/header-auth/host"
)

// change is a change in one place of the plugin, in both languages.
type change struct {
	name       string
	path       string // the case that shows it
	bytes      float64
	wrongRound int
	inGo       []string // in main.go: the old text and the new one
	inRust     []string // in lib.rs
}

const (
	goKeep = `package main

type kept struct {
	before *kept
	n      [8]byte
}

var last *kept

func keep() {
	if last != nil && last.n[0] == 255 {
		panic("it is never")
	}
	last = &kept{before: last, n: [8]byte{1}}
}

var asked int

func seldom() bool {
	asked++
	return asked == 50000
}
`
	rustKeep = "std::hint::black_box(Box::leak(Box::new([7u8; 16])));\n"
)

var changes = []change{
	{name: "a refusal", path: "soak/missing", bytes: 16,
		inGo:   []string{"	s.state = refused\n", "	s.state = refused\n	keep()\n"},
		inRust: []string{"        self.state = State::Refused;\n", "        self.state = State::Refused;\n" + rustKeep}},
	{name: "a call-out", path: "soak/callout-allowed", bytes: 16,
		inGo: []string{"	if s.state != waiting ||", "	keep()\n	if s.state != waiting ||"},
		inRust: []string{"        if self.state != State::Waiting {",
			rustKeep + "        if self.state != State::Waiting {"}},
	{name: "a call-out whose client is gone", path: "soak/callout-gone", bytes: 16,
		inGo: []string{"	s.state = waiting\n", "	s.state = waiting\n			keep()\n"},
		inRust: []string{"            self.state = State::Waiting;\n", "            self.state = State::Waiting;\n" +
			rustKeep}},
	{name: "a log line", path: "soak/log-headers", bytes: 32,
		inGo:   []string{"logHeaders(s.config,", "keep()\n		logHeaders(s.config,"},
		inRust: []string{"            log_headers(&self.config,", rustKeep + "            log_headers(&self.config,"}},
	{name: "a response", path: "soak/allowed", bytes: 16,
		inGo:   []string{"	changeResponse(s.config)\n", "	changeResponse(s.config)\n	keep()\n"},
		inRust: []string{"        change_response(&self.config);\n", "        change_response(&self.config);\n" + rustKeep}},
	{name: "an update", path: "soak/updates-*", bytes: 16,
		inGo: []string{"	p.config, p.metrics = closedConfig(), new(metrics)\n",
			"	p.config, p.metrics = closedConfig(), new(metrics)\n	keep()\n"},
		inRust: []string{"        *self = Plugin::new();\n", "        *self = Plugin::new();\n" + rustKeep}},
	{name: "a stream or a tick", path: "soak", bytes: 16,
		inGo: []string{"	return &stream{id: id,", "	keep()\n	return &stream{id: id,", "func (p *plugin) OnTick() {\n",
			"func (p *plugin) OnTick() {\n	keep()\n"},
		inRust: []string{"        Some(Box::new(Stream {", rustKeep + "        Some(Box::new(Stream {",
			"    fn on_tick(&mut self) {\n",
			"    fn on_tick(&mut self) {\n" + rustKeep}},
	{name: "one wrong answer in 50 000", path: "soak/response-headers", wrongRound: 25_000,
		inGo: []string{"	changeResponse(s.config)\n", "	if !seldom() {\n		changeResponse(s.config)\n	}\n"},
		inRust: []string{"        change_response(&self.config);\n",
			"        static N: std::sync::atomic::AtomicUsize = std::sync::atomic::AtomicUsize::new(0);\n" +
				"        if N.fetch_add(1, std::sync::atomic::Ordering::Relaxed) != 49_999 {\n            " +
				"change_response(&self.config);\n        }\n"}},
}

// TestPower changes one line of the plugins, so that they leak sixteen bytes in one place or give one wrong answer in
// fifty thousand requests, builds them as builds.yaml says and checks that a soak finds it.
func TestPower(t *testing.T) {
	if os.Getenv("HEADER_AUTH_SELFTEST") == "" {
		t.Skip("builds 32 plugins: make bench-selftest")
	}
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	list, err := build.Load(filepath.Join(root, build.File))
	if err != nil {
		t.Fatal(err)
	}
	whole, err := table.Load(filepath.Join(root, "conformance", "cases"))
	if err != nil {
		t.Fatal(err)
	}
	scratch := copied(t, root)
	only := os.Getenv("BUILDS")
	for _, b := range list.Builds {
		if b.Leaks != "" || only != "" && !strings.Contains(" "+only+" ", " "+b.Name+" ") {
			continue
		}
		for _, c := range changes {
			t.Run(b.Name+"/"+c.name, func(t *testing.T) {
				wasm := changed(t, scratch, b, c)
				selected, err := whole.Select(c.path)
				if err != nil {
					t.Fatal(err)
				}
				results := soak.Run(t.Context(), selected.Cases(), []soak.Subject{{Name: b.Name, Wasm: wasm}},
					soak.Config{Host: host.Options{MemoryPages: 4096}, Workers: runtime.GOMAXPROCS(0)}).Results
				for i := range results {
					c.found(t, &results[i])
				}
			})
		}
	}
}

func (c *change) found(t *testing.T, r *soak.Result) {
	t.Helper()
	m := r.Memory
	t.Logf("%s: %d rounds, %s %.1f [%.1f, %.1f] bytes a round, %d KiB to %d KiB, wrong %+v, failed %q, reason %d", r.Case,
		r.Rounds, m.Verdict, m.PerRound.Mid, m.PerRound.Low, m.PerRound.High, m.Ready>>10, m.End>>10, r.Wrong,
		r.Failed, m.Reason)
	if c.wrongRound != 0 {
		if r.Wrong == nil || r.Wrong.Round != c.wrongRound {
			t.Errorf("%s: wrong: %+v, expected round %d", r.Case, r.Wrong, c.wrongRound)
		}
		return
	}
	// An allocator takes at least what is asked for, and those here less than four times as much, in up to three
	// places of a round.
	if m.Verdict != verdict.Leak || m.PerRound.High < c.bytes || m.PerRound.Low > 12*c.bytes {
		t.Errorf("%s: %s, %.1f [%.1f, %.1f] bytes a round, expected a leak of %v or more", r.Case, m.Verdict, m.PerRound.Mid,
			m.PerRound.Low, m.PerRound.High, c.bytes)
	}
}

// copied is a copy of the sources of the builds.
func copied(t *testing.T, root string) string {
	t.Helper()
	to := t.TempDir()
	for _, dir := range []string{"go-plugin", "rust-plugin"} {
		if err := os.CopyFS(filepath.Join(to, dir), os.DirFS(filepath.Join(root, dir))); err != nil {
			t.Fatal(err)
		}
	}
	for _, file := range []string{"go.mod", "go.sum", "Cargo.toml", "Cargo.lock"} {
		content, err := fs.ReadFile(os.DirFS(root), file)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(to, file), content, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Mkdir(filepath.Join(to, ".cache"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(filepath.Join(root, ".cache", "toolchain"),
		filepath.Join(to, ".cache", "toolchain")); err != nil {
		t.Fatal(err)
	}
	return to
}

// changed builds the plugin with a change, and undoes the change.
func changed(t *testing.T, scratch string, b build.Build, c change) []byte {
	t.Helper()
	file, pairs := filepath.Join(scratch, "go-plugin", "main.go"), c.inGo
	if b.Language == "rust" {
		file, pairs = filepath.Join(scratch, "rust-plugin", "src", "lib.rs"), c.inRust
	} else if err := os.WriteFile(filepath.Join(scratch, "go-plugin", "keep.go"), []byte(goKeep), 0o644); err != nil {
		t.Fatal(err)
	}
	content, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(pairs); i += 2 {
		if !strings.Contains(string(content), pairs[i]) {
			t.Fatalf("%s has no %q any more", file, pairs[i])
		}
	}
	if err := os.WriteFile(file, []byte(strings.NewReplacer(pairs...).Replace(string(content))), 0o644); err != nil {
		t.Fatal(err)
	}
	defer os.WriteFile(file, content, 0o644)
	made, err := build.Run(t.Context(), []build.Build{b}, build.Options{Root: scratch})
	if err != nil {
		t.Fatal(err)
	}
	wasm, err := os.ReadFile(made[0].Path)
	if err != nil {
		t.Fatal(err)
	}
	return wasm
}
