package host

import (
	"bytes"
	"compress/zlib"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/pem"
	"io"
	"strings"
	"testing"

	"google.golang.org/protobuf/encoding/protowire"

	"github.com/header-auth/header-auth/host/abi"
	"github.com/header-auth/header-auth/host/profile"
	"github.com/header-auth/header-auth/host/wasmtest"
)

// field is a field of a protobuf message, text or a number.
func field(n protowire.Number, v any) string {
	if s, ok := v.(string); ok {
		return string(protowire.AppendString(protowire.AppendTag(nil, n, protowire.BytesType), s))
	}
	return string(protowire.AppendVarint(protowire.AppendTag(nil, n, protowire.VarintType), uint64(v.(int))))
}

func zlibOf(text string) string {
	var b bytes.Buffer
	w := zlib.NewWriter(&b)
	io.WriteString(w, text)
	w.Close()
	return b.String()
}

// foreign calls a foreign function with a request's headers.
func foreign(t *testing.T, p profile.Profile, name, argument string) (abi.Status, string) {
	t.Helper()
	g := wasmtest.NewGuest("0_2_1")
	g.Data(20<<10, argument) // an argument may be long
	call := g.Call(reqHead, "proxy_call_foreign_function", name, wasmtest.Raw{At: 20 << 10, Len: len(argument)}, out)
	b := mustStart(t, g, setup{options: Options{Profile: p}})
	b.exchange()
	if err := b.vm.Failure(); err != nil {
		t.Fatal(err)
	}
	return b.status(call), b.output(call)
}

