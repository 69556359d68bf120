package image

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/remote"
)

// script puts a program in the folder; the text is the body of a shell script that gets the tool's arguments.
func script(t *testing.T, dir, name, body string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, name), []byte("#!/bin/sh\n"+body+"\n"), 0o755); err != nil {
		t.Fatal(err)
	}
}

func TestAutoFallsThrough(t *testing.T) {
	host := serve(t, memoryRegistry())
	bin := t.TempDir()
	script(t, bin, "docker", `echo "Cannot connect to the daemon" >&2; exit 1`)
	// The registry speaks plain HTTP, which podman must be told.
	script(t, bin, "podman", `case $* in *tls-verify=false*) echo copying; echo "no space left"; exit 125 ;; esac`)
	script(t, bin, "buildah", `case $1 in info) ;; *) echo step; echo "no user namespaces"; exit 125 ;; esac`)
	t.Setenv("PATH", bin)
	pushed, err := push(PushOptions{
		Registry: host, Lang: "go", Root: "..",
	})
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		"docker: Cannot connect to the daemon", "podman: push: no space left", "buildah: build: no user namespaces",
	}
	if diff := cmp.Diff(want, pushed.Skipped); diff != "" || pushed.Builder != "none" {
		t.Errorf("builder %s, skipped (-want +got):\n%s", pushed.Builder, diff)
	}
	if diff := cmp.Diff(module, pull(t, host, "header-auth-go", "latest").plugin); diff != "" {
		t.Errorf("plugin.wasm (-file +pulled):\n%s", diff)
	}
}

func TestAutoNeedsNoDockerfile(t *testing.T) {
	host := serve(t, memoryRegistry())
	bin := t.TempDir()
	script(t, bin, "docker", "")
	t.Setenv("PATH", bin)
	options := PushOptions{Registry: host, Lang: "go", Root: t.TempDir()}
	pushed, err := push(options)
	if err != nil || pushed.Builder != "none" || pushed.Skipped[0] != "docker: Dockerfile.go is not in "+options.Root {
		t.Errorf("pushed %+v, %v; want it done with no builder", pushed, err)
	}
}

func TestWhatToolsAreTold(t *testing.T) {
	const reference = "registry.example.com/team/header-auth-go:v1"
	tests := []struct {
		name     string
		insecure bool
		noAttest string
		push     string // but for the reference, which comes last
	}{
		{"docker", true, "1", "push"},
		{"podman", false, "", "push --compression-format gzip"},
		{"buildah", true, "", "push --compression-format gzip --tls-verify=false"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			bin, record := t.TempDir(), filepath.Join(t.TempDir(), "calls")
			script(t, bin, test.name, `echo "$BUILDX_NO_DEFAULT_ATTESTATIONS,$*" >>`+record)
			t.Setenv("PATH", bin)
			t.Setenv("BUILDX_NO_DEFAULT_ATTESTATIONS", "")
			tool := tools[slices.IndexFunc(tools, func(t tool) bool { return t.name == test.name })]
			todo := job{labels: Labels("go"), dockerfile: "/src/Dockerfile.go", reference: reference, wasm: module,
				skipTLS: test.insecure}
			if err := tool.run(context.Background(), todo); err != nil {
				t.Fatal(err)
			}
			text, err := os.ReadFile(record)
			if err != nil {
				t.Fatal(err)
			}
			build, push, _ := strings.Cut(strings.TrimSpace(string(text)), "\n")
			for _, want := range []string{
				"--platform linux/amd64", "--build-arg WASM=plugin.wasm", "-f /src/Dockerfile.go", "-t " + reference,
				"--label org.opencontainers.image.licenses=Apache-2.0",
			} {
				if !strings.HasPrefix(build, test.noAttest+",bu") || !strings.Contains(build, want) {
					t.Errorf("build %q lacks %q", build, want)
				}
			}
			if want := test.noAttest + "," + test.push + " " + reference; push != want {
				t.Errorf("push %q, want %q", push, want)
			}
		})
	}
}

func TestWriteModule(t *testing.T) {
	path := filepath.Join(t.TempDir(), "plugin.wasm")
	if err := writeModule(path, module); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if info.Mode() != 0o644 || !info.ModTime().Equal(epoch.Time) || info.Size() != int64(len(module)) {
		t.Errorf("staged %v, %v, %d bytes; want 0644, 1970, %d", info.Mode(), info.ModTime(), info.Size(), len(module))
	}
}

// TestPushedIndex stands for a builder that adds attestations.
func TestPushedIndex(t *testing.T) {
	host := serve(t, memoryRegistry())
	options := PushOptions{Registry: host, Lang: "go", Builder: "docker", Root: ".."}
	ref, _, err := parseTag(options)
	if err != nil {
		t.Fatal(err)
	}
	if err := remote.WriteIndex(ref, empty.Index); err != nil {
		t.Fatal(err)
	}
	bin := t.TempDir()
	script(t, bin, "docker", "")
	t.Setenv("PATH", bin)
	_, err = push(options)
	wantError(t, err, Rejected, "is an index and not a plain image manifest")
}

// TestRealTools pushes with each tool that works here.
func TestRealTools(t *testing.T) {
	for _, tool := range tools {
		t.Run(tool.name, func(t *testing.T) {
			isolateStorage(t)
			if err := tool.probe(context.Background()); err != nil {
				t.Skipf("%s does not work here: %v", tool.name, err)
			}
			host := serve(t, memoryRegistry())
			pushed, err := push(PushOptions{
				Registry: host + "/team", Lang: "rust", Builder: tool.name, Root: "..",
			})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { exec.Command(tool.name, "rmi", pushed.Reference).Run() })
			image := pull(t, host, "team/header-auth-rust", "latest")
			if diff := cmp.Diff(module, image.plugin); diff != "" {
				t.Errorf("plugin.wasm (-file +pulled):\n%s", diff)
			}
			if got := "sha256:" + sum(image.manifest); got != pushed.ManifestDigest {
				t.Errorf("manifest digest %s, the registry's is %s", pushed.ManifestDigest, got)
			}
			if len(image.layers) != 1 || len(image.files) != 1 || image.files[0].Mode&0o777 != 0o644 {
				t.Errorf("layers %v, files %v; want one layer, one file, 0644", image.layers, image.files)
			}
		})
	}
}

// isolateStorage keeps podman and buildah out of the user's images, on the one storage driver that needs nothing of the
// kernel.
func isolateStorage(t *testing.T) {
	t.Helper()
	dir := t.TempDir()
	config := filepath.Join(dir, "storage.conf")
	text := "[storage]\ndriver = \"vfs\"\ngraphroot = \"" + dir + "/g\"\nrunroot = \"" + dir + "/r\"\n"
	if err := os.WriteFile(config, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	t.Setenv("CONTAINERS_STORAGE_CONF", config)
	t.Setenv("BUILDAH_ISOLATION", "chroot")
}
