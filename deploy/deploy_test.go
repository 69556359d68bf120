package deploy

import (
	"context"
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/types/known/wrapperspb"

	wasmfilter "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/wasm/v3"
	hcm "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/http_connection_manager/v3"
	wasm "github.com/envoyproxy/go-control-plane/envoy/extensions/wasm/v3"

	"github.com/header-auth/header-auth/host"
	"github.com/header-auth/header-auth/host/wasmtest"
)

func TestParseAddress(t *testing.T) {
	for text, want := range map[string]Address{
		"shop":                  {Host: "shop", Port: 80},
		"shop:8000":             {Host: "shop", Port: 8000},
		"http://shop/":          {Host: "shop", Port: 80},
		"https://shop":          {Host: "shop", Port: 443, TLS: true},
		"https://shop:8443/":    {Host: "shop", Port: 8443, TLS: true},
		"[::1]:8000":            {Host: "::1", Port: 8000},
		"10.0.0.1:65535":        {Host: "10.0.0.1", Port: 65535},
		"":                      {},
		":80":                   {},
		"shop:0":                {},
		"shop:65536":            {},
		"shop:http":             {},
		"shop/path":             {},
		"user@shop":             {},
		"https://shop?x=1":      {},
		"two words":             {},
		"https://shop:8443/way": {},
	} {
		got, err := ParseAddress(text)
		if got != want || (err == nil) != (want != Address{}) {
			t.Errorf("%q: %v, %v; expected %v", text, got, err, want)
		}
	}
}

func TestCheckImage(t *testing.T) {
	digest := "@sha256:" + strings.Repeat("ab", 32)
	for image, ok := range map[string]bool{
		"registry.example.com/team/x" + digest: true, "localhost:5000/x" + digest: true,
		"registry.example.com/team/x": false, "registry.example.com/team/x:v1": false, "x@sha256:ab": false, "": false,
	} {
		if err := CheckImage(image); (err == nil) != ok {
			t.Errorf("%q: %v", image, err)
		}
	}
}

// TestConfigurationOfAPlainEnvoy: it is a StringValue with the bytes of the file, and the filter fails closed.
func TestConfigurationOfAPlainEnvoy(t *testing.T) {
	config := "{\"header\": \"a\\u00e9\"}\n"
	b, err := Bootstrap(Options{Name: "n", Module: "m.wasm", Config: []byte(config), Listen: Address{Host: "::", Port: 1},
		Upstream: Address{Host: "u", Port: 2}})
	if err != nil {
		t.Fatal(err)
	}
	manager, filter, value := new(hcm.HttpConnectionManager), new(wasmfilter.Wasm), new(wrapperspb.StringValue)
	if err := errors.Join(
		b.StaticResources.Listeners[0].FilterChains[0].Filters[0].GetTypedConfig().UnmarshalTo(manager),
		manager.HttpFilters[0].GetTypedConfig().UnmarshalTo(filter),
		filter.Config.Configuration.UnmarshalTo(value),
	); err != nil {
		t.Fatal(err)
	}
	if value.Value != config || filter.Config.FailurePolicy != wasm.FailurePolicy_FAIL_CLOSED {
		t.Errorf("configuration %q, %v", value.Value, filter.Config.FailurePolicy)
	}
}

// TestIstioConfig: the values stay what they are, and the clusters get Istio's names.
func TestIstioConfig(t *testing.T) {
	o := Options{Config: []byte(`{
		"rate_limit": {"tokens": 1000000, "refill_ms": 86400000},
		"deny": {"body": "<\u0000é😀\">", "status": 403},
		"token": {"cluster": "tokens", "authority": "tokens.example.com", "path": "/"},
		"callout": {"cluster": "outbound|80||own.example.com", "authority": "own.example.com:8080", "path": "/"}}`)}
	got, err := IstioConfig(o)
	if err != nil {
		t.Fatal(err)
	}
	blanks := strings.NewReplacer(": ", ":", ", ", ",")
	want := `{"callout":{"authority":"own.example.com:8080","cluster":"outbound|80||own.example.com","path":"/"},` +
		`"deny":{"body":"<\u0000é😀\">","status":403},"rate_limit":{"refill_ms":86400000,"tokens":1000000},` +
		`"token":{"authority":"tokens.example.com","cluster":"outbound|80||tokens.example.com","path":"/"}}`
	if diff := cmp.Diff(want, blanks.Replace(string(got))); diff != "" {
		t.Error(diff)
	}
}

// TestOneServiceForTwoCalls: a cluster that both keys call is written once, and one host has one ServiceEntry.
func TestOneServiceForTwoCalls(t *testing.T) {
	image := "registry.example.com/x@sha256:" + strings.Repeat("ab", 32)
	for name, clusters := range map[string][2]string{"one cluster": {"auth", "auth"},
		"two clusters of one host": {"auth", "tokens"}} {
		config := `{"token": {"cluster": "` + clusters[1] + `", "authority": "auth.example.com", "path": "/"},
			"callout": {"cluster": "` + clusters[0] + `", "authority": "auth.example.com", "path": "/"}}`
		o := Options{Name: "n", Namespace: "s", Image: image, Selector: Label{"a", "b"}, Config: []byte(config)}
		text, err := Istio(o)
		if err != nil {
			t.Fatal(err)
		}
		if n := strings.Count(string(text), "kind: ServiceEntry"); n != 1 {
			t.Errorf("%s: %d ServiceEntries\n%s", name, n, text)
		}
	}
}

func TestCheck(t *testing.T) {
	refuses := wasmtest.NewGuest("0_2_1")
	refuses.Call("proxy_on_configure", "proxy_log", 4, "I do not like it")
	refuses.Returns("proxy_on_configure", 0)
	silent := wasmtest.NewGuest("0_2_1")
	silent.Exports("proxy_on_configure")
	silent.Returns("proxy_on_configure", 0)
	traps := wasmtest.NewGuest("0_2_1")
	traps.Do("proxy_on_configure", wasmtest.Unreachable)
	accepts := wasmtest.NewGuest("0_2_1")
	for name, c := range map[string]struct {
		wasm []byte
		says string // "": accepted
	}{
		"accepts": {accepts.Bytes(), ""},
		"refuses": {refuses.Bytes(), "I do not like it"},
		"silent":  {silent.Bytes(), "proxy_on_configure returned false"},
		"traps":   {traps.Bytes(), "unreachable"},
	} {
		err := Check(t.Context(), compile(t, c.wasm), []byte("{}"))
		var refused *RefusedError
		if errors.As(err, &refused) != (c.says != "") || err != nil && !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func compile(t *testing.T, wasm []byte) *host.Module {
	t.Helper()
	m, err := host.Compile(t.Context(), wasm, host.Options{Deadline: StartTime})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = m.Close(context.Background()) })
	return m
}

// TestShippedConfigurations: both plugins accept the configurations of the examples.
func TestShippedConfigurations(t *testing.T) {
	for _, module := range []string{"../dist/rust.wasm", "../dist/tinygo-successor.wasm"} {
		wasm, err := os.ReadFile(module)
		if err != nil && os.Getenv("CI") == "" {
			t.Skipf("NO MODULE, SO THIS IS NOT TESTED: %v; run make build", err)
		}
		m := compile(t, wasm)
		for _, name := range []string{"header-check", "response-headers", "token", "basic-auth", "ask-a-service"} {
			config, err := os.ReadFile("../examples/" + name + "/plugin.json")
			if err != nil {
				t.Fatal(err)
			}
			if err := Check(t.Context(), m, config); err != nil {
				t.Errorf("%s, %s: %v", module, name, err)
			}
		}
	}
}
