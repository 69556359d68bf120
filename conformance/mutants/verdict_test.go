package mutants

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/header-auth/header-auth/toolchain"
)

func result(change string, outcome Outcome) Result {
	return Result{Mutant: Mutant{File: "a.go", Operator: Comparison, Change: change}, Outcome: outcome}
}

func TestCompare(t *testing.T) {
	scores := []Score{{Language: "go", Results: []Result{
		result("explained", Survived), result("new", Survived), result("killed now", Killed), result("killed", Killed),
		result("no program now", NoProgram), result("the same", Unchanged),
	}}}
	got := Compare(scores, []Survivor{
		{"a.go", []string{"explained", "killed now", "no program now", "gone"}, "because"},
		{"b.go", []string{"of a file left out"}, "because"},
	})
	if len(got.Unexplained) != 1 || got.Unexplained[0].Change != "new" {
		t.Errorf("unexplained: %v, want new", got.Unexplained)
	}
	if diff := cmp.Diff([]string{"a.go: killed now: killed", "a.go: no program now: no program",
		"a.go: gone: no such mutant"}, got.OutOfDate); diff != "" {
		t.Errorf("out of date: -want +got:\n%s", diff)
	}
	if diff := cmp.Diff(map[string]string{"a.go: explained": "because"}, got.Reasons); diff != "" {
		t.Errorf("reasons: -want +got:\n%s", diff)
	}
	if got := scores[0].Percent(); got != 50 {
		t.Errorf("%v %% killed, want 50: mutants that do not compile or give no new module do not count", got)
	}
}

// TestCompareWithoutTheRest: an interrupted run and a shard say nothing about mutants that they have not tried.
func TestCompareWithoutTheRest(t *testing.T) {
	scores := []Score{{Language: "go", Results: []Result{result("killed", Killed)}, NotTried: []string{"a.go: explained"}}}
	got := Compare(scores, []Survivor{{"a.go", []string{"explained", "gone"}, "because"}})
	if diff := cmp.Diff([]string{"a.go: gone: no such mutant"}, got.OutOfDate); diff != "" {
		t.Errorf("out of date: -want +got:\n%s", diff)
	}
}

// TestShard: all shards together try each mutant once, and those of a line in the same shard.
func TestShard(t *testing.T) {
	var all []Mutant
	for i := range 20 {
		all = append(all, Mutant{File: "a.go", Line: i / 2, Change: fmt.Sprint(i)})
	}
	tried, shardOf := map[string]int{}, map[int]int{}
	for i := 1; i <= 3; i++ {
		mine, others := shard(all, i, 3)
		if len(mine)+len(others) != len(all) || len(mine) < 6 {
			t.Errorf("shard %d/3 has %d mutants and leaves %d to others, of %d", i, len(mine), len(others), len(all))
		}
		for _, m := range mine {
			tried[m.ID()]++
			if first, ok := shardOf[m.Line]; ok && first != i {
				t.Errorf("line %d is in shards %d and %d", m.Line, first, i)
			}
			shardOf[m.Line] = i
		}
	}
	for _, m := range all {
		if tried[m.ID()] != 1 {
			t.Errorf("%s is tried %d times", m.ID(), tried[m.ID()])
		}
	}
}

func TestLoadSurvivors(t *testing.T) {
	for _, tt := range []struct{ name, text, fault string }{
		{"good", "survivors:\n  - {file: a.go, mutations: [x, y], reason: because}\n", ""},
		{"no reason", "survivors:\n  - {file: a.go, mutations: [x]}\n", "expected file, mutations and reason"},
		{"twice", "survivors:\n  - {file: a.go, mutations: [x, x], reason: because}\n", "listed twice"},
		{"unknown key", "survivors:\n  - {file: a.go, mutation: x, reason: because}\n", "unknown field"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "survivors.yaml")
			if err := os.WriteFile(file, []byte(tt.text), 0o600); err != nil {
				t.Fatal(err)
			}
			_, err := LoadSurvivors(file)
			if tt.fault == "" && err != nil || tt.fault != "" && (err == nil || !strings.Contains(err.Error(), tt.fault)) {
				t.Errorf("error %v, want %q", err, tt.fault)
			}
		})
	}
	if _, err := LoadSurvivors("survivors.yaml"); err != nil {
		t.Errorf("the project's own: %v", err)
	}
}

func TestSplice(t *testing.T) {
	got, err := Splice("a\n<!-- mutants -->\nold\n<!-- end -->\nb\n<!-- end -->\n", "new\n")
	if want := "a\n<!-- mutants -->\nnew\n<!-- end -->\nb\n<!-- end -->\n"; err != nil || got != want {
		t.Errorf("got %q, %v, want %q", got, err, want)
	}
	if _, err := Splice("a\n", "new\n"); err == nil {
		t.Error("no error without markers")
	}
}

func TestSummary(t *testing.T) {
	scores := []Score{{Language: "go", Results: []Result{
		result("f: a < b → a <= b", Survived), result("f: x → y", Killed), result("f: `x` → y", Survived)}}}
	f := Compare(scores, []Survivor{{"a.go", []string{"f: a < b → a <= b"}, "There are never b of them."}})
	got := Summary(scores, f, "sha256:0123456789abcdef", 7)
	for _, want := range []string{
		"By `make mutants`, with 7 cases (table sha256 0123456789ab):\n\n| operator | what it changes | Go, " +
			"killed of |\n|---|---|--:|\n| comparison | `<` becomes `>=`, `==` becomes `!=` | 1 of 3 |\n",
		"| **all** | | **1 of 3, 33.3 %** |\n",
		"- There are never b of them.\n  - a.go: `f: a < b → a <= b`\n- Not explained yet:\n  - a.go: `` f: `x` → y ``\n",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("no %q in\n%s", want, got)
		}
	}
}

