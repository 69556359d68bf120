package examples

import (
	"context"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/header-auth/header-auth/host"
	"github.com/header-auth/header-auth/host/headermap"
)

// onHost is the example on package host, behind a server that is client and upstream of it.
type onHost struct {
	example *Example
	address string
	mu      sync.Mutex // one goroutine at a time may use the VM
	vm      *host.VM
	plugin  *host.Plugin
	log     []string
}

func startOnHost(t *testing.T, e *Example, module string) *onHost {
	t.Helper()
	ctx := context.Background()
	wasm, err := os.ReadFile(module)
	if err != nil {
		t.Fatal(err)
	}
	config, err := os.ReadFile(filepath.Join(e.Dir, "plugin.json"))
	if err != nil {
		t.Fatal(err)
	}
	m, err := host.Compile(ctx, wasm, host.Options{Deadline: 10 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	h := &onHost{example: e}
	h.vm, err = m.NewVM(ctx, host.VMConfig{
		Clock: host.NewManualClock(time.Now()),
		Log:   func(l host.LogLine) { h.log = append(h.log, l.Text) },
		Clusters: func(name string) host.ClusterState {
			if e.Services[name] == nil {
				return host.ClusterUnknown
			}
			return host.ClusterReady
		},
		Upstream: func(c *host.Call) (host.CallAnswer, bool) {
			a := answer(e.Services[c.Cluster], asHTTP(c.Headers))
			return host.CallAnswer{Headers: a.headerMap(), Body: []byte(a.Body)}, true
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	if h.plugin, err = h.vm.NewPlugin(ctx, host.PluginConfig{Name: e.Name, Configuration: config}); err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(h)
	t.Cleanup(func() {
		server.Close()
		h.vm.Close(ctx)
		m.Close(ctx)
	})
	h.address = strings.TrimPrefix(server.URL, "http://")
	return h
}

// ServeHTTP takes a request without a body through the plugin.
func (h *onHost) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h.mu.Lock()
	defer h.mu.Unlock()
	headers := headermap.Of(":authority", r.Host, ":path", r.RequestURI, ":method", r.Method, ":scheme", "http")
	for name, values := range r.Header {
		for _, value := range values {
			headers = append(headers, host.Header{Name: strings.ToLower(name), Value: value})
		}
	}
	headers = append(headers, host.Header{Name: "x-forwarded-proto", Value: "http"})
	s := h.plugin.NewStream(host.StreamConfig{})
	defer s.Close()
	s.RequestHeaders(headers, true)
	if s.Upstream().Ended {
		a := answer(h.example.Services["upstream"], asHTTP(s.Upstream().Headers()))
		s.ResponseHeaders(a.headerMap(), false)
		s.ResponseBody([]byte(a.Body), true)
	}
	down := s.Downstream()
	for _, pair := range down.Headers() {
		if !strings.HasPrefix(pair.Name, ":") {
			w.Header().Add(pair.Name, pair.Value)
		}
	}
	w.WriteHeader(down.Status())
	_, _ = w.Write(down.Body())
}

func (h *onHost) advance(t *testing.T, d time.Duration) {
	t.Helper()
	h.mu.Lock()
	defer h.mu.Unlock()
	if err := h.vm.Advance(d); err != nil {
		t.Fatal(err)
	}
}

func (h *onHost) lines() []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.log)
}

func asHTTP(pairs []host.Header) http.Header {
	h := http.Header{}
	for _, pair := range pairs {
		h.Add(pair.Name, pair.Value)
	}
	return h
}

func (a Answer) headerMap() []host.Header {
	headers := headermap.Of(":status", strconv.Itoa(a.status()))
	for name, value := range a.Headers {
		headers = append(headers, host.Header{Name: name, Value: value})
	}
	return headers
}
