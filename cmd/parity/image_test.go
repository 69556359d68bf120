package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"log"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/registry"
)

func TestImageUsage(t *testing.T) {
	tests := []struct {
		name   string
		args   []string
		exit   int
		stdout string
		stderr string
	}{
		{"nothing", nil, 2, "", "Usage: parity image push"},
		{"help", []string{"--help"}, 0, "Usage: parity image push", ""},
		{"help of push", []string{"push", "--help"}, 0, "default dist/", ""},
		{"help of verify", []string{"verify", "--help"}, 0, "as Istio and Envoy Gateway do", ""},
		{"verify nothing", []string{"verify"}, 2, "", "0 references: expected one"},
		{"verify no reference", []string{"verify", "a..b/c"}, 2, "", "parse reference"},
		{"unknown command", []string{"pull"}, 2, "", `unknown command "pull"`},
		{"unknown flag", []string{"push", "--regstry", "a.b/c"}, 2, "", "-regstry"},
		{"stray argument", []string{"push", "--registry", "a.b/c", "rust"}, 2, "", `unexpected argument "rust"`},
		{"no registry", []string{"push"}, 2, "", "parse registry: it is missing"},
		{"no module", []string{"push", "--registry", "a.b/c", "--wasm", "no.wasm"}, 2, "", "no.wasm is not there"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var stdout, stderr bytes.Buffer
			exit := runImage(context.Background(), test.args, &stdout, &stderr)
			if exit != test.exit {
				t.Errorf("exit %d, want %d", exit, test.exit)
			}
			for stream, pair := range map[string][2]string{
				"stdout": {stdout.String(), test.stdout}, "stderr": {stderr.String(), test.stderr},
			} {
				if got, want := pair[0], pair[1]; !strings.Contains(got, want) || (want == "" && got != "") {
					t.Errorf("%s %q, want %q in it", stream, got, want)
				}
			}
		})
	}
}

func TestImagePush(t *testing.T) {
	home := t.TempDir()
	for _, key := range []string{"HOME", "DOCKER_CONFIG", "XDG_RUNTIME_DIR", "XDG_CONFIG_HOME"} {
		t.Setenv(key, home)
	}
	server := httptest.NewServer(registry.New(registry.Logger(log.New(io.Discard, "", 0))))
	defer server.Close()
	module := modules()["sound.wasm"]
	file := filepath.Join(home, "m.wasm")
	if err := os.WriteFile(file, module, 0o644); err != nil {
		t.Fatal(err)
	}
	prefix := strings.TrimPrefix(server.URL, "http://") + "/team"
	args := []string{"push", "--registry", prefix, "--lang", "rust", "--tag", "v1", "--wasm", file, "--builder", "none"}

	var stdout, stderr bytes.Buffer
	if exit := runImage(context.Background(), args, &stdout, &stderr); exit != 0 {
		t.Fatalf("exit %d: %s", exit, stderr.String())
	}
	rows := map[string]string{}
	for line := range strings.Lines(stdout.String()) {
		if label := strings.TrimSpace(line[:17]); label != "" {
			rows[label] = strings.TrimSpace(line[17:])
		}
	}
	name := prefix + "/header-auth-rust"
	if rows["pushed"] != name+":v1" || rows["pinned"] != "oci://"+name+"@"+rows["manifest digest"] {
		t.Errorf("references are not those of %s:v1:\n%s", name, stdout.String())
	}
	if want := fmt.Sprintf("%x", sha256.Sum256(module)); rows["file sha256"] != want {
		t.Errorf("file sha256 %q, want %s", rows["file sha256"], want)
	}

	if !strings.Contains(stderr.String(), "cases of the table fail") {
		t.Errorf("no warning that the table is red: %q", stderr.String())
	}
	stdout.Reset()
	if exit := runImage(context.Background(), []string{"verify", name + ":v1", "--wasm", file}, &stdout,
		&stderr); exit != 0 {
		t.Errorf("verify: exit %d: %s", exit, stderr.String())
	}
	for _, want := range []string{"Istio            pulls it", "Envoy Gateway    pulls it",
		"Envoy            loads the module",
		"the same bytes as " + file, "licenses=Apache-2.0", "proxy_send_local_response",
		"sha256:" + strings.TrimPrefix(rows["manifest digest"], "sha256:")} {
		if !strings.Contains(stdout.String(), want) {
			t.Errorf("verify does not say %q:\n%s", want, stdout.String())
		}
	}

	server.Close()
	stderr.Reset()
	if exit := runImage(context.Background(), args, io.Discard, &stderr); exit != 3 {
		t.Errorf("exit %d without a registry, want 3: %s", exit, stderr.String())
	}
}
