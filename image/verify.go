package image

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"path"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// verify reads ref from its registry, takes plugin.wasm out of it as Istio's agent does (pkg/wasm/imagefetcher.go) and
// compares it with want. It returns the digest of the manifest that ref named at that moment.
//
// It refuses an index, although the agent would choose linux/amd64 from it: the agent compares WasmPlugin's sha256
// with the digest of the chosen manifest and not with that of the index, and other tools choose other platforms.
func verify(ctx context.Context, ref name.Reference, want []byte, access access) (v1.Hash, error) {
	const doing = "read image back"
	found, err := remote.Get(ref, access.options(ctx)...)
	if err != nil {
		return v1.Hash{}, registryError(doing, ref.Context(), err)
	}
	if !found.MediaType.IsImage() {
		return v1.Hash{}, errorf(Rejected, "verify %s: %s is not a plain image manifest: "+
			"turn off the builder's attestations, which turn an image into an index", ref, found.MediaType)
	}
	img, err := found.Image()
	if err != nil {
		return v1.Hash{}, registryError(doing, ref.Context(), err)
	}
	layer, err := lastLayer(img)
	if err != nil {
		return v1.Hash{}, errorf(Rejected, "verify %s: %w", ref, err)
	}
	compressed, err := layer.Compressed()
	if err != nil {
		return v1.Hash{}, registryError(doing, ref.Context(), err)
	}
	defer compressed.Close()
	if err := comparePlugin(compressed, want); err != nil {
		return v1.Hash{}, errorf(Rejected, "verify %s: %w", ref, err)
	}
	return found.Digest, nil
}

// lastLayer is the only layer that Istio reads. The manifest's media type decides which type it must have.
func lastLayer(img v1.Image) (v1.Layer, error) {
	manifest, err := img.Manifest()
	if err != nil {
		return nil, fmt.Errorf("parse manifest: %w", err)
	}
	if len(manifest.Layers) == 0 {
		return nil, errors.New("the manifest has no layer")
	}
	last := manifest.Layers[len(manifest.Layers)-1]
	want := types.OCILayer
	if manifest.MediaType == types.DockerManifestSchema2 {
		want = types.DockerLayer
	}
	if last.MediaType != want {
		return nil, fmt.Errorf("the last layer is %s: expected %s", last.MediaType, want)
	}
	return img.LayerByDigest(last.Digest)
}

// comparePlugin reads a layer to its end, because its digest is checked only there.
func comparePlugin(compressed io.Reader, want []byte) error {
	zip, err := gzip.NewReader(compressed)
	if err != nil {
		return fmt.Errorf("read the last layer as gzip: %w", err)
	}
	files := tar.NewReader(zip)
	for {
		header, err := files.Next()
		if err == io.EOF {
			return errors.New("the last layer holds no " + pluginName)
		}
		if err != nil {
			return fmt.Errorf("read the last layer as tar: %w", err)
		}
		if path.Base(header.Name) == pluginName {
			break
		}
	}
	got, err := io.ReadAll(io.LimitReader(files, int64(len(want))+1))
	if err != nil {
		return fmt.Errorf("read %s: %w", pluginName, err)
	}
	if !bytes.Equal(got, want) {
		return fmt.Errorf("%s is not the file that was pushed: it differs from byte %d on", pluginName, commonPrefix(got, want))
	}
	if _, err := io.Copy(io.Discard, compressed); err != nil {
		return fmt.Errorf("read the last layer: %w", err)
	}
	return nil
}

func commonPrefix(a, b []byte) int {
	n := min(len(a), len(b))
	for i := range n {
		if a[i] != b[i] {
			return i
		}
	}
	return n
}
