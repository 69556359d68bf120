package main

import (
	"bytes"
	"io"
	"log"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-containerregistry/pkg/registry"
)

// anyDigest stands for the digest of a reader's own image.
var anyDigest = "sha256:" + strings.Repeat("0123456789abcdef", 4)

// TestManifestsOfTheExamples: an example's manifests are what parity deploy makes of its configuration. With
// -update they are written again.
func TestManifestsOfTheExamples(t *testing.T) {
	t.Chdir(root)
	configs, err := filepath.Glob("examples/*/plugin.json")
	if err != nil || len(configs) != 5 {
		t.Fatalf("examples: %q (%v), expected five", configs, err)
	}
	for _, config := range configs {
		for _, kind := range []string{"envoy", "istio", "envoy-gateway"} {
			args := []string{"deploy", kind, "--config", config}
			if kind != "envoy" {
				args = append(args, "--image", "registry.example.com/team/header-auth-go@"+anyDigest, "--pull-secret",
					"registry-login")
			}
			expectFile(t, filepath.Join(filepath.Dir(config), kind+".yaml"), deployed(t, args...))
		}
	}
}

// TestGoldenManifests are those of the flags that the examples do not have.
func TestGoldenManifests(t *testing.T) {
	t.Chdir(root)
	image := "registry.example.com/team/header-auth-rust@" + anyDigest
	standIn := filepath.Join(t.TempDir(), "open.wasm") // its digest is the same on every machine
	write(t, standIn, modules()["open.wasm"])
	for name, args := range map[string][]string{
		"istio-gateway": {"istio", "--lang", "rust", "--image", image, "--gateway", "public", "--namespace", "shop",
			"--name", "check"},
		"istio-outside": {"istio", "--config", "deploy/testdata/two.json", "--image", image, "--service",
			"auth=https://auth.example.com", "--service", "tokens=tokens.example.com:8080"},
		"istio-sidecars": {"istio", "--config", "examples/token/plugin.json", "--image", image, "--namespace", "shop",
			"--selector", "app=shop"},
		"envoy-gateway-public": {"envoy-gateway", "--image", image, "--gateway", "public", "--namespace", "shop"},
		"envoy-gateway-two": {"envoy-gateway", "--config", "deploy/testdata/two.json", "--image", image, "--service",
			"auth=https://auth.example.com"},
		"envoy-download": {"envoy", "--wasm", standIn, "--url", "https://files.example.com/plugin.wasm", "--listen",
			"127.0.0.1:10000", "--upstream", "https://shop.example.com"},
		"envoy-rust": {"envoy", "--lang", "rust", "--config", "deploy/testdata/two.json"},
	} {
		expectFile(t, "deploy/testdata/"+name+".yaml", deployed(t, append([]string{"deploy"}, args...)...))
	}
}

func deployed(t *testing.T, args ...string) string {
	t.Helper()
	var out, errs bytes.Buffer
	if code := run(t.Context(), args, &out, &errs); code != 0 {
		if strings.Contains(errs.String(), "run make build") && os.Getenv("CI") == "" {
			t.Skip("NO MODULES, SO THIS IS NOT TESTED: run make build")
		}
		t.Fatalf("parity %s: exit %d\n%s", strings.Join(args, " "), code, errs.String())
	}
	return out.String()
}

// expectFile compares a file with what it should have; with -update it is written.
func expectFile(t *testing.T, file, want string) {
	t.Helper()
	if *update {
		write(t, file, []byte(want))
	}
	got, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Errorf("%s is not what parity deploy writes: go test ./cmd/parity -run Manifests -update (-want +got):\n%s",
			file, diff)
	}
}

// TestDeployRefuses: each mistake gets its line and its exit code, and nothing is written.
func TestDeployRefuses(t *testing.T) {
	t.Chdir(root)
	dir := t.TempDir()
	write(t, filepath.Join(dir, "wrong.json"), []byte(`{"header": "allow", "vales": ["true"]}`))
	write(t, filepath.Join(dir, "calls.json"),
		[]byte(`{"callout": {"cluster": "auth", "authority": "auth service", "path": "/"}}`))
	image := "registry.example.com/team/x@" + anyDigest
	for _, c := range []struct {
		args string
		code int
		says string
	}{
		{"deploy", 2, `"": expected one of istio, envoy-gateway, envoy`},
		{"deploy kubernetes", 2, `"kubernetes": expected one of istio, envoy-gateway, envoy`},
		{"deploy istio", 2, "which image? give --image"},
		{"deploy istio --image registry.example.com/team/x:v1", 2, "expected host/path@sha256:…"},
		{"deploy istio --registry a/b --image " + image, 2, "one of them at a time"},
		{"deploy istio --selector app --image " + image, 2, "expected a label KEY=VALUE"},
		{"deploy istio --selector app=a --gateway b --image " + image, 2, "one of them at a time"},
		{"deploy envoy-gateway --selector app=a --image " + image, 2, "choose a Gateway with --gateway"},
		{"deploy envoy --config " + dir + "/wrong.json", 1, "wrong.json: configuration refused: vales: unknown key"},
		{"deploy envoy --config " + dir + "/none.json", 2, "no such file"},
		{"deploy envoy --config " + dir + "/calls.json", 2,
			`callout.authority: "auth service" is no address: say with --service auth=HOST:PORT`},
		{"deploy envoy --service auth=a:1", 2, "the configuration has no token.cluster or callout.cluster of this name"},
		{"deploy envoy --upstream shop:http", 2, "expected a port from 1 to 65535"},
		{"deploy envoy --listen :", 2, "--listen"},
		{"deploy envoy --url plugin.wasm", 2, "--url"},
		{"deploy envoy --lang c", 2, "expected go or rust"},
		{"deploy envoy --wasm none.wasm", 2, "none.wasm is not there: run make build, or name a module with --wasm"},
		{"deploy envoy --wasm README.md", 1, "not a WebAssembly module"},
	} {
		var out, errs bytes.Buffer
		written := filepath.Join(dir, "manifest.yaml")
		code := run(t.Context(), append(strings.Fields(c.args), "--out", written), &out, &errs)
		if _, err := os.Stat(written); err == nil {
			t.Errorf("%s: wrote a manifest", c.args)
		}
		if code != c.code || !strings.Contains(errs.String(), c.says) || strings.Count(errs.String(), "\n") != 1 {
			t.Errorf("%s: exit %d, %q; expected %d and one line with %q", c.args, code, errs.String(), c.code, c.says)
		}
	}
}

// TestDeployedImageIsThePushedOne: --registry names the image that parity image push pushes.
func TestDeployedImageIsThePushedOne(t *testing.T) {
	t.Chdir(root)
	server := httptest.NewServer(registry.New(registry.Logger(log.New(io.Discard, "", 0))))
	defer server.Close()
	at := strings.TrimPrefix(server.URL, "http://") + "/team"
	manifest := deployed(t, "deploy", "istio", "--lang", "rust", "--registry", at)
	var out, errs bytes.Buffer
	if code := run(t.Context(), []string{"image", "push", "--registry", at, "--lang", "rust", "--builder", "none"}, &out,
		&errs); code != 0 {
		t.Fatalf("parity image push: exit %d\n%s", code, errs.String())
	}
	pushed := regexp.MustCompile(`oci://\S+@sha256:[0-9a-f]{64}`).FindString(out.String())
	if pushed == "" || !strings.Contains(manifest, "url: "+pushed+"\n") {
		t.Errorf("pushed %s, but the manifest is\n%s", pushed, manifest)
	}
}
