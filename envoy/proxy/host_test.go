package proxy

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/header-auth/header-auth/envoy/obtain/obtaintest"
	"github.com/header-auth/header-auth/host"
	"github.com/header-auth/header-auth/host/cel"
	"github.com/header-auth/header-auth/host/headermap"
	"github.com/header-auth/header-auth/host/property"
	"github.com/header-auth/header-auth/host/wasmtest"
)

// teller is a guest that logs what its host calls gave: a line with what was called, the status, and the bytes.
type teller struct {
	*wasmtest.Guest
}

func (g *teller) log(callback string, args ...any) {
	g.Call(callback, "proxy_log", append([]any{2}, args...)...)

}

// call is Guest.Call with out words for bytes as the last arguments.
func (g *teller) call(callback, function string, args ...any) {
	const record = 16
	g.log(callback, fmt.Sprintf("%s: %s %q", callback, function, args))
	call := g.Call(callback, function, append(args, wasmtest.Out)...)
	at := 1024 + record*call
	g.log(callback, wasmtest.Raw{At: at, Len: 4})
	g.log(callback, wasmtest.Join(wasmtest.I32(at), wasmtest.Load(4)), wasmtest.Join(wasmtest.I32(at), wasmtest.Load(8)))
}

// tellers are two plugins of a chain. The second answers the request.
func tellers() [2]*teller {
	a, b := &teller{Guest: wasmtest.NewGuest("0_2_1")}, &teller{Guest: wasmtest.NewGuest("0_2_1")}
	const configure, head = "proxy_on_configure", "proxy_on_request_headers"
	a.call(configure, "proxy_call_foreign_function", "declare_property", "\n\x04once\x10\x01")
	for _, callback := range []string{configure, head} {
		if callback == head {
			a.Call(head, "proxy_set_property", "mine", "value")
			a.Call(head, "proxy_set_property", "once", "1")
			a.Call(head, "proxy_set_property", "once", "2")
		}
		for _, path := range []string{"xds", "xds.node.id", "xds.node.cluster", "xds.node.metadata", "xds.node.metadata.x",
			"xds.node.locality",
			"xds.node.user_agent_name", "xds.node.user_agent_version", "xds.node.nosuch", "xds.route_name", "xds.route_metadata",
			"xds.listener_direction", "xds.filter_chain_name", "xds.upstream_host_metadata", "node", "plugin_name",
			"plugin_root_id",
			"request", "request.method", "request.path", "request.headers.x", "request.headers.none", "request.size",
			"request.duration",
			"response", "response.code", "response.flags", "response.headers", "response.trailers", "response.code_details",
			"response.grpc_status", "connection.mtls", "connection.requested_server_name", "connection.tls_version",
			"upstream.address",
			"upstream_filter_state", "metadata", "metadata.filter_metadata", "filter_state", "filter_state.wasm\x01mine", "mine",
			"once", ""} {
			a.call(callback, "proxy_get_property", strings.ReplaceAll(strings.ReplaceAll(path, ".", "\x00"), "\x01", "."))
		}
		for _, f := range [][2]string{{"nosuch", ""}, {"uncompress", "abc"}, {"sign", "\xff"}, {"sign", ""},
			{"verify_signature", "\xff"}, {"verify_signature", "\n\x03md5\x12\x01k"}, {"set_envoy_filter_state", "\xff"},
			{"set_envoy_filter_state", "\n\x06nosuch\x12\x01v"},
			{"set_envoy_filter_state", "\n\nenvoy.bool\x12\x03yes"}, {"set_envoy_filter_state", "\n\nenvoy.bool\x12\x03val"},
			{"expr_create", "1 +"}, {"expr_create", "upper('a')"}, {"expr_create",
				"request.method + ' ' + string(size(request.path))"},
			{"expr_evaluate", "\x01\x00\x00\x00"}, {"expr_evaluate", "abc"}, {"expr_evaluate", "\xff\x00\x00\x00"},
			{"expr_delete", "abc"}} {
			a.call(callback, "proxy_call_foreign_function", f[0], f[1])
		}
	}
	a.call(head, "proxy_get_property", "filter_state\x00envoy.bool")
	for _, callback := range []string{"proxy_on_grpc_close", "proxy_on_grpc_receive_initial_metadata",
		"proxy_on_grpc_receive_trailing_metadata"} {
		a.call(callback, "proxy_get_header_map_pairs", 5)
		a.call(callback, "proxy_get_status", wasmtest.I32(800))
	}
	service := func(cluster string) string { return fmt.Sprintf("\n%c\n%c%s", len(cluster)+2, len(cluster), cluster) }
	a.Call(head, "proxy_grpc_call", service("none"), "s", "m", "", "x", 100, wasmtest.Out1)
	a.Call(head, "proxy_grpc_call", service("hostless"), "s", "m", "", "x", 100, wasmtest.Out1)
	for _, g := range []*teller{a, b} {
		g.log("proxy_on_response_headers", "response")
		g.log("proxy_on_log", "log")
		g.log("proxy_on_delete", "delete")
	}
	b.call(head, "proxy_get_property", "mine")
	b.Call(head, "proxy_send_local_response", 403, "no", "go away", "", -1)
	return [2]*teller{a, b}
}

