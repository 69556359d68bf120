package image

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"path"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/registry"
)

var module = []byte(wasmMagic + "the rest of a module")

// push pushes module.
func push(o PushOptions) (Pushed, error) {
	p, err := NewPusher(context.Background(), o)
	if err != nil {
		return Pushed{}, err
	}
	return p.Push(module)
}

func memoryRegistry() http.Handler { return registry.New(registry.Logger(log.New(io.Discard, "", 0))) }

// serve runs a registry for the test and returns its host:port.
func serve(t *testing.T, handler http.Handler) string {
	t.Helper()
	noCredentials(t)
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	return strings.TrimPrefix(server.URL, "http://")
}

// noCredentials hides the credentials of the user who runs the test.
func noCredentials(t *testing.T) {
	t.Helper()
	empty := t.TempDir()
	for _, key := range []string{"HOME", "DOCKER_CONFIG", "XDG_RUNTIME_DIR", "XDG_CONFIG_HOME"} {
		t.Setenv(key, empty)
	}
	t.Setenv("REGISTRY_AUTH_FILE", "")
	// podman and buildah do not take a DOCKER_CONFIG without its file.
	if err := os.WriteFile(filepath.Join(empty, "config.json"), []byte("{}"), 0o600); err != nil {
		t.Fatal(err)
	}
}

// withBasic asks for the user and password that credentials writes down.
func withBasic(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if user, password, _ := r.BasicAuth(); user != "ann" || password != "right" {
			w.Header().Set("WWW-Authenticate", `Basic realm="test"`)
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		next.ServeHTTP(w, r)
	})
}

func login(t *testing.T, host, password string) {
	t.Helper()
	config, err := json.Marshal(map[string]any{"auths": map[string]any{
		host: map[string]string{"username": "ann", "password": password},
	}})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(os.Getenv("DOCKER_CONFIG"), "config.json"), config, 0o600); err != nil {
		t.Fatal(err)
	}
}

type descriptor struct {
	MediaType string
	Digest    string
}

type pulled struct {
	manifest    []byte
	mediaType   string
	config      []byte
	layers      []descriptor
	annotations map[string]string
	files       []*tar.Header
	plugin      []byte
}

// pull reads an image over plain HTTP with the standard library alone, in the order of Istio's agent: the manifest, its
// last layer, gzip, tar, the first file with the base name plugin.wasm.
func pull(t *testing.T, host, repo, tag string) pulled {
	t.Helper()
	var p pulled
	p.manifest, p.mediaType = get(t, fmt.Sprintf("http://%s/v2/%s/manifests/%s", host, repo, tag))
	var manifest struct {
		MediaType   string
		Config      descriptor
		Layers      []descriptor
		Annotations map[string]string
	}
	if err := json.Unmarshal(p.manifest, &manifest); err != nil {
		t.Fatal(err)
	}
	if manifest.MediaType != p.mediaType {
		t.Errorf("manifest says it is %q, Content-Type %q", manifest.MediaType, p.mediaType)
	}
	if len(manifest.Layers) == 0 {
		t.Fatalf("manifest has no layers: %s", p.manifest)
	}
	p.layers, p.annotations = manifest.Layers, manifest.Annotations
	p.config, _ = get(t, fmt.Sprintf("http://%s/v2/%s/blobs/%s", host, repo, manifest.Config.Digest))
	last, _ := get(t, fmt.Sprintf("http://%s/v2/%s/blobs/%s", host, repo, p.layers[len(p.layers)-1].Digest))
	zip, err := gzip.NewReader(bytes.NewReader(last))
	if err != nil {
		t.Fatal(err)
	}
	for files := tar.NewReader(zip); ; {
		header, err := files.Next()
		if errors.Is(err, io.EOF) {
			return p
		}
		if err != nil {
			t.Fatal(err)
		}
		p.files = append(p.files, header)
		if path.Base(header.Name) == "plugin.wasm" && p.plugin == nil {
			if p.plugin, err = io.ReadAll(files); err != nil {
				t.Fatal(err)
			}
		}
	}
}

func get(t *testing.T, url string) (body []byte, contentType string) {
	t.Helper()
	request, err := http.NewRequest(http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, accept := range []string{
		"application/vnd.docker.distribution.manifest.v2+json", "application/vnd.oci.image.manifest.v1+json",
	} {
		request.Header.Add("Accept", accept)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err = io.ReadAll(response.Body)
	if err != nil || response.StatusCode != http.StatusOK {
		t.Fatalf("GET %s: %s, %v", url, response.Status, err)
	}
	return body, response.Header.Get("Content-Type")
}
