package toolchain

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

func digest(content []byte) string { return fmt.Sprintf("sha256:%.16x", sha256.Sum256(content)) }

// rustTool offers ${cargo}, ${cargo_flags} and ${rustflags}. The last is joined for CARGO_ENCODED_RUSTFLAGS: this
// variable overrides every other place for flags, such as a config.toml in the user's home folder.
func (s *search) rustTool(r rustc, origin string, cargoFlags, rustFlags []string) *Tool {
	cargo := filepath.Join(r.bin, "cargo")
	env := []string{
		"RUSTC=" + filepath.Join(r.bin, "rustc"), "RUSTDOC=" + filepath.Join(r.bin, "rustdoc"),
		"RUSTC_WRAPPER=", "RUSTC_WORKSPACE_WRAPPER=", "CARGO_INCREMENTAL=0",
	}
	tool := &Tool{
		Name:    "rust",
		Version: r.version,
		Origin:  origin,
		Details: append(strings.Split(r.verbose, "\n"), cargoFlags...),
		Env:     env,
		Path:    []string{r.bin},
		Vars:    map[string][]string{"cargo": {cargo}, "cargo_flags": cargoFlags},
	}
	tool.slowVariables = func(ctx context.Context) (map[string][]string, error) {
		remap, err := s.remapFlags(ctx, r, command{args: []string{cargo}, path: tool.Path, env: tool.Env})
		if err != nil {
			return nil, err
		}
		return map[string][]string{"rustflags": {strings.Join(append(rustFlags, remap...), "\x1f")}}, nil
	}
	return tool
}

// remapFlags keep this machine's folders out of panic messages. A crate's folder depends on the user, the mirror and
// CARGO_HOME, so its name and version replace it. When several flags match, the last one counts.
func (s *search) remapFlags(ctx context.Context, r rustc, cargo command) ([]string, error) {
	var flags []string
	add := func(from, to string) { flags = append(flags, "--remap-path-prefix="+from+"="+to) }

	if home, err := os.UserHomeDir(); err == nil {
		add(home, "/home")
	}
	add(s.Root, "/src")

	cargo.args = append(cargo.args, "metadata", "--locked", "--format-version=1")
	cargo.limit = s.TimeLimits.Rustup // it may download the crates
	out, err := s.run(ctx, cargo)
	if err != nil {
		return nil, fmt.Errorf("list the plugin's crates: %w", err)
	}
	var metadata struct {
		Packages []struct {
			Name     string
			Version  string
			Source   *string
			Manifest string `json:"manifest_path"`
		}
	}
	if err := json.Unmarshal([]byte(out), &metadata); err != nil {
		return nil, fmt.Errorf("list the plugin's crates: %w", err)
	}
	for _, p := range metadata.Packages {
		if p.Source != nil { // nil: part of the workspace
			add(filepath.Dir(p.Manifest), "/crates/"+p.Name+"-"+p.Version)
		}
	}

	// A standard library that was compiled elsewhere has paths with the compiler's commit. Where cargo compiles it
	// here, its paths become the same.
	std := filepath.Join(r.sysroot, "lib", "rustlib", "src", "rust")
	add(std, "/rustc/"+r.hash)
	if real, err := filepath.EvalSymlinks(std); err == nil && real != std {
		add(real, "/rustc/"+r.hash)
	}
	return flags, nil
}
