package image

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"path"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// The rules of the two readers of images, as of August 2026: Istio's agent (istio/istio,
// pkg/wasm/imagefetcher.go, cache.go) and Envoy Gateway (envoyproxy/gateway, internal/wasm/imagefetcher.go,
// cache.go), which began as a copy of it.
const (
	istio   = "Istio"
	gateway = "Envoy Gateway"
)

// artifactLayer is the module in an artifact of two layers (github.com/solo-io/wasm, spec/spec.md).
const artifactLayer types.MediaType = "application/vnd.module.wasm.content.layer.v1+wasm"

// Verdict is what one reader makes of an image.
type Verdict struct {
	Reader  string // Istio or Envoy Gateway
	Refused string // why it refuses the image; "": it does not
	Note    string // what goes wrong although it does not; "": nothing
}

// Format is the form of an image.
type Format string

// The three forms that both readers know.
const (
	DockerImage Format = "a Docker image (schema 2)"
	OCIImage    Format = "an OCI image"
	Artifact    Format = "an OCI artifact of two layers"
)

// refusedError: both readers refuse the image.
type refusedError struct{ why string }

func (e *refusedError) Error() string { return e.why }

func refuse(format string, args ...any) error { return &refusedError{fmt.Sprintf(format, args...)} }

// extract takes the module out of an image: the manifest's media type decides which form it must have. The error is a
// *refusedError, or the transfer's.
func extract(img v1.Image) (wasm []byte, format Format, cut bool, err error) {
	manifest, err := img.Manifest()
	if err != nil {
		return nil, "", false, refuse("the manifest can't be read: %s", oneLine(err.Error()))
	}
	if len(manifest.Layers) == 0 {
		return nil, "", false, refuse("the manifest has no layer")
	}
	last := manifest.Layers[len(manifest.Layers)-1]
	if manifest.MediaType == types.DockerManifestSchema2 {
		if last.MediaType != types.DockerLayer {
			return nil, DockerImage, false, refuse("the last layer is %s: expected %s in a Docker image",
				oneLine(string(last.MediaType)), types.DockerLayer)
		}
		wasm, err = readLayer(img, last, pluginOf)
		return wasm, DockerImage, false, err
	}
	if last.MediaType == types.OCILayer {
		wasm, err = readLayer(img, last, pluginOf)
		var refused *refusedError
		if err == nil || !errors.As(err, &refused) {
			return wasm, OCIImage, false, err
		}
	} else {
		err = refuse("the last layer is %s: expected %s", oneLine(string(last.MediaType)), types.OCILayer)
	}
	// What is no image may still be an artifact.
	if len(manifest.Layers) != 2 {
		return nil, "", false, refuse("%s; and it is no artifact, which has two layers and not %d", err, len(manifest.Layers))
	}
	for _, layer := range manifest.Layers {
		if layer.MediaType == artifactLayer {
			wasm, err = readLayer(img, layer, rawModule)
			if len(wasm) > maxWasmSize {
				return wasm[:maxWasmSize], Artifact, true, err
			}
			return wasm, Artifact, false, err
		}
	}
	return nil, "", false, refuse("%s; and it is no artifact, which has a layer %s", err, artifactLayer)
}

// readLayer reads a layer to its end, because its digest is checked only there. The readers stop after the module.
func readLayer(img v1.Image, described v1.Descriptor, read func(io.Reader) ([]byte, error)) ([]byte, error) {
	layer, err := img.LayerByDigest(described.Digest)
	if err != nil {
		return nil, err
	}
	compressed, err := layer.Compressed()
	if err != nil {
		return nil, err
	}
	defer compressed.Close()
	wasm, refused := read(compressed)
	if _, err := io.Copy(io.Discard, compressed); err != nil {
		if strings.Contains(err.Error(), "error verifying size") { // the body ended without an error, and too early
			return nil, &brokenError{err}
		}
		return nil, err
	}
	return wasm, refused
}

// pluginOf is the first file with the name plugin.wasm, in any folder, of a compressed tar.
func pluginOf(compressed io.Reader) ([]byte, error) {
	zip, err := gzip.NewReader(compressed)
	if err != nil {
		return nil, refuse("the last layer is no gzip: %s", oneLine(err.Error()))
	}
	files := tar.NewReader(io.LimitReader(zip, maxWasmSize))
	for {
		header, err := files.Next()
		if errors.Is(err, io.EOF) {
			return nil, refuse("the last layer holds no %s", pluginName)
		}
		if err != nil {
			return nil, refuse("the last layer is no tar: %s", oneLine(err.Error()))
		}
		if path.Base(header.Name) != pluginName {
			continue
		}
		if header.Size > maxWasmSize {
			return nil, refuse("%s has %d bytes: they read at most %d", pluginName, header.Size, maxWasmSize)
		}
		wasm, err := io.ReadAll(files)
		if err != nil {
			return nil, refuse("%s can't be read, or ends after the first %d bytes of the layer: %s", pluginName, maxWasmSize,
				oneLine(err.Error()))
		}
		return wasm, nil
	}
}

func rawModule(layer io.Reader) ([]byte, error) {
	return io.ReadAll(io.LimitReader(layer, maxWasmSize+1))
}

// judge gives the verdicts of both readers on an image that they can pull.
func judge(wasm []byte, cut bool, refused error, index bool, pinned bool, challenge *http.Header) []Verdict {
	both := ""
	switch {
	case refused != nil:
		both = refused.Error()
	case index && pinned:
		// They compare the digest of the reference with that of the manifest that they choose from the index.
		both = "the reference has the digest of an index: they want that of the manifest for linux/amd64"
	case len(wasm) < len(wasmMagic) || !bytes.HasPrefix(wasm, []byte(wasmMagic[:4])):
		both = pluginName + " is not a WebAssembly module"
	}
	verdicts := []Verdict{{Reader: istio, Refused: both}, {Reader: gateway, Refused: both}}
	if both != "" {
		return verdicts
	}
	if cut {
		verdicts[0].Note = fmt.Sprintf("it takes the first %d bytes of the module only, and Envoy then refuses it",
			maxWasmSize)
		verdicts[1].Refused = fmt.Sprintf("the module has more than %d bytes", maxWasmSize)
	}
	if realm := unsafeRealm(challenge); realm != "" && verdicts[0].Note == "" {
		verdicts[0].Note = fmt.Sprintf("its source of August 2026 gives up when a registry asks for "+
			"credentials with the realm %q: it wants an http address that is not loopback, private or link-local, "+
			"also for basic authentication", realm)
	}
	return verdicts
}

// unsafeRealm is a realm for which Istio ends the pull (imagefetcher.go, validateAllRealms); "" if there is none.
func unsafeRealm(challenge *http.Header) string {
	if challenge == nil {
		return ""
	}
	for _, value := range challenge.Values("WWW-Authenticate") {
		for _, part := range strings.Split(value, `realm="`)[1:] {
			if realm, _, ended := strings.Cut(part, `"`); ended && !safeRealm(realm) {
				return oneLine(realm)
			}
		}
	}
	return ""
}

func safeRealm(realm string) bool {
	u, err := url.Parse(realm)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" {
		return false
	}
	host := u.Hostname()
	ip := net.ParseIP(host)
	return host != "" && host != "localhost" && host != "metadata.google.internal" &&
		(ip == nil || !ip.IsPrivate() && !ip.IsLoopback() && !ip.IsLinkLocalUnicast())
}