func TestSentence(t *testing.T) {
	killed, survived := Result{Outcome: Killed}, Result{Outcome: Survived}
	got := Sentence([]Score{{Language: "rust", Results: []Result{killed, killed, survived}},
		{Language: "go", Results: []Result{killed}}})
	want := "The table notices 66.7 % of the small changes to the Rust plugin and 100.0 % of those to the Go plugin:\n"
	if !strings.HasPrefix(got, want) {
		t.Errorf("got %q, want %q first", got, want)
	}
}

func TestKept(t *testing.T) {
	file := filepath.Join(t.TempDir(), "a", "go.json")
	cases := map[string]string{"g/same": "1", "g/changed": "2", "g/gone": "3"}
	k, err := readVerdicts(file, "table", "sources", cases)
	if err != nil {
		t.Fatal(err)
	}
	k.Verdicts = map[string]verdict{
		"same": {Outcome: Killed, Killer: "g/same"}, "changed": {Outcome: Killed, Killer: "g/changed"},
		"gone": {Outcome: Killed, Killer: "g/gone"}, "lives": {Outcome: Survived},
		"no load": {Outcome: Killed, Killer: notLoaded}, "no program": {Outcome: NoProgram},
	}
	if err := k.save(); err != nil {
		t.Fatal(err)
	}
	now := map[string]string{"g/same": "1", "g/changed": "two", "g/new": "4"}
	for _, test := range []struct {
		name, table, sources string
		cases                map[string]string
		want                 []string // verdicts that hold
	}{
		{"the same again", "table", "sources", cases, []string{"changed", "gone", "lives", "no load", "no program", "same"}},
		{"another table", "another", "sources", now, []string{"no load", "no program", "same"}},
		{"other sources", "table", "others", cases, nil},
	} {
		k, err := readVerdicts(file, test.table, test.sources, test.cases)
		if err != nil {
			t.Fatal(err)
		}
		if got := slices.Sorted(maps.Keys(k.Verdicts)); !slices.Equal(got, test.want) {
			t.Errorf("%s: %q hold, want %q", test.name, got, test.want)
		}
		if n := len(k.Verdicts) + len(k.outdated); n != 6 {
			t.Errorf("%s: %d verdicts are known, want all 6", test.name, n)
		}
	}
	if err := os.WriteFile(file, []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := readVerdicts(file, "table", "sources", nil); err == nil {
		t.Error("no error for a file that is no JSON")
	}
}

// TestVerdict gives mutants to a runner whose compiler and table are functions of the test.
func TestVerdict(t *testing.T) {
	compiled := map[string]string{"same": "original", "dead": "module 1", "alive": "module 2", "twin": "module 1"}
	r := runner{
		compile: func(_ context.Context, m Mutant) ([]byte, error) {
			if wasm, ok := compiled[m.Change]; ok {
				return []byte(wasm), nil
			}
			return nil, errCompile
		},
		judge: func(_ context.Context, wasm []byte, hint string) (string, error) {
			if string(wasm) == "module 1" {
				return "g/c", nil
			}
			return "", nil
		},
		verdicts: &verdictFile{file: filepath.Join(t.TempDir(), "go.json"),
			Verdicts: map[string]verdict{"a.go: known": {Outcome: Survived}}},
		modules: map[string]string{digest([]byte("original")): ""},
	}
	for _, tt := range []struct {
		change string
		want   Outcome
		killer string
	}{
		{"same", Unchanged, ""}, {"dead", Killed, "g/c"}, {"alive", Survived, ""}, {"twin", SameAsAnother, ""},
		{"faulty", NoProgram, ""}, {"known", Survived, ""},
	} {
		v, err := r.verdict(context.Background(), Mutant{File: "a.go", Change: tt.change})
		if err != nil || v.Outcome != tt.want || v.Killer != tt.killer {
			t.Errorf("%s: %v, %v, want %s by %q", tt.change, v, err, tt.want, tt.killer)
		}
	}
}

// TestSources: files that do not go into the module are left out.
func TestSources(t *testing.T) {
	p := plugin{language: "go", scratch: t.TempDir()}
	for name, content := range map[string]string{
		"a.go": "package main", "a_test.go": "package main", "n.go": "//go:build !wasm\n\npackage main", "a.txt": "",
		"t.go": "//go:build tinygo\n\npackage main", "m.go": "//go:build !tinygo\n\npackage main",
		"b.rs": "", "b_test.rs": "", "b_native.rs": "", "src/c.rs": "",
	} {
		file := filepath.Join(p.scratch, "go-plugin", name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	got, err := p.read()
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"go-plugin/a.go", "go-plugin/b.rs", "go-plugin/m.go", "go-plugin/src/c.rs"}
	if diff := cmp.Diff(want, slices.Sorted(maps.Keys(got))); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// TestBuildFault distinguishes a mutant that does not compile from a compiler that fails.
func TestBuildFault(t *testing.T) {
	for _, tt := range []struct {
		name, says string
		noProgram  bool
	}{
		{"program", "src/a.rs:3:1: expected ;", true}, {"interrupt", "signal: interrupt", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			p := plugin{scratch: dir, tool: &toolchain.Tool{}, module: filepath.Join(dir, "m"),
				args: []string{"sh", "-c", "echo '" + tt.says + "'; exit 1"}}
			if _, err := p.build(context.Background()); err == nil || errors.Is(err, errCompile) != tt.noProgram {
				t.Errorf("got %v, no program: want %v", err, tt.noProgram)
			}
		})
	}
}
