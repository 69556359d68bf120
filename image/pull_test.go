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

func gzipOf(t *testing.T, data []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	zip := gzip.NewWriter(&out)
	if _, err := zip.Write(data); err != nil {
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

// TestReadersRules holds the verdicts against the order in which the readers look at an image.
func TestReadersRules(t *testing.T) {
	const docker, oci = types.DockerManifestSchema2, types.OCIManifestSchema1
	layer := func(data []byte, kind types.MediaType) []v1.Layer { return []v1.Layer{static.NewLayer(data, kind)} }
	plugin := layerOf(t, file{"plugin.wasm", module})
	nested := layerOf(t, file{"runtime-config.json", nil}, file{"./a/plugin.wasm", module})
	misnamed := layerOf(t, file{"main.wasm", module})
	text := layerOf(t, file{"plugin.wasm", []byte("(module)")})
	settings := static.NewLayer([]byte("{}"), "application/vnd.module.wasm.config.v1+json")
	tests := []struct {
		name     string
		manifest types.MediaType
		layers   []v1.Layer
		format   Format
		refused  string // empty: accepted
	}{
		{"docker", docker, layer(plugin, types.DockerLayer), DockerImage, ""},
		{"oci", oci, layer(plugin, types.OCILayer), OCIImage, ""},
		{"in a directory, after another file", oci, layer(nested, types.OCILayer), OCIImage, ""},
		{"last of two", oci, append(layer(misnamed, types.OCILayer), layer(plugin, types.OCILayer)...), OCIImage, ""},
		{"first of two", oci, append(layer(plugin, types.OCILayer), layer(misnamed, types.OCILayer)...), "",
			"holds no plugin.wasm"},
		{"artifact", oci, []v1.Layer{settings, static.NewLayer(module, artifactLayer)}, Artifact, ""},
		{"artifact, module first", oci, []v1.Layer{static.NewLayer(module, artifactLayer), settings}, Artifact, ""},
		{"artifact of one layer", oci, layer(module, artifactLayer), "", "two layers and not 1"},
		{"artifact of three layers", oci, []v1.Layer{settings, settings, static.NewLayer(module, artifactLayer)}, "",
			"two layers and not 3"},
		{"artifact in a Docker manifest", docker, []v1.Layer{settings, static.NewLayer(module, artifactLayer)}, DockerImage,
			"expected " + string(types.DockerLayer)},
		{"two layers of wasm", oci, []v1.Layer{static.NewLayer(module, "application/wasm"), settings}, "",
			"has a layer " + string(artifactLayer)},
		{"no layer", oci, nil, "", "no layer"},
		{"docker manifest, oci layer", docker, layer(plugin, types.OCILayer), DockerImage,
			"expected " + string(types.DockerLayer)},
		{"oci manifest, docker layer", oci, layer(plugin, types.DockerLayer), "", "expected " + string(types.OCILayer)},
		{"zstd", oci, layer(plugin, types.OCILayerZStd), "", "tar+zstd: expected"},
		{"not compressed", oci, layer(plugin, types.OCIUncompressedLayer), "", "expected"},
		{"the CNCF's", oci, layer(module, "application/wasm"), "", "application/wasm: expected"},
		{"no gzip", oci, layer(module, types.OCILayer), "", "no gzip"},
		{"no tar", oci, layer(gzipOf(t, module), types.OCILayer), "", "no tar"},
		{"no plugin.wasm", oci, layer(misnamed, types.OCILayer), "", "holds no plugin.wasm"},
		{"no module", oci, layer(text, types.OCILayer), OCIImage, "not a WebAssembly module"},
	}
	ref := tagAt(t, serve(t, memoryRegistry()))
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			img := imageOf(t, test.manifest, test.layers...)
			if err := remote.Write(ref, img); err != nil {
				t.Fatal(err)
			}
			p, err := Pull(context.Background(), PullOptions{Reference: "oci://" + ref.Name()})
			if err != nil {
				t.Fatal(err)
			}
			want, _ := img.Digest()
			if p.ManifestDigest != want.String() || p.Pinned != ref.Context().Name()+"@"+want.String() {
				t.Errorf("digest %s, pinned %s; want %s", p.ManifestDigest, p.Pinned, want)
			}
			if p.Refused() != (test.refused != "") || len(p.Verdicts) != 2 {
				t.Fatalf("verdicts %+v, want refused %q", p.Verdicts, test.refused)
			}
			for _, v := range p.Verdicts {
				if !strings.Contains(v.Refused, test.refused) {
					t.Errorf("%s refuses it because of %q, want %q", v.Reader, v.Refused, test.refused)
				}
			}
			if p.Format != test.format && test.refused == "" {
				t.Errorf("format %q, want %q", p.Format, test.format)
			}
			if test.refused == "" && (!bytes.Equal(p.Wasm, module) || p.Compare(module) != "") {
				t.Errorf("module % x, want % x", p.Wasm, module)
			}
		})
	}
}

