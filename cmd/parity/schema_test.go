package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"path/filepath"
	"strings"
	"testing"

	"github.com/header-auth/header-auth/internal/golden"
	"github.com/header-auth/header-auth/internal/schematest"
)

// TestSchemas holds the schemas, the types and what the commands write together. -update writes the schemas.
func TestSchemas(t *testing.T) {
	dir, cases := t.TempDir(), redteamTable(t)
	file := func(name string) string { return filepath.Join(dir, name) }
	for name, wasm := range modules() {
		writeFile(t, file(name), wasm)
	}
	mine := []string{"--cases", cases, "--wasm", "mine=" + file("sound.wasm")}
	for _, test := range []struct {
		command string
		of      any
		calls   [][]string
	}{
		{"inspect", &inspectJSON{}, [][]string{
			{file("sound.wasm"), file("nomain.wasm"), file("strict.wasm"), file("exits.wasm"), file("unknown.wasm"),
				file("higress.wasm")},
			{"--config", file("text.wasm"), file("rooted.wasm")},
		}},
		{"trace", &traceJSON{}, [][]string{
			append(mine, "all/get"),
			append([]string{"all/get", "--cases", cases, "--deadline", redteamDeadline.String()},
				"--wasm", "a="+file("panics.wasm"), "--wasm", "b="+file("hangs.wasm")),
		}},
		{"doctor", &doctorJSON{}, [][]string{nil}},
	} {
		t.Run(test.command, func(t *testing.T) {
			id := "header-auth/" + test.command + "/v1"
			name := "schema/" + test.command + ".json"
			generated := schematest.Generate(t, test.of, "https://github.com/header-auth/header-auth/cmd/parity/"+name, id)
			golden.Check(t, name, generated, *update)
			validate := schematest.Compile(t, generated)
			for _, args := range test.calls {
				for _, document := range documents(t, append([]string{test.command, "--format", "json"}, args...)) {
					if err := validate(document); err != nil {
						t.Errorf("parity %s %s: %v", test.command, strings.Join(args, " "), err)
					}
					for what, wrong := range map[string]string{
						"another schema": strings.Replace(string(document), id, "header-auth/other/v1", 1),
						"an unknown key": strings.Replace(string(document), `"schema"`, `"colour": 7, "schema"`, 1),
					} {
						if validate([]byte(wrong)) == nil {
							t.Errorf("%s is valid by %s", what, name)
						}
					}
				}
			}
		})
	}
}

// documents are the JSON values that a call prints.
func documents(t *testing.T, args []string) (all [][]byte) {
	t.Helper()
	var out, stderr bytes.Buffer
	if code := run(context.Background(), args, &out, &stderr); code == 2 {
		t.Fatalf("parity %s: exit code 2: %s", strings.Join(args, " "), &stderr)
	}
	for d := json.NewDecoder(&out); ; {
		var one json.RawMessage
		switch err := d.Decode(&one); {
		case errors.Is(err, io.EOF) && len(all) > 0:
			return all
		case err != nil:
			t.Fatalf("parity %s: %v; %s", strings.Join(args, " "), err, &stderr)
		}
		all = append(all, one)
	}
}
