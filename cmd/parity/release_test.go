package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestRelease installs this commit as its users would, go install …/cmd/parity@v0.0.1, from a proxy in a folder, and
// uses it outside of the repository. It builds everything anew, so it runs only when it is asked for: make release.
func TestRelease(t *testing.T) {
	if os.Getenv("HEADER_AUTH_RELEASE") == "" {
		t.Skip("it builds the command anew: make release")
	}
	const name, version = "github.com/header-auth/header-auth", "v0.0.1"
	dir := t.TempDir()
	proxy := filepath.Join(dir, "proxy", name, "@v")
	write(t, filepath.Join(proxy, "list"), []byte(version+"\n"))
	write(t, filepath.Join(proxy, version+".info"), []byte(`{"Version":"`+version+`","Time":"2026-01-01T00:00:00Z"}`))
	write(t, filepath.Join(proxy, version+".mod"), []byte(git(t, "show", "HEAD:go.mod")))
	archive(t, filepath.Join(proxy, version+".zip"), name+"@"+version+"/")

	cache, err := exec.Command("go", "env", "GOMODCACHE").Output()
	if err != nil {
		t.Fatal(err)
	}
	outside := filepath.Join(dir, "outside")
	write(t, filepath.Join(outside, "sound.wasm"), modules()["sound.wasm"])
	for file, text := range ownTable(t) {
		write(t, filepath.Join(outside, file), []byte(text))
	}
	command := func(name string, args ...string) string {
		t.Helper()
		cmd := exec.Command(name, args...)
		cmd.Dir = outside
		cmd.Env = append(os.Environ(), "GOPROXY=file://"+filepath.Join(dir, "proxy")+",file://"+
			strings.TrimSpace(string(cache))+"/cache/download",
			"GOSUMDB=off", "GOTOOLCHAIN=local", "GOFLAGS=-modcacherw", "GOMODCACHE="+filepath.Join(dir, "modules"),
			"GOBIN="+filepath.Join(dir, "bin"))
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, out)
		}
		return string(out)
	}
	command("go", "install", name+"/cmd/parity@"+version)
	parity := filepath.Join(dir, "bin", "parity")
	if out := command(parity, "version"); !strings.HasPrefix(out, "parity "+version+",") {
		t.Errorf("parity version: %q, want %s", out, version)
	}
	if out := command(parity, "inspect", "sound.wasm"); !strings.Contains(out, "envoy-1.40") {
		t.Errorf("parity inspect: %s", out)
	}
	if out, err := exec.Command(parity, "check", "--wasm", "mine="+filepath.Join(outside, "sound.wasm"), "--cases",
		filepath.Join(outside, "my-cases")).CombinedOutput(); !strings.Contains(string(out), "mine") {
		t.Errorf("parity check: %v: %s", err, out)
	}
}

// archive writes the commit as a module's zip: without the modules below it.
func archive(t *testing.T, file, prefix string) {
	t.Helper()
	args := []string{"archive", "--format=zip", "--prefix=" + prefix, "-o", file, "HEAD", "--", "."}
	for _, below := range strings.Fields(git(t, "ls-tree", "-r", "--name-only", "HEAD")) {
		if folder, ok := strings.CutSuffix(below, "/go.mod"); ok {
			args = append(args, ":(exclude)"+folder)
		}
	}
	git(t, args...)
}

func git(t *testing.T, args ...string) string {
	t.Helper()
	cmd := exec.Command("git", args...)
	cmd.Dir = root
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("git %s: %v", strings.Join(args, " "), err)
	}
	return string(out)
}