// TestHostAgrees runs two plugins in one chain on package host and on an Envoy, and compares what they logged.
func TestHostAgrees(t *testing.T) {
	envoy := obtaintest.Real(t)
	guests := tellers()
	want := onHost(t, guests)

	var mu sync.Mutex
	var got []string
	deleted := make(chan struct{}, 8)
	l := Listener{Name: "agree"}
	dir := t.TempDir()
	for i, g := range guests {
		file := filepath.Join(dir, fmt.Sprintf("%d.wasm", i))
		if err := os.WriteFile(file, g.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
		l.Filters = append(l.Filters, Filter{Module: file, Plugin: "plugin", VM: fmt.Sprint("vm", i)})
	}
	p, err := start(t, envoy.Path, Options{Listeners: []Listener{l}, Trace: true, Line: func(line Line) {
		_, text, found := strings.Cut(line.Text, "wasm log ")
		if line.Main || !found || line.Level != "info" {
			return
		}
		_, text, _ = strings.Cut(text, ": ")
		mu.Lock()
		defer mu.Unlock()
		got = append(got, text)
		if text == "delete" {
			deleted <- struct{}{}
		}
	}})
	if err != nil {
		t.Fatal(err)
	}
	if err := p.SetClusters(Cluster{Name: "hostless"}); err != nil {
		t.Fatal(err)
	}
	await(t, func() bool {
		stats, err := p.Admin(t.Context(), "/clusters")
		return err == nil && strings.Contains(stats, "hostless")
	})
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true,
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, "unix", p.Socket(l.Name))
		}}}
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://a/p", nil)
	if err != nil {
		t.Fatal(err)
	}
	request.Header["X"] = []string{"1", "2"}
	response, err := client.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	for range guests {
		select {
		case <-deleted:
		case <-p.Done():
			t.Fatal(p.Err())
		}
	}
	mu.Lock()
	defer mu.Unlock()
	if len(want) < 300 {
		t.Errorf("only %d lines", len(want))
	}
	if diff := cmp.Diff(want, got); diff != "" || response.StatusCode != http.StatusForbidden {
		t.Errorf("status %d; package host (-) and Envoy (+):\n%s", response.StatusCode, diff)
	}
}

// onHost is what the guests log on package host.
func onHost(t *testing.T, guests [2]*teller) (lines []string) {
	t.Helper()
	ctx := t.Context()
	var plugins []*host.Plugin
	for _, g := range guests {
		m, err := host.Compile(ctx, g.Bytes(), host.Options{Expressions: cel.New()})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = m.Close(context.Background()) })
		vm, err := m.NewVM(ctx, host.VMConfig{
			Log:  func(l host.LogLine) { lines = append(lines, l.Text) },
			Node: &property.Node{ID: "parity", Cluster: "parity"},
			Clusters: func(name string) host.ClusterState {
				if name == "hostless" {
					return host.ClusterEmpty
				}
				return host.ClusterUnknown
			},
		})
		if err != nil {
			t.Fatal(err)
		}
		p, err := vm.NewPlugin(ctx, host.PluginConfig{Name: "plugin"})
		if err != nil {
			t.Fatal(err)
		}
		plugins = append(plugins, p)
	}
	c := host.NewChain(host.StreamConfig{}, plugins...)
	c.RequestHeaders(headermap.Of(":authority", "a", ":path", "/p", ":method", "GET", ":scheme", "http", "x", "1", "x",
		"2"), true)
	c.Close()
	return lines
}
