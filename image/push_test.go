package image

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"log"
	"net"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestPushDirectly(t *testing.T) {
	host := serve(t, memoryRegistry())
	got, err := push(PushOptions{
		Registry: host + "/team", Lang: "rust", Tag: "v1", Builder: "none",
	})
	if err != nil {
		t.Fatal(err)
	}
	image := pull(t, host, "team/header-auth-rust", "v1")
	if diff := cmp.Diff(module, image.plugin); diff != "" {
		t.Errorf("plugin.wasm (-file +pulled):\n%s", diff)
	}
	digest := "sha256:" + sum(image.manifest)
	want := Pushed{
		Reference:      host + "/team/header-auth-rust:v1",
		Pinned:         host + "/team/header-auth-rust@" + digest,
		ManifestDigest: digest,
		FileSHA256:     sum(module),
		Builder:        "none",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("pushed (-want +got):\n%s", diff)
	}
	if want := "application/vnd.oci.image.manifest.v1+json"; image.mediaType != want {
		t.Errorf("manifest is %s, want %s", image.mediaType, want)
	}
	if want := "application/vnd.oci.image.layer.v1.tar+gzip"; len(image.layers) != 1 || image.layers[0].MediaType != want {
		t.Errorf("layers %v, want one, %s", image.layers, want)
	}
	if diff := cmp.Diff(annotations(Labels("rust")), image.annotations); diff != "" {
		t.Errorf("annotations (-want +got):\n%s", diff)
	}
	if len(image.files) != 1 {
		t.Fatalf("the layer holds %d files, want 1", len(image.files))
	}
	file := image.files[0]
	if file.Name != "plugin.wasm" || file.Mode != 0o644 || file.Uid != 0 || file.Gid != 0 || file.ModTime.Unix() != 0 {
		t.Errorf("file in the layer: %+v, want plugin.wasm, 0644, 0:0, 1970", file)
	}
}

func TestDirectConfiguration(t *testing.T) {
	host := serve(t, memoryRegistry())
	options := PushOptions{Registry: host, Lang: "go", Builder: "none"}
	if _, err := push(options); err != nil {
		t.Fatal(err)
	}
	var config struct {
		OS, Architecture, Created string
		Config                    struct{ Labels map[string]string }
		RootFS                    struct {
			DiffIDs []string `json:"diff_ids"`
		}
		History []struct{ Created string }
	}
	if err := json.Unmarshal(pull(t, host, "header-auth-go", "latest").config, &config); err != nil {
		t.Fatal(err)
	}
	if config.OS != "linux" || config.Architecture != "amd64" {
		t.Errorf("platform %s/%s, want linux/amd64", config.OS, config.Architecture)
	}
	const start = "1970-01-01T00:00:00Z"
	if config.Created != start || len(config.History) != 1 || config.History[0].Created != start {
		t.Errorf("created %s, history %v, want one entry and no time but %s", config.Created, config.History, start)
	}
	if len(config.RootFS.DiffIDs) != 1 {
		t.Errorf("diff_ids %v, want one for the one layer", config.RootFS.DiffIDs)
	}
	if diff := cmp.Diff(Labels("go"), config.Config.Labels); diff != "" {
		t.Errorf("labels (-want +got):\n%s", diff)
	}
}

func TestDirectDigestDependsOnModuleAndLabelsAlone(t *testing.T) {
	digest := func(tag string, labels map[string]string) string {
		t.Helper()
		pushed, err := push(PushOptions{Registry: serve(t, memoryRegistry()), Lang: "go", Tag: tag, Labels: labels,
			Builder: "none"})
		if err != nil {
			t.Fatal(err)
		}
		return pushed.ManifestDigest
	}
	first := digest("a", nil)
	if again := digest("b", nil); again != first {
		t.Errorf("digests %s and %s of the same module", first, again)
	}
	if other := digest("a", map[string]string{"org.opencontainers.image.revision": "abc"}); other == first {
		t.Error("another revision has the same digest")
	}
}

func TestPushOfAnotherModule(t *testing.T) {
	host := serve(t, memoryRegistry())
	pushed, err := push(PushOptions{Registry: host + "/team", Name: "my-plugin", Tag: "v2"}) // auto, and still no builder
	if err != nil {
		t.Fatal(err)
	}
	if want := host + "/team/my-plugin:v2"; pushed.Reference != want || pushed.Builder != "none" ||
		len(pushed.Skipped) > 0 {
		t.Errorf("pushed %+v, want %s with no builder", pushed, want)
	}
	want := map[string]string{"module.wasm.image/variant": "compat", "org.opencontainers.image.title": "my-plugin"}
	if diff := cmp.Diff(want, pull(t, host, "team/my-plugin", "v2").annotations); diff != "" {
		t.Errorf("annotations (-want +got):\n%s", diff)
	}
}

func TestReadModule(t *testing.T) {
	dir := t.TempDir()
	text := filepath.Join(dir, "text.wasm")
	if err := os.WriteFile(text, []byte("(module)"), 0o644); err != nil {
		t.Fatal(err)
	}
	for path, message := range map[string]string{
		filepath.Join(dir, "no.wasm"): "not there: run `make build`",
		text:                          "text.wasm is not a WebAssembly module",
		dir:                           "is not a regular file",
		os.DevNull:                    "is not a regular file",
	} {
		_, err := ReadModule(path)
		wantError(t, err, Usage, message)
	}
}

func TestPushWithCredentials(t *testing.T) {
	host := serve(t, withBasic(memoryRegistry()))
	options := PushOptions{Registry: host + "/team", Lang: "go", Builder: "none"}
	login(t, host, "wrong")
	_, err := push(options)
	wantError(t, err, Environment, "does not allow it for team/header-auth-go (HTTP 401)")
	login(t, host, "right")
	if _, err := push(options); err != nil {
		t.Error(err)
	}
}