// TestForeignFunctions has what Envoy 1.40, 1.37 and 1.36 gave.
func TestForeignFunctions(t *testing.T) {
	const bad, no, serialization = abi.StatusBadArgument, abi.StatusNotFound, abi.StatusSerializationFailure
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	curveKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	_, edwards, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der := func(b []byte, err error) string {
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	public, curvePublic := der(x509.MarshalPKIXPublicKey(&key.PublicKey)),
		der(x509.MarshalPKIXPublicKey(&curveKey.PublicKey))
	edwardsPublic := der(x509.MarshalPKIXPublicKey(edwards.Public()))
	private, edwardsPrivate := der(x509.MarshalPKCS8PrivateKey(key)), der(x509.MarshalPKCS8PrivateKey(edwards))
	oldPrivate := string(x509.MarshalPKCS1PrivateKey(key))
	inPEM := func(kind, der string) string {
		return string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: []byte(der)}))
	}
	sum := sha256.Sum256([]byte("text"))
	signature := der(rsa.SignPKCS1v15(nil, key, crypto.SHA256, sum[:]))
	curveSignature := der(ecdsa.SignASN1(rand.Reader, curveKey, sum[:]))
	verifying := func(hash, key, signature, text string, more ...string) string {
		return field(1, hash) + field(2, key) + field(3, signature) + field(4, text) + strings.Join(more, "")
	}
	signing := func(hash, key string, more ...string) string {
		return field(1, hash) + field(2, key) + field(3, "text") + strings.Join(more, "")
	}
	const verified, failed, uninitialized = "\b\x01", "\x12&Failed to verify digest. Error code: 0",
		"\x12#Failed to initialize digest verify."
	const noKey = "\x1a=Invalid key type: private key required for signing operation."
	signed := "\b\x01\x12\x80\x02" + signature
	tests := []struct {
		name, function, argument string
		status                   abi.Status
		result                   string
		at                       profile.Profile
	}{
		{name: "unknown", function: "resolve_dns", status: no},
		{name: "without a language", function: "expr_create", argument: "1", status: no},
		{name: "clear_route_cache", function: "clear_route_cache"},
		{name: "clear_route_cache in Envoy 1.32", function: "clear_route_cache", status: no, at: profile.Envoy132},
		{name: "uncompress", function: "uncompress", argument: zlibOf("hello hello hello"), result: "hello hello hello"},
		{name: "uncompress much", function: "uncompress", argument: zlibOf(strings.Repeat("a", 3000)),
			result: strings.Repeat("a", 3000)},
		{name: "uncompress with more behind", function: "uncompress", argument: zlibOf("abc") + "xx", result: "abc"},
		{name: "uncompress to nothing", function: "uncompress", argument: zlibOf("")},
		{name: "uncompress no stream", function: "uncompress", argument: "abc", status: serialization},
		{name: "uncompress half a stream", function: "uncompress", argument: zlibOf("hello")[:8], status: serialization},
		{name: "uncompress nothing", function: "uncompress", status: serialization},
		{name: "verify", function: "verify_signature", argument: verifying("sha256", public, signature, "text"),
			result: verified},
		{name: "verify, hash in capitals", function: "verify_signature", argument: verifying("SHA256", public, signature,
			"text"), result: verified},
		{name: "verify another text", function: "verify_signature", argument: verifying("sha256", public, signature, "text2"),
			result: failed},
		{name: "verify with another hash", function: "verify_signature",
			argument: verifying("sha1", public, signature, "text"), result: failed},
		{name: "verify no signature", function: "verify_signature", argument: verifying("sha256", public, "x", "text"),
			result: failed},
		{name: "verify with md5", function: "verify_signature", argument: verifying("md5", public, signature, "text"),
			result: "\x12\x15md5 is not supported."},
		{name: "verify with no key's bytes", function: "verify_signature", argument: verifying("sha256", "xx", signature,
			"text"), result: uninitialized},
		{name: "verify without a key", function: "verify_signature", argument: verifying("sha256", "", signature, "text"),
			status: bad},
		{name: "verify without a key in Envoy 1.36", function: "verify_signature",
			argument: verifying("sha256", "", signature, "text"), result: uninitialized, at: profile.Envoy136},
		{name: "verify with two keys", function: "verify_signature", argument: verifying("sha256", public, signature, "text",
			field(5, inPEM("PUBLIC KEY", public))), status: bad},
		{name: "verify with a key in PEM", function: "verify_signature", argument: verifying("sha256", "", signature, "text",
			field(5, inPEM("PUBLIC KEY", public))), result: verified},
		{name: "verify with bad PEM", function: "verify_signature",
			argument: verifying("sha256", "", signature, "text", field(5, "abc")), result: uninitialized},
		{name: "verify with more behind the key", function: "verify_signature",
			argument: verifying("sha256", public+"x", signature, "text"), result: verified},
		{name: "verify ECDSA", function: "verify_signature", argument: verifying("sha256", curvePublic, curveSignature,
			"text"), result: verified},
		{name: "verify ECDSA of another text", function: "verify_signature",
			argument: verifying("sha256", curvePublic, curveSignature, "text2"), result: failed},
		{name: "verify Ed25519", function: "verify_signature", argument: verifying("sha256", edwardsPublic, "x", "text"),
			result: uninitialized},
		{name: "verify no message", function: "verify_signature", argument: "\xff", status: bad},
		{name: "verify nothing", function: "verify_signature", status: bad},
		{name: "verify nothing in Envoy 1.36", function: "verify_signature", result: "\x12\x12 is not supported.",
			at: profile.Envoy136},
		{name: "sign", function: "sign", argument: signing("sha256", private), result: signed},
		{name: "sign in Envoy 1.36", function: "sign", argument: signing("sha256", private), status: no,
			at: profile.Envoy136},
		{name: "sign with a key in PEM", function: "sign", argument: signing("sha256", "",
			field(4, inPEM("PRIVATE KEY", private))), result: signed},
		{name: "sign with an old key in PEM", function: "sign",
			argument: signing("sha256", "", field(4, inPEM("RSA PRIVATE KEY", oldPrivate))), result: signed},
		{name: "sign with an old key", function: "sign", argument: signing("sha256", oldPrivate), result: noKey},
		{name: "sign with no key's bytes", function: "sign", argument: signing("sha256", "xx"), result: noKey},
		{name: "sign with Ed25519", function: "sign", argument: signing("sha256", edwardsPrivate),
			result: "\x1a8Invalid private key: key data is corrupted or malformed."},
		{name: "sign with md5", function: "sign", argument: signing("md5", private), result: "\x1a\x15md5 is not supported."},
		{name: "sign without a key", function: "sign", argument: signing("sha256", ""), status: bad},
		{name: "sign with two keys", function: "sign", argument: signing("sha256", private,
			field(4, inPEM("PRIVATE KEY", private))), status: bad},
		{name: "sign no message", function: "sign", argument: "\xff", status: bad},
		{name: "declare", function: "declare_property", argument: field(1, "p") + field(3, 9)},
		{name: "declare, no text", function: "declare_property", argument: field(1, "\xff"), status: bad},
		{name: "set no message", function: "set_envoy_filter_state", argument: "\xff", status: bad},
		{name: "set nothing", function: "set_envoy_filter_state", status: no},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			status, result := foreign(t, test.at, test.function, test.argument)
			if status != test.status || result != test.result {
				t.Errorf("got %v %q, want %v %q", status, result, test.status, test.result)
			}
		})
	}
	status, result := foreign(t, profile.Default, "sign", signing("sha256", der(x509.MarshalPKCS8PrivateKey(curveKey))))
	if status != abi.StatusOk || !strings.HasPrefix(result, "\b\x01\x12") ||
		!ecdsa.VerifyASN1(&curveKey.PublicKey, sum[:], []byte(result[4:])) {
		t.Errorf("sign by ECDSA: got %v %q", status, result)
	}
	status, result = foreign(t, profile.Default, "compress", "hello hello hello")
	r, err := zlib.NewReader(strings.NewReader(result))
	if err != nil {
		t.Fatalf("compress: %v, %v", status, err)
	}
	if text, err := io.ReadAll(r); status != abi.StatusOk || err != nil || string(text) != "hello hello hello" {
		t.Errorf("compress: got %v, %q, %v", status, text, err)
	}
}

