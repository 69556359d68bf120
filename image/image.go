// Package image makes OCI images of Proxy-Wasm modules, pushes them, and reads back what arrived.
//
// The image is what the Wasm image specification calls compat (github.com/solo-io/wasm, spec/spec-compat.md): a plain
// manifest whose last layer is a tar, compressed with gzip, that holds plugin.wasm. Istio and Envoy Gateway pull it
// with the same rules; see verify.
package image

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"os"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// pluginName is the file the readers look for, by its base name.
const pluginName = "plugin.wasm"

// wasmMagic opens every WebAssembly binary: "\0asm", then version 1 (core specification, 5.5.16).
const wasmMagic = "\x00asm\x01\x00\x00\x00"

// maxWasmSize is 256 MiB, where Istio stops reading a module without telling anybody.
const maxWasmSize = 256 << 20

// epoch stands in for every time in an image, so that the digest depends on the module alone.
var epoch = v1.Time{Time: time.Unix(0, 0).UTC()}

// DefaultWasm is the module that ships for a language, seen from the root: that of Dockerfile.LANG, which says why.
func DefaultWasm(lang string) string {
	if lang == "go" {
		return "dist/go-tinygo-successor.wasm"
	}
	return "dist/" + lang + ".wasm"
}

var languages = map[string]string{"go": "Go", "rust": "Rust"}

// labels are those of Dockerfile.go and Dockerfile.rust; a test holds the two against each other.
func labels(lang string) map[string]string {
	about := "Header check for Envoy and Istio: a Proxy-Wasm plugin written in " + languages[lang]
	return map[string]string{
		"org.opencontainers.image.title":       repositoryName(lang),
		"org.opencontainers.image.description": about,
		"org.opencontainers.image.source":      "https://github.com/header-auth/header-auth",
		"org.opencontainers.image.licenses":    "Apache-2.0",
	}
}

// annotations are the labels and the variant, which the compat specification lets a manifest name.
func annotations(lang string) map[string]string {
	all := labels(lang)
	all["module.wasm.image/variant"] = "compat"
	return all
}

// assemble makes the image without any builder. The same module gives the same digest wherever it is made with the same
// release of Go, whose compressor decides the layer's bytes.
func assemble(lang string, wasm []byte) (v1.Image, error) {
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
		// A module runs anywhere, but containerd and whoever puts this manifest in an index want a platform, and
		// linux/amd64 is the one Istio's and Envoy Gateway's fetcher asks an index for, whatever it runs on.
		OS: "linux", Architecture: "amd64",
		Created: epoch,
		Config:  v1.Config{Labels: labels(lang)},
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
	return mutate.Annotations(img, annotations(lang)).(v1.Image), nil
}

// archive is the layer: a tar of plugin.wasm alone, owned by root, readable by all, without a time; compressed.
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

// readModule reads the file and refuses what no reader would load.
func readModule(path string) ([]byte, error) {
	wasm, err := os.ReadFile(path)
	switch {
	case os.IsNotExist(err):
		return nil, faultf(Usage, "read module: %s is not there: run `make build`, or name a file with --wasm", path)
	case err != nil:
		return nil, faultf(Usage, "read module: %w", err)
	case !bytes.HasPrefix(wasm, []byte(wasmMagic)):
		return nil, faultf(Usage, "read module: %s is not a WebAssembly module: want the first 8 bytes % x", path, wasmMagic)
	case len(wasm) > maxWasmSize:
		return nil, faultf(Usage, "read module: %s has %d bytes: Istio cuts modules at %d", path, len(wasm), maxWasmSize)
	}
	return wasm, nil
}