func TestPushFaults(t *testing.T) {
	host := serve(t, memoryRegistry())
	closed := httptest.NewServer(nil)
	closed.Close()
	gone := strings.TrimPrefix(closed.URL, "http://")
	t.Setenv("PATH", t.TempDir())
	tests := []struct {
		name    string
		options PushOptions
		kind    Kind
		message string
	}{
		{"no registry", PushOptions{Lang: "go"}, Usage, "it is missing: expected host/path"},
		{"scheme", PushOptions{Registry: "https://" + host, Lang: "go"}, Usage, "without a scheme"},
		{"no host", PushOptions{Registry: "team/plugins", Lang: "go"}, Usage, `"team" is not a host`},
		{"upper case", PushOptions{Registry: host + "/Team", Lang: "go"}, Usage, "parse reference"},
		{"tag in registry", PushOptions{Registry: host + "/team:v1", Lang: "go"}, Usage, "parse reference"},
		{"dots", PushOptions{Registry: host + "/../team", Lang: "go"}, Usage, `".." is no part of a path`},
		{"empty part", PushOptions{Registry: host + "//team", Lang: "go"}, Usage, "a part of the path is empty"},
		{"port", PushOptions{Registry: "localhost:65536/team", Lang: "go"}, Usage, `"65536" is no port`},
		{"no port", PushOptions{Registry: "localhost:/team", Lang: "go"}, Usage, `"" is no port`},
		{"bad name", PushOptions{Registry: host, Name: "a/../b"}, Usage, `".." is no part of a path`},
		{"long tag", PushOptions{Registry: host, Lang: "go", Tag: strings.Repeat("a", 129)}, Usage, "is no tag"},
		{"bad tag", PushOptions{Registry: host, Lang: "go", Tag: "a b"}, Usage, "parse reference"},
		{"bad language", PushOptions{Registry: host, Lang: "c"}, Usage, `"c": expected go or rust`},
		{"bad builder", PushOptions{Registry: host, Lang: "go", Builder: "kaniko"}, Usage, `"kaniko": expected one of`},
		{"unreachable", PushOptions{Registry: gone, Lang: "go"}, Environment, "cannot be reached"},
		{"builder absent", PushOptions{Registry: host, Lang: "go", Builder: "buildah"}, Environment, "not found"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, err := push(test.options)
			wantError(t, err, test.kind, test.message)
		})
	}
}

func TestPushOverTLS(t *testing.T) {
	noCredentials(t)
	server := httptest.NewUnstartedServer(memoryRegistry())
	server.Config.ErrorLog = log.New(io.Discard, "", 0) // of handshakes that fail on purpose
	server.StartTLS()
	defer server.Close()
	options := PushOptions{
		Registry: strings.TrimPrefix(server.URL, "https://"), Lang: "go", Builder: "none",
	}
	_, err := push(options)
	wantError(t, err, Environment, "is not trusted")
	options.Insecure = true
	if _, err := push(options); err != nil {
		t.Error(err)
	}
}

// TestPushOverHTTP needs an address that no library takes for a local one: those may speak plain HTTP anyway.
func TestPushOverHTTP(t *testing.T) {
	noCredentials(t)
	listener, err := net.Listen("tcp", "127.0.0.2:0")
	if err != nil {
		t.Skip(err)
	}
	server := httptest.NewUnstartedServer(memoryRegistry())
	server.Listener.Close()
	server.Listener = listener
	server.Start()
	defer server.Close()
	options := PushOptions{Registry: listener.Addr().String(), Lang: "go", Builder: "none"}
	_, err = push(options)
	wantError(t, err, Environment, "speaks plain HTTP: give --insecure")
	options.Insecure = true
	if _, err := push(options); err != nil {
		t.Error(err)
	}
}

// TestDockerfiles holds what the Dockerfiles say against what the direct way does and what builds.yaml makes.
func TestDockerfiles(t *testing.T) {
	builds, err := os.ReadFile("../builds.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for lang := range languages {
		t.Run(lang, func(t *testing.T) {
			text, err := os.ReadFile("../Dockerfile." + lang)
			if err != nil {
				t.Fatal(err)
			}
			got := map[string]string{}
			for _, label := range regexp.MustCompile(`(org\.[a-z.]+)="([^"]*)"`).FindAllStringSubmatch(string(text), -1) {
				got[label[1]] = label[2]
			}
			if diff := cmp.Diff(Labels(lang), got); diff != "" {
				t.Errorf("labels (-image +Dockerfile):\n%s", diff)
			}
			if !strings.Contains(string(builds), "wasm: "+DefaultWasm(lang)+"\n") {
				t.Errorf("no entry of builds.yaml makes %s", DefaultWasm(lang))
			}
			for _, line := range []string{"FROM scratch", "ARG WASM=" + DefaultWasm(lang), "COPY ${WASM} /" + pluginName} {
				if !strings.Contains(string(text), "\n"+line+"\n") {
					t.Errorf("the line %q is missing", line)
				}
			}
		})
	}
}

func wantError(t *testing.T, err error, kind Kind, message string) {
	t.Helper()
	var fault *Error
	if !errors.As(err, &fault) {
		t.Fatalf("error %v, want a Error", err)
	}
	if fault.Kind != kind || !strings.Contains(err.Error(), message) || strings.Contains(err.Error(), "\n") {
		t.Errorf("kind %d, %q; want kind %d, one line, containing %q", fault.Kind, err, kind, message)
	}
}

func sum(data []byte) string {
	digest := sha256.Sum256(data)
	return hex.EncodeToString(digest[:])
}
