package image

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"math/rand/v2"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/static"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

type file struct {
	name string
	data []byte
}

func layerOf(t *testing.T, files ...file) []byte {
	t.Helper()
	var out bytes.Buffer
	zip := gzip.NewWriter(&out)
	archive := tar.NewWriter(zip)
	for _, f := range files {
		if err := archive.WriteHeader(&tar.Header{Name: f.name, Size: int64(len(f.data)), Mode: 0o644}); err != nil {
			t.Fatal(err)
		}
		if _, err := archive.Write(f.data); err != nil {
			t.Fatal(err)
		}
	}
	if err := archive.Close(); err != nil {
		t.Fatal(err)
	}
	if err := zip.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func imageOf(t *testing.T, manifest types.MediaType, layers ...v1.Layer) v1.Image {
	t.Helper()
	img, err := mutate.AppendLayers(mutate.MediaType(empty.Image, manifest), layers...)
	if err != nil {
		t.Fatal(err)
	}
	return img
}

func TestVerify(t *testing.T) {
	const docker, oci = types.DockerManifestSchema2, types.OCIManifestSchema1
	layer := func(data []byte, kind types.MediaType) []v1.Layer { return []v1.Layer{static.NewLayer(data, kind)} }
	plugin := layerOf(t, file{"plugin.wasm", module})
	other := append(bytes.Clone(module), 'x')
	longer := layerOf(t, file{"plugin.wasm", other})
	nested := layerOf(t, file{"runtime-config.json", nil}, file{"./a/plugin.wasm", module})
	misnamed := layerOf(t, file{"main.wasm", module})
	changed := layerOf(t, file{"plugin.wasm", bytes.Replace(module, []byte("rest"), []byte("west"), 1)})
	tests := []struct {
		name     string
		manifest types.MediaType
		layers   []v1.Layer
		refused  string // empty: accepted
	}{
		{"docker", docker, layer(plugin, types.DockerLayer), ""},
		{"oci", oci, layer(plugin, types.OCILayer), ""},
		{"in a directory, after another file", oci, layer(nested, types.OCILayer), ""},
		{"last of two", oci, append(layer(changed, types.OCILayer), layer(plugin, types.OCILayer)...), ""},
		{"first of two", oci, append(layer(plugin, types.OCILayer), layer(changed, types.OCILayer)...),
			"differs from byte 12 on"},
		{"no layer", oci, nil, "no layer"},
		{"docker manifest, oci layer", docker, layer(plugin, types.OCILayer), "expected " + string(types.DockerLayer)},
		{"oci manifest, docker layer", oci, layer(plugin, types.DockerLayer), "expected " + string(types.OCILayer)},
		{"zstd", oci, layer(plugin, types.OCILayerZStd), "tar+zstd: expected"},
		{"not compressed", oci, layer(plugin, types.OCIUncompressedLayer), "expected"},
		{"raw module", oci, layer(module, "application/wasm"), "application/wasm: expected"},
		{"no gzip", oci, layer(module, types.OCILayer), "as gzip"},
		{"no plugin.wasm", oci, layer(misnamed, types.OCILayer), "holds no plugin.wasm"},
		{"changed", oci, layer(changed, types.OCILayer), "differs from byte 12 on"},
		{"longer", oci, layer(longer, types.OCILayer), "differs from byte 28 on"},
	}
	host := serve(t, memoryRegistry())
	ref := tagAt(t, host)
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			img := imageOf(t, test.manifest, test.layers...)
			if err := remote.Write(ref, img); err != nil {
				t.Fatal(err)
			}
			digest, err := verify(context.Background(), ref, module, newAccess(false))
			if test.refused != "" {
				wantError(t, err, Rejected, test.refused)
				return
			}
			want, _ := img.Digest()
			if err != nil || digest != want {
				t.Errorf("verify: %v, %v, want %v", digest, err, want)
			}
		})
	}
}

func TestVerifyRefusesAnIndex(t *testing.T) {
	ref := tagAt(t, serve(t, memoryRegistry()))
	good := imageOf(t, types.OCIManifestSchema1, static.NewLayer(layerOf(t, file{"plugin.wasm", module}), types.OCILayer))
	index := mutate.AppendManifests(empty.Index, mutate.IndexAddendum{
		Add: good, Descriptor: v1.Descriptor{Platform: &v1.Platform{OS: "linux", Architecture: "amd64"}},
	})
	if err := remote.WriteIndex(ref, index); err != nil {
		t.Fatal(err)
	}
	_, err := verify(context.Background(), ref, module, newAccess(false))
	wantError(t, err, Rejected, string(types.OCIImageIndex)+" is not a plain image manifest")
}

// TestVerifyNoticesTampering has the registry answer with a layer other than the one that the manifest names. The
// plugin.wasm in it is the right one: only the layer's digest tells.
func TestVerifyNoticesTampering(t *testing.T) {
	bulk := make([]byte, 1<<20) // does not compress: no reader reaches the layer's end by reading ahead
	rand.NewChaCha8([32]byte{}).Read(bulk)
	honest := layerOf(t, file{"plugin.wasm", module}, file{"b", bulk})
	bulk[len(bulk)-1] ^= 1
	forged := layerOf(t, file{"plugin.wasm", module}, file{"b", bulk})
	layer := static.NewLayer(honest, types.OCILayer)
	digest, err := layer.Digest()
	if err != nil {
		t.Fatal(err)
	}
	next := memoryRegistry()
	host := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodGet && strings.HasSuffix(r.URL.Path, digest.String()) {
			w.Write(forged)
			return
		}
		next.ServeHTTP(w, r)
	}))
	ref := tagAt(t, host)
	if err := remote.Write(ref, imageOf(t, types.OCIManifestSchema1, layer)); err != nil {
		t.Fatal(err)
	}
	_, err = verify(context.Background(), ref, module, newAccess(false))
	wantError(t, err, Rejected, "read the last layer")
}

func tagAt(t *testing.T, host string) name.Tag {
	t.Helper()
	ref, err := name.NewTag(host + "/team/plugin:v1")
	if err != nil {
		t.Fatal(err)
	}
	return ref
}
