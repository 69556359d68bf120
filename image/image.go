// Package image makes OCI images of Proxy-Wasm modules, pushes them, and reads them back from the registry.
//
// The image has the variant compat of the Wasm image specification (github.com/solo-io/wasm, spec/spec-compat.md): a
// plain manifest whose last layer is a tar with plugin.wasm, compressed by gzip. Istio and Envoy Gateway pull it by
// the same rules; see verify.
package image

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"maps"
	"os"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// pluginName is the base name of the file that Istio and Envoy Gateway look for.
const pluginName = "plugin.wasm"

// wasmMagic is the start of every WebAssembly binary: "\0asm", then version 1 (core specification, 5.5.16).
const wasmMagic = "\x00asm\x01\x00\x00\x00"

// maxWasmSize is 256 MiB. Istio and Envoy Gateway read no more of a module.
const maxWasmSize = 256 << 20

// epoch replaces every time in an image, so that the digest depends on the module alone.
var epoch = v1.Time{Time: time.Unix(0, 0).UTC()}

// DefaultWasm is the module to push for a language, relative to the root. Dockerfile.LANG takes the same one, and
// says why.
func DefaultWasm(lang string) string {
	if lang == "go" {
		return "dist/tinygo-successor.wasm"
	}
	return "dist/" + lang + ".wasm"
}

var languages = map[string]string{"go": "Go", "rust": "Rust"}

// Labels are those of Dockerfile.go and Dockerfile.rust; a test compares them.
func Labels(lang string) map[string]string {
	about := "Header check for Envoy and Istio: a Proxy-Wasm plugin written in " + languages[lang]
	return map[string]string{
		"org.opencontainers.image.title":       repositoryName(lang),
		"org.opencontainers.image.description": about,
		"org.opencontainers.image.source":      "https://github.com/header-auth/header-auth",
		"org.opencontainers.image.licenses":    "Apache-2.0",
	}
}

// annotations are the labels and the variant, which the specification allows in a manifest.
func annotations(labels map[string]string) map[string]string {
	all := map[string]string{"module.wasm.image/variant": "compat"}
	maps.Copy(all, labels)
	return all
}

// assemble makes the image without a builder. With the same release of Go, the same module and labels give the same
// digest on every machine: Go's compressor decides the layer's bytes.
func assemble(labels map[string]string, wasm []byte) (v1.Image, error) {
	compressed, err := archive(wasm)
	if err != nil {
		return nil, err
	}
	open := func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(compressed)), nil }
	layer, err := tarball.LayerFromOpener(open, tarball.WithMediaType(types.OCILayer))
	if err != nil {
		return nil, fmt.Errorf("make layer: %w", err)
	}

	img := mutate.ConfigMediaType(mutate.MediaType(empty.Image, types.OCIManifestSchema1), types.OCIConfigJSON)
	img, err = mutate.ConfigFile(img, &v1.ConfigFile{
		// A module runs on every platform, but containerd and an index need one. From an index, Istio and Envoy
		// Gateway always choose linux/amd64.
		OS: "linux", Architecture: "amd64",
		Created: epoch,
		Config:  v1.Config{Labels: labels},
		RootFS:  v1.RootFS{Type: "layers"},
	})
	if err != nil {
		return nil, fmt.Errorf("make image configuration: %w", err)
	}
	img, err = mutate.Append(img, mutate.Addendum{
		Layer:   layer,
		History: v1.History{Created: epoch, CreatedBy: "COPY " + pluginName + " /" + pluginName},
	})
	if err != nil {
		return nil, fmt.Errorf("append layer: %w", err)
	}
	return mutate.Annotations(img, annotations(labels)).(v1.Image), nil
}

// archive is the layer: a compressed tar with plugin.wasm alone, owned by root, readable by all, without a time.
func archive(wasm []byte) ([]byte, error) {
	var out bytes.Buffer
	zip, err := gzip.NewWriterLevel(&out, gzip.BestCompression)
	if err != nil {
		return nil, fmt.Errorf("make layer: %w", err)
	}
	files := tar.NewWriter(zip)
	header := &tar.Header{
		Name: pluginName, Size: int64(len(wasm)), Mode: 0o644, ModTime: epoch.Time, Format: tar.FormatUSTAR,
	}
	if err := files.WriteHeader(header); err != nil {
		return nil, fmt.Errorf("make layer: %w", err)
	}
	if _, err := files.Write(wasm); err != nil {
		return nil, fmt.Errorf("make layer: %w", err)
	}
	if err := files.Close(); err != nil {
		return nil, fmt.Errorf("make layer: %w", err)
	}
	if err := zip.Close(); err != nil {
		return nil, fmt.Errorf("make layer: %w", err)
	}
	return out.Bytes(), nil
}

// ReadModule reads the file, and refuses it if Istio or Envoy could not load it. Errors are of type *Error.
func ReadModule(path string) ([]byte, error) {
	wasm, err := readAtMost(path, maxWasmSize+1)
	switch {
	case os.IsNotExist(err):
		return nil, errorf(Usage, "read module: %s is not there: run `make build`, or name a file with --wasm", path)
	case err != nil:
		return nil, errorf(Usage, "read module: %w", err)
	case len(wasm) > maxWasmSize:
		return nil, errorf(Usage, "read module: %s has more than %d bytes: Istio and Envoy Gateway read no more", path,
			maxWasmSize)
	case !bytes.HasPrefix(wasm, []byte(wasmMagic)):
		return nil, errorf(Usage, "read module: %s is not a WebAssembly module: expected the first 8 bytes % x",
			path, wasmMagic)
	}
	return wasm, nil
}

// readAtMost reads a regular file. Anything else, such as a FIFO, might never end.
func readAtMost(path string, most int64) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s is not a regular file", path)
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, most))
}
