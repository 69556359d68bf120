package image

import (
	"bytes"
	"context"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

// ann:right, as htpasswd -B writes it.
const passwords = "ann:$2b$04$ayDLU1D4EhK2gjwNRMRx/.u/jovqPtHq8n/HS5e/VdZVE1W5c/JJm\n"

// debianRegistry starts the registry server of Debian's package docker-registry with TLS, and gives its host:port.
func debianRegistry(t *testing.T, password bool) string {
	t.Helper()
	if _, err := exec.LookPath("docker-registry"); err != nil {
		t.Skip("docker-registry is not here: apt-get install docker-registry")
	}
	noCredentials(t)
	dir := t.TempDir()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	host := listener.Addr().String()
	listener.Close()
	// The certificate of httptest is for 127.0.0.1, and no client trusts it by itself.
	server := httptest.NewTLSServer(nil)
	certificate := server.TLS.Certificates[0]
	server.Close()
	key, err := x509.MarshalPKCS8PrivateKey(certificate.PrivateKey)
	if err != nil {
		t.Fatal(err)
	}
	auth := ""
	if password {
		auth = fmt.Sprintf("auth: {htpasswd: {realm: test, path: %s/passwords}}\n", dir)
	}
	for name, content := range map[string][]byte{
		"cert.pem":  pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: certificate.Certificate[0]}),
		"key.pem":   pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: key}),
		"passwords": []byte(passwords),
		"config.yml": fmt.Appendf(nil, "version: 0.1\nlog: {level: error}\nstorage: {filesystem: {rootdirectory: %s/data}}\n"+
			"http: {addr: %q, tls: {certificate: %[1]s/cert.pem, key: %[1]s/key.pem}}\n%[3]s", dir, host, auth),
	} {
		if err := os.WriteFile(filepath.Join(dir, name), content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	registry := exec.Command("docker-registry", "serve", filepath.Join(dir, "config.yml"))
	registry.Env = []string{"HOME=" + dir} // it takes REGISTRY_AUTH_FILE for a setting of its own
	var said bytes.Buffer
	registry.Stdout, registry.Stderr = &said, &said
	if err := registry.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- registry.Wait() }()
	t.Cleanup(func() { registry.Process.Kill(); <-ended })
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	for {
		c, err := (&net.Dialer{}).DialContext(ctx, "tcp", host)
		if err == nil {
			c.Close()
			return host
		}
		select {
		case err := <-ended:
			ended <- err
			t.Fatalf("docker-registry ended: %v\n%s", err, said.String())
		case <-ctx.Done():
			t.Fatal("docker-registry does not listen")
		case <-time.After(20 * time.Millisecond):
		}
	}
}

func TestDebianRegistry(t *testing.T) {
	host := debianRegistry(t, false)
	options := PushOptions{Registry: host + "/team", Lang: "rust", Tag: "v1", Builder: "none"}
	_, err := push(options)
	wantError(t, err, Environment, "is not trusted")
	options.Insecure = true
	first, err := push(options)
	if err != nil {
		t.Fatal(err)
	}
	again, err := push(options)
	if err != nil || again.ManifestDigest != first.ManifestDigest {
		t.Errorf("pushed again: %s, %v; want %s", again.ManifestDigest, err, first.ManifestDigest)
	}
	for _, reference := range []string{first.Reference, first.Pinned} {
		p, err := Pull(context.Background(), PullOptions{Reference: reference, Insecure: true})
		if err != nil || p.Refused() || p.Compare(module) != "" || p.ManifestDigest != first.ManifestDigest {
			t.Errorf("%s: %+v, %v; want what was pushed", reference, p, err)
		}
	}
	_, err = Pull(context.Background(), PullOptions{Reference: host + "/team/none:v1", Insecure: true})
	wantError(t, err, Environment, "HTTP 404, \"")
}

func TestDebianRegistryWithPassword(t *testing.T) {
	host := debianRegistry(t, true)
	options := PushOptions{Registry: host + "/team", Lang: "go", Builder: "none", Insecure: true}
	_, err := push(options)
	wantError(t, err, Environment, `without credentials (HTTP 401, "UNAUTHORIZED: authentication required`)
	login(t, host, "wrong")
	_, err = push(options)
	wantError(t, err, Environment, "it does not accept the credentials of ann in ")
	login(t, host, "right")
	pushed, err := push(options)
	if err != nil {
		t.Fatal(err)
	}
	p, err := Pull(context.Background(), PullOptions{Reference: pushed.Pinned, Insecure: true})
	if err != nil || p.Refused() || p.Verdicts[0].Note == "" { // the realm is no address, which Istio's source minds
		t.Errorf("%+v, %v; want it taken, with a note on the realm", p, err)
	}
}

// TestProxy: the registry is reached through the proxy of the environment. The environment is read once for a process,
// so this asks the transport.
func TestProxy(t *testing.T) {
	if newAccess(context.Background(), true).transport.inner.(*http.Transport).Proxy == nil {
		t.Error("no proxy is asked for")
	}
}