// TestManifestWithoutMediaType: the readers take it for an OCI image.
func TestManifestWithoutMediaType(t *testing.T) {
	plugin := static.NewLayer(layerOf(t, file{"plugin.wasm", module}), types.OCILayer)
	wasm, format, _, err := extract(imageOf(t, "", plugin))
	if err != nil || format != OCIImage || !bytes.Equal(wasm, module) {
		t.Errorf("%s, % x, %v; want an OCI image with the module", format, wasm, err)
	}
}

func TestReadersOfAnIndex(t *testing.T) {
	ref := tagAt(t, serve(t, memoryRegistry()))
	good := imageOf(t, types.OCIManifestSchema1, static.NewLayer(layerOf(t, file{"plugin.wasm", module}), types.OCILayer))
	want, err := good.Digest()
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name     string
		platform *v1.Platform
		refused  string
	}{
		{"linux/amd64", &v1.Platform{OS: "linux", Architecture: "amd64"}, ""},
		{"no platform", nil, ""},
		{"linux/arm64", &v1.Platform{OS: "linux", Architecture: "arm64"}, "no child with platform linux/amd64"},
		{"wasip1/wasm", &v1.Platform{OS: "wasip1", Architecture: "wasm"}, "no child with platform linux/amd64"},
		{"attestation", &v1.Platform{OS: "unknown", Architecture: "unknown"}, "no child with platform linux/amd64"},
	} {
		t.Run(test.name, func(t *testing.T) {
			index := mutate.AppendManifests(empty.Index, mutate.IndexAddendum{Add: good,
				Descriptor: v1.Descriptor{Platform: test.platform}})
			if err := remote.WriteIndex(ref, index); err != nil {
				t.Fatal(err)
			}
			p, err := Pull(context.Background(), PullOptions{Reference: ref.Name()})
			if err != nil {
				t.Fatal(err)
			}
			if test.refused != "" {
				if !strings.Contains(p.Verdicts[0].Refused, test.refused) ||
					!strings.Contains(p.Verdicts[1].Refused, test.refused) {
					t.Errorf("verdicts %+v, want %q", p.Verdicts, test.refused)
				}
				return
			}
			sum, err := index.Digest()
			if err != nil {
				t.Fatal(err)
			}
			if p.Refused() || p.ManifestDigest != want.String() || p.IndexDigest != sum.String() {
				t.Errorf("%+v; want it taken, manifest %s of index %s", p, want, sum)
			}
			// By its own digest: the readers compare it with that of the manifest.
			p, err = Pull(context.Background(), PullOptions{Reference: ref.Context().Name() + "@" + sum.String()})
			if err != nil || !strings.Contains(p.Verdicts[0].Refused, "digest of an index") || !p.Refused() {
				t.Errorf("%+v, %v; want it refused for the digest of the index", p, err)
			}
		})
	}
	_, err = newAccess(context.Background(), false).verifyPushed(ref, ref.Name(), module)
	wantError(t, err, Rejected, "it is an index and not a plain image manifest")
}

