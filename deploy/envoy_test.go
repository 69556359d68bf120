package deploy

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/header-auth/header-auth/envoy/obtain"
)

// validated is what a real Envoy says of a file, in the folder that the paths in it are relative to.
func validated(t *testing.T, program, file string) (says string, ok bool) {
	t.Helper()
	cmd := exec.Command(program, "--mode", "validate", "-c", file, "--log-level", "error")
	cmd.Dir = ".."
	out, err := cmd.CombinedOutput()
	return string(out), err == nil
}

// TestEnvoyAcceptsItsFiles, and refuses to start when the configuration is a Struct, with the cure in its log.
func TestEnvoyAcceptsItsFiles(t *testing.T) {
	found, err := obtain.Find(t.Context(), obtain.Options{Root: ".."})
	if err != nil {
		if os.Getenv("HEADER_AUTH_ENVOY") == "required" {
			t.Fatal(err)
		}
		t.Skipf("NO ENVOY, SO THIS IS NOT TESTED: %v", err)
	}
	if _, err := os.Stat("../dist/tinygo-successor.wasm"); err != nil && os.Getenv("CI") == "" {
		t.Skipf("NO MODULE, SO THIS IS NOT TESTED: %v; run make build", err)
	}
	for _, pattern := range []string{"../examples/*/envoy.yaml", "testdata/envoy-download.yaml",
		"testdata/envoy-rust.yaml"} {
		files, err := filepath.Glob(pattern)
		if err != nil || len(files) == 0 {
			t.Fatalf("%s: no file (%v)", pattern, err)
		}
		for _, file := range files {
			absolute, err := filepath.Abs(file)
			if err != nil {
				t.Fatal(err)
			}
			if says, ok := validated(t, found.Path, absolute); !ok {
				t.Errorf("%s: %s", file, says)
			}
		}
	}
	text, err := os.ReadFile("../examples/header-check/envoy.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for _, module := range []string{"dist/tinygo-successor.wasm", "dist/rust.wasm"} {
		wrong := strings.ReplaceAll(string(text), "dist/tinygo-successor.wasm", module)
		before, _, typed := strings.Cut(wrong, "google.protobuf.StringValue\n")
		_, after, policy := strings.Cut(wrong, "failure_policy:")
		if !typed || !policy {
			t.Fatalf("header-check/envoy.yaml has no StringValue, or no failure_policy behind it:\n%s", wrong)
		}
		wrong = before + "google.protobuf.Struct\n                  value: {header: allow}\n                failure_policy:" +
			after
		file := filepath.Join(t.TempDir(), "struct.yaml")
		if err := os.WriteFile(file, []byte(wrong), 0o600); err != nil {
			t.Fatal(err)
		}
		const cure = "configuration refused: a protobuf message, not JSON: use google.protobuf.StringValue"
		if says, ok := validated(t, found.Path, file); ok || !strings.Contains(says, cure) {
			t.Errorf("%s with a Struct: accepted %t, %s; expected %q", module, ok, says, cure)
		}
	}
}
