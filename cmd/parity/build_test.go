package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const oneBuild = `builds:
  - name: mine
    language: c
    sdk: {name: none, version: "1"}
    compiler: sh
    recipe: {command: [cp, mine.bin, "${out}"]}
    sources: [mine.bin]
    wasm: dist/mine.wasm
`

func TestRunBuild(t *testing.T) {
	tests := []struct {
		name       string
		list       string // builds.yaml; "": none
		args       []string
		code       int
		out, errOf string
	}{
		{"an entry of one's own", oneBuild, nil, 0, "mine                built             8 bytes  sha256:93a44bbb96c75121",
			""},
		{"by name", oneBuild, []string{"--build", "mine"}, 0, "dist/mine.wasm", ""},
		{"unknown name", oneBuild, []string{"--build", "yours"}, 2, "", `select build "yours": expected one of mine`},
		{"unknown key", oneBuild + "    colour: red\n", nil, 2, "", `builds.yaml:9:5: unknown field "colour"`},
		{"no list", "", nil, 2, "", "run the command inside a project"},
		{"no compiler", strings.Replace(oneBuild, "compiler: sh", "compiler: none-such", 1), nil, 3, "",
			"no none-such on PATH"},
		{"the recipe fails", strings.Replace(oneBuild, "cp,", "cat,", 1), nil, 1, "", "build mine"},
		{"wrong flag", oneBuild, []string{"--all"}, 2, "", "see parity build --help"},
		{"argument", oneBuild, []string{"mine"}, 0, "dist/mine.wasm", ""},
		{"unknown argument", oneBuild, []string{"yours"}, 2, "", `select build "yours": expected one of mine`},
		{"no jobs", oneBuild, []string{"--jobs=0"}, 2, "", "expected at least 1"},
		{"help", "", []string{"--help"}, 0, "Usage: parity build", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Chdir(t.TempDir())
			for file, text := range map[string]string{"builds.yaml": tt.list, "mine.bin": "\x00asm\x01\x00\x00\x00"} {
				if text == "" {
					continue
				}
				if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			var stdout, stderr bytes.Buffer
			code := runBuild(context.Background(), tt.args, &stdout, &stderr)
			if code != tt.code || !strings.Contains(stdout.String(), tt.out) || !strings.Contains(stderr.String(), tt.errOf) {
				t.Errorf("got %d\n%s%swanted %d, %q and %q", code, &stdout, &stderr, tt.code, tt.out, tt.errOf)
			}
		})
	}
}

// A machine with nothing on PATH lacks at least Go, and doctor changes nothing about it.
func TestRunDoctorLacking(t *testing.T) {
	t.Chdir(t.TempDir())
	t.Setenv("PATH", "")
	if err := os.WriteFile("builds.yaml", nil, 0o644); err != nil {
		t.Fatal(err)
	}
	var stdout, stderr bytes.Buffer
	if code := runDoctor(context.Background(), nil, &stdout, &stderr); code != 3 {
		t.Errorf("got %d\n%s%s", code, &stdout, &stderr)
	}
	if !strings.Contains(stdout.String(), "go      missing  no go on PATH\n") || !strings.Contains(stdout.String(),
		"https://go.dev/dl/") {
		t.Errorf("got\n%s", &stdout)
	}
	if left, _ := filepath.Glob(".*"); len(left) > 0 {
		t.Errorf("left behind %v", left)
	}
}

func TestRunExec(t *testing.T) {
	tests := []struct {
		name string
		args []string
		code int
	}{
		{"the command's own code", []string{"go", "sh", "-c", "exit 7"}, 7},
		{"ended by a signal", []string{"go", "sh", "-c", "kill -9 $$"}, 128 + 9},
		{"by one that it was sent", []string{"go", "sh", "-c", "kill -TERM $$"}, 128 + 15},
		{"no such command", []string{"go", "none-such"}, 3},
		{"no such compiler", []string{"cobol", "sh"}, 2},
		{"no command", []string{"go"}, 2},
		{"help", []string{"--help"}, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var stdout, stderr bytes.Buffer
			if code := runExec(context.Background(), tt.args, &stdout, &stderr); code != tt.code {
				t.Errorf("got %d, wanted %d\n%s%s", code, tt.code, &stdout, &stderr)
			}
		})
	}
}