// TestForeignResults: the out words, and an allocator that gives nothing.
func TestForeignResults(t *testing.T) {
	const words = 900
	g := wasmtest.NewGuest("0_2_1")
	g.Do(reqHead, wasmtest.I32(words), wasmtest.I32(77), wasmtest.Store(0), wasmtest.I32(words), wasmtest.I32(77),
		wasmtest.Store(4))
	g.Call(reqHead, "proxy_call_foreign_function", "uncompress", "bad", words, words+4)
	none := g.Call(reqHead, "proxy_call_foreign_function", "compress", "abc", 0, 0)
	nowhere := g.Call(reqHead, "proxy_call_foreign_function", "compress", "abc", beyond, 0)
	b := mustStart(t, g, setup{})
	b.exchange()
	for _, at := range []uint32{words, words + 4} {
		if got, _ := b.vm.memory.ReadUint32Le(at); got != 0 {
			t.Errorf("a function that fails wrote %d", got)
		}
	}
	if b.status(none) != abi.StatusOk || b.status(nowhere) != abi.StatusInvalidMemoryAccess {
		t.Errorf("without out words %v, outside memory %v", b.status(none), b.status(nowhere))
	}

	g = wasmtest.NewGuest("0_2_1")
	g.Alloc(wasmtest.I32(0))
	g.Call(reqHead, "proxy_call_foreign_function", "compress", "abc", out)
	b = mustStart(t, g, setup{})
	b.exchange()
	if f := b.vm.Failure(); f == nil || f.Kind != WouldCrashEnvoy {
		t.Errorf("got %v", f)
	}
}

