package image

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// builders are the values of PushOptions.Builder. "auto" takes the first tool that works, in this order. With "none",
// or when no tool works, this package makes the image itself.
var builders = []string{"auto", "docker", "podman", "buildah", "none"}

// tool is a program that builds an image from a Dockerfile and pushes it.
type tool struct {
	name  string
	check []string // the command that exits 0 if the tool works here; docker needs a daemon that answers
	build []string
	push  []string
	env   []string
	tls   bool // knows --tls-verify; docker's daemon has a list of insecure registries instead
}

var tools = []tool{
	{
		name:  "docker",
		check: []string{"version", "--format", "{{.Server.Version}}"},
		build: []string{"build", "--platform", "linux/amd64"},
		push:  []string{"push"},
		// With attestations the image would become an index. --provenance=false turns them off, too, but docker's
		// classic builder does not know that flag.
		env: []string{"BUILDX_NO_DEFAULT_ATTESTATIONS=1", "SOURCE_DATE_EPOCH=0"},
	},
	podmanLike("podman", "build"),
	podmanLike("buildah", "bud"),
}

func podmanLike(name, build string) tool {
	return tool{
		name:  name,
		check: []string{"info"},
		build: []string{build, "--platform", "linux/amd64", "--format", "oci", "--timestamp", "0"},
		// without it, containers.conf may choose zstd, which Istio refuses
		push: []string{"push", "--compression-format", "gzip"},
		tls:  true,
	}
}

// job is one image to build and push with a tool.
type job struct {
	dockerfile, reference string
	labels                map[string]string
	wasm                  []byte
	skipTLS               bool
}

// run builds and pushes. Its error is one line: the step, and the last line that the tool has printed.
func (t tool) run(ctx context.Context, j job) error {
	dir, err := os.MkdirTemp("", "header-auth-image-")
	if err != nil {
		return fmt.Errorf("make build context: %w", err)
	}
	defer os.RemoveAll(dir)
	if err := writeModule(filepath.Join(dir, pluginName), j.wasm); err != nil {
		return fmt.Errorf("make build context: %w", err)
	}

	build := append([]string{}, t.build...)
	build = append(build, "--build-arg", "WASM="+pluginName, "-f", j.dockerfile, "-t", j.reference)
	push := append([]string{}, t.push...)
	for _, key := range slices.Sorted(maps.Keys(j.labels)) {
		build = append(build, "--label", key+"="+j.labels[key])
	}
	if t.tls {
		notes := annotations(j.labels)
		for _, key := range slices.Sorted(maps.Keys(notes)) {
			build = append(build, "--annotation", key+"="+notes[key])
		}
		if j.skipTLS {
			push = append(push, "--tls-verify=false")
		}
	}
	if err := t.exec(ctx, append(build, dir)); err != nil {
		return fmt.Errorf("build: %w", err)
	}
	if err := t.exec(ctx, append(push, j.reference)); err != nil {
		return fmt.Errorf("push: %w", err)
	}
	return nil
}

// writeModule writes the module as the only file of the build context. Tools keep its mode and time in the layer.
func writeModule(path string, wasm []byte) error {
	if err := os.WriteFile(path, wasm, 0o644); err != nil {
		return err
	}
	if err := os.Chmod(path, 0o644); err != nil { // the umask may have removed bits
		return err
	}
	return os.Chtimes(path, epoch.Time, epoch.Time)
}

// probe gives nil if the tool works here, and otherwise says why not.
func (t tool) probe(ctx context.Context) error {
	if _, err := exec.LookPath(t.name); err != nil {
		return errors.New("not found")
	}
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	return t.exec(ctx, t.check)
}

func (t tool) exec(ctx context.Context, args []string) error {
	cmd := exec.CommandContext(ctx, t.name, args...)
	cmd.WaitDelay = 5 * time.Second
	cmd.Env = append(os.Environ(), t.env...)
	out, err := cmd.CombinedOutput()
	if err == nil {
		return nil
	}
	lines := strings.Split(strings.TrimSpace(string(out)), "\n")
	if last := oneLine(lines[len(lines)-1]); last != "" {
		return errors.New(last)
	}
	return err
}