// TestReadersDiffer: a module that is too large for both.
func TestReadersDiffer(t *testing.T) {
	verdicts := judge([]byte(wasmMagic), true, nil, false, false, nil)
	if verdicts[0].Refused != "" || !strings.Contains(verdicts[0].Note, "the first 268435456 bytes") ||
		!strings.Contains(verdicts[1].Refused, "more than 268435456 bytes") {
		t.Errorf("verdicts %+v; want Istio to cut the module and Envoy Gateway to refuse it", verdicts)
	}
	for realm, safe := range map[string]bool{
		"https://auth.example.com/token": true, "http://auth.example.com/token": true, "https://192.0.2.1/token": true,
		"https://10.0.0.1/token": false, "http://localhost:5001/token": false, "http://127.0.0.1/": false,
		"https://169.254.169.254/":          false,
		"https://metadata.google.internal/": false, "file:///etc/passwd": false, "Registry Realm": false, "https://": false,
	} {
		header := http.Header{"Www-Authenticate": {`Bearer service="a",realm="` + realm + `",scope="b"`}}
		if got := unsafeRealm(&header); (got == "") != safe {
			t.Errorf("realm %q: unsafe %q, want safe %v", realm, got, safe)
		}
	}
}

func TestPullFaults(t *testing.T) {
	host := serve(t, memoryRegistry())
	for _, test := range []struct {
		reference string
		kind      Kind
		message   string
	}{
		{host + "/team/plugin:none", Environment, "HTTP 404, "},
		{host + "/team/none:v1", Environment, "NAME_UNKNOWN"},
		{"", Usage, "a part of the path is empty"},
		{"https://example.com/plugin.wasm", Usage, "is a file"},
		{"example.com/../plugin:v1", Usage, `".." is no part`},
		{"example.com:99999/plugin:v1", Usage, `"99999" is no port`},
		{"example.com/Plugin:v1", Usage, "small letters"},
		{"example.com/plugin@sha256:abc", Usage, "is no digest"},
		{"example.com/plugin:v1/", Usage, "is no part"},
	} {
		_, err := Pull(context.Background(), PullOptions{Reference: test.reference})
		wantError(t, err, test.kind, test.message)
	}
}

func TestReferences(t *testing.T) {
	for text, want := range map[string]string{
		"oci://ghcr.io/a/b:v1":          "ghcr.io/a/b:v1",
		"localhost:5000/b":              "localhost:5000/b:latest",
		"team/plugin":                   "index.docker.io/team/plugin:latest",
		"plugin:v1":                     "index.docker.io/library/plugin:v1",
		"[::1]:5000/a/b:v1":             "[::1]:5000/a/b:v1",
		"example.com/a__b/c--d/e.f:v_1": "example.com/a__b/c--d/e.f:v_1",
	} {
		ref, err := parseReference(text, false)
		if err != nil || ref.Name() != want {
			t.Errorf("%s: %v, %v; want %s", text, ref, err, want)
		}
	}
	for reference, want := range map[string]string{
		"localhost:5000/a:v1": "localhost:5000/a", "localhost:5000/a": "localhost:5000/a", "a/b@sha256:0": "a/b",
		"a/b:v1@sha256:0": "a/b",
	} {
		if got := repositoryOf(reference); got != want {
			t.Errorf("repository of %s: %s, want %s", reference, got, want)
		}
	}
}

// TestPullNoticesTampering has the registry answer with a layer other than the one that the manifest names. The
// plugin.wasm in it is the right one: only the layer's digest tells.
func TestPullNoticesTampering(t *testing.T) {
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
	_, err = Pull(context.Background(), PullOptions{Reference: ref.Name()})
	wantError(t, err, Rejected, "sends other bytes than it names")
}

func tagAt(t *testing.T, host string) name.Tag {
	t.Helper()
	ref, err := name.NewTag(host + "/team/plugin:v1")
	if err != nil {
		t.Fatal(err)
	}
	return ref
}