// TestEnvoyFilterState has what Envoy 1.40 made of these values: the status, and the property filter_state.PATH.
func TestEnvoyFilterState(t *testing.T) {
	const bad, no = abi.StatusBadArgument, abi.StatusNotFound
	for _, test := range []struct {
		path, value string
		status      abi.Status
		shown       string // "": NotFound
		at          profile.Profile
	}{
		{"nosuch", "val", no, "", 0},
		{"envoy.string", "val", 0, `"val"`, 0},
		{"envoy.string", "", 0, `""`, 0},
		{"envoy.hashable_string", "val", 0, `"val"`, 0},
		{"envoy.hashable_string", "val", no, "", profile.Envoy137},
		{"envoy.bool", "yes", 0, `"true"`, 0},
		{"envoy.bool", "0", 0, `"false"`, 0},
		{"envoy.bool", "val", bad, "", 0},
		{"envoy.bool", "true", no, "", profile.Envoy139},
		{"envoy.network.ip", "1.2.3.4", 0, `"1.2.3.4:0"`, 0},
		{"envoy.network.ip", "::1", 0, `"[::1]:0"`, 0},
		{"envoy.network.ip", "1.2.3.4:80", bad, "", 0},
		{"envoy.network.application_protocols", "val", 0, "", 0},
		{"envoy.network.upstream_subject_alt_names", "a,b", 0, `"a,b"`, 0},
		{"envoy.network.upstream_subject_alt_names", "a,b", 0, "", profile.Envoy137},
		{"envoy.network.network_namespace", "val", no, "", profile.Envoy136},
		{"envoy.network.transport_socket.original_dst_address", "1.2.3.4:80", 0, `"\x00\x00\x00\x00"`, 0},
		{"envoy.filters.listener.original_dst.local_ip", "1.2.3.4", bad, "", 0},
		{"envoy.network.transport_socket.http_11_proxy.info", "a,1.2.3.4:80", 0, "", 0},
		{"envoy.network.transport_socket.http_11_proxy.info", "val", bad, "", 0},
		{"envoy.ratelimit.hits_addend", " 7", 0, `"7"`, 0},
		{"envoy.ratelimit.hits_addend", "-1", bad, "", 0},
		{"envoy.ratelimit.hits_addend", "99999999999", bad, "", 0},
		{"envoy.tcp_proxy.disable_tunneling", "val", 0, `"false"`, 0},
		{"envoy.tcp_proxy.disable_tunneling", "true", 0, `"true"`, 0},
		{"envoy.tcp_proxy.per_connection_idle_timeout_ms", "1000", 0, `"1000"`, 0},
		{"envoy.upstream.dynamic_port", "70000", 0, `"70000"`, 0},
		{"envoy.upstream.dynamic_port", "val", bad, "", 0},
		{"envoy.router.debug_config", "val", 0, "", 0},
	} {
		g := wasmtest.NewGuest("0_2_1")
		set := g.Call(reqHead, "proxy_call_foreign_function", "set_envoy_filter_state",
			field(1, test.path)+field(2, test.value), out)
		inRoot := g.Call(start, "proxy_call_foreign_function", "set_envoy_filter_state",
			field(1, test.path)+field(2, test.value), out)
		// Another life span: the value stays.
		g.Call(reqHead, "proxy_call_foreign_function", "set_envoy_filter_state", field(1, test.path)+field(2, "1")+
			field(3, 2), out)
		get := g.Call(reqHead, "proxy_get_property", "filter_state\x00"+test.path, out)
		b := mustStart(t, g, setup{options: Options{Profile: test.at}})
		b.exchange()
		shown := test.shown
		if shown == "" {
			shown = "NotFound"
		}
		got := b.shown(get)
		if b.status(set) != test.status || got != shown && test.status == abi.StatusOk {
			t.Errorf("%s = %q: got %v and %s, want %v and %s", test.path, test.value, b.status(set), got, test.status, shown)
		}
		if want := max(test.status, no); b.status(inRoot) != want && b.status(inRoot) != bad {
			t.Errorf("%s in a root context: got %v", test.path, b.status(inRoot))
		}
	}
}

// TestDeclareProperty has what Envoy 1.40 did with properties of each kind.
func TestDeclareProperty(t *testing.T) {
	first, second := "\n\b\n\x01k\x12\x03\x1a\x01v", "\n\t\n\x01k\x12\x04\x1a\x02v2" // {"k": "v"}, {"k": "v2"}
	for _, test := range []struct {
		name, declared           string
		again                    abi.Status
		value, key, state, inKey string
	}{
		{"text", field(3, 1), abi.StatusOk, second, "", second, ""},
		{"once", field(2, 1), abi.StatusBadArgument, first, "", first, ""},
		{"message", field(3, 3) + field(4, structType), abi.StatusOk, second, "v2",
			"\x01\x00\x00\x00\x01\x00\x00\x00\x02\x00\x00\x00k\x00v2\x00", "v2"},
		{"kind 9", field(3, 9), abi.StatusOk, second, "", second, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			g := wasmtest.NewGuest("0_2_1")
			declare := func(in string) int {
				return g.Call(in, "proxy_call_foreign_function", "declare_property", field(1, "p")+test.declared, out)
			}
			declared, twice, inStream := declare(configure), declare(configure), declare(reqHead)
			set := g.Call(reqHead, "proxy_set_property", "p", first)
			again := g.Call(reqHead, "proxy_set_property", "p", second)
			var got []int
			for _, path := range []string{"p", "p\x00k", "filter_state\x00wasm.p", "filter_state\x00wasm.p\x00k"} {
				got = append(got, g.Call(reqHead, "proxy_get_property", path, out))
			}
			b := mustStart(t, g, setup{})
			b.exchange()
			for call, want := range map[int]abi.Status{declared: abi.StatusOk, twice: abi.StatusBadArgument,
				inStream: abi.StatusOk, set: abi.StatusOk, again: test.again} {
				if b.status(call) != want {
					t.Errorf("call %d: got %v, want %v", call, b.status(call), want)
				}
			}
			for i, want := range []string{test.value, test.key, test.state, test.inKey} {
				status := abi.StatusOk
				if want == "" {
					status = abi.StatusNotFound
				}
				if b.status(got[i]) != status || status == abi.StatusOk && b.output(got[i]) != want {
					t.Errorf("property %d: got %v %q, want %q", i, b.status(got[i]), b.output(got[i]), want)
				}
			}
		})
	}
}
