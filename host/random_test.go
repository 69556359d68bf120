package host

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/header-auth/header-auth/host/abi"
	"github.com/header-auth/header-auth/host/profile"
	"github.com/header-auth/header-auth/host/wasmtest"
)

// TestRandomGuests: guests call every host function with random arguments in every callback, and events come in random
// order. Nothing may panic or wait for ever, and no failure may be the host's.
func TestRandomGuests(t *testing.T) {
	rounds := 150
	if testing.Short() {
		rounds = 20
	}
	for seed := range rounds {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			r := rand.New(rand.NewPCG(uint64(seed), 1))
			b := tryStart(t, randomGuest(r), setup{
				options: Options{Deadline: 2 * time.Second, Interpreter: seed%10 == 0},
				vm: VMConfig{Trace: seed%3 == 0, Clusters: clusters, Clock: NewManualClock(time.Unix(0, 0)),
					Log: func(LogLine) {}},
				plugin: PluginConfig{Configuration: []byte("{}"), FailurePolicy: FailurePolicy(r.IntN(4)),
					AllowOnHeadersStopIteration: r.IntN(2) == 0, BufferLimit: 1 << r.IntN(12)},
			})
			for range 40 {
				if b.plugin == nil {
					break
				}
				randomEvents(r, b)
				_ = b.vm.Advance(time.Duration(r.IntN(2000)) * time.Millisecond)
			}
			if b.vm == nil {
				return
			}
			if f := b.vm.Failure(); f != nil && f.Kind == HostFault {
				t.Fatalf("%v\n%s", f, f.Stack)
			}
		})
	}
}

var randomCallbacks = []string{"proxy_on_context_create", start, configure, reqHead, reqBody, reqTrail,
	respHead, respBody, "proxy_on_response_trailers", onLogs, onDones, onDeletes, onTicks, onCall, "proxy_on_queue_ready",
	"proxy_on_grpc_receive", "proxy_on_grpc_close", "proxy_on_grpc_receive_initial_metadata"}

// randomGuest makes a module with a handful of random calls in each callback.
func randomGuest(r *rand.Rand) []byte {
	versions := []abi.Version{abi.V010, abi.V020, abi.V021}
	version := versions[r.IntN(3)]
	g := wasmtest.NewGuest(version.Marker()[len("proxy_abi_version_"):])
	all := functions(profile.Envoy140)
	env, wasi := all["env"], all["wasi_snapshot_preview1"]
	for _, callback := range randomCallbacks {
		for range r.IntN(8) {
			module, f := "env", env[r.IntN(len(env))]
			if r.IntN(6) == 0 {
				module, f = "wasi_snapshot_preview1", wasi[r.IntN(len(wasi))]
			}
			if module == "env" && !f.Versions.Has(version) || f.Name == "path_link" || f.Name == "path_symlink" ||
				f.Name == "proc_raise" {
				continue
			}
			results := "i"
			if f.Result == abi.ResultNone {
				results = ""
			}
			g.CallFrom(module, callback, f.Name, results, randomArgs(r, f)...)
		}
		if r.IntN(40) == 0 {
			g.Do(callback, wasmtest.Unreachable)
		}
		if r.IntN(40) == 0 {
			g.Do(callback, wasmtest.I32(r.IntN(300)), wasmtest.MemoryGrow, wasmtest.Drop)
		}
		if callback != start && callback != configure {
			g.Returns(callback, r.IntN(6))
		}
	}
	if r.IntN(5) == 0 { // an allocator that gives anything
		g.Alloc(wasmtest.I32(int(r.Uint32())))
	}
	return g.Bytes()
}

func randomArgs(r *rand.Rand, f function) []any {
	var list []any
	for _, p := range f.Params {
		switch {
		case p.Kind == abi.KindI64:
			list = append(list, int64(r.Uint64()))
		case p.Kind.Words() == 1 && r.IntN(2) == 0:
			list = append(list, r.IntN(12))
		case p.Kind.Words() == 1:
			list = append(list, randomNumber(r))
		case p.Kind == abi.KindOutBytes || p.Kind == abi.KindOutPairs:
			if r.IntN(4) > 0 {
				list = append(list, wasmtest.Out)
			} else {
				list = append(list, randomNumber(r), randomNumber(r))
			}
		case r.IntN(3) == 0:
			list = append(list, wasmtest.Raw{At: randomNumber(r), Len: randomNumber(r)})
		default:
			words := []string{"", "ready", "empty", "allow", ":status", ":path", "host", "request\x00path", "plugin_name",
				"q", wasmtest.Pairs(":method", "GET", ":path", "/", "host", "a"), wasmtest.Pairs("a", "b", "a", "c"), "\x01"}
			list = append(list, words[r.IntN(len(words))])
		}
	}
	return list
}

func randomNumber(r *rand.Rand) int {
	edges := []int{0, 1, 1024, 65535, 65536, 262143, 262144, 0x7fffffff, 0x80000000, 0xfffffffe, 0xffffffff}
	if r.IntN(2) == 0 {
		return edges[r.IntN(len(edges))]
	}
	return int(r.Uint32())
}

func randomEvents(r *rand.Rand, b *fixture) {
	s := b.plugin.NewStream(StreamConfig{Protocol: Protocol(r.IntN(2)), Raw: r.IntN(2) == 0})
	h := append(get[:len(get):len(get)], Header{Name: "content-type",
		Value: []string{"application/grpc", "a/b"}[r.IntN(2)]})
	for range r.IntN(12) {
		end := r.IntN(3) == 0
		switch r.IntN(10) {
		case 0, 1, 2:
			s.RequestHeaders(h, end)
		case 3:
			s.RequestBody(make([]byte, r.IntN(3000)), end)
		case 4:
			s.RequestTrailers(h[4:])
		case 5:
			s.ResponseHeaders(answered, end)
		case 6:
			s.ResponseBody(make([]byte, r.IntN(3000)), end)
		case 7:
			s.ResponseTrailers(h[4:])
		case 8:
			_ = b.plugin.Tick()
		case 9:
			for _, c := range b.vm.Calls() {
				_ = b.vm.Answer(c.Token, CallAnswer{Headers: answered, Body: []byte("x"), Failure: CallFailure(r.IntN(9))})
			}
			for _, c := range b.vm.GrpcCalls() {
				_ = b.vm.AnswerGrpc(c.Token, GrpcEvent{Kind: GrpcEventKind(r.IntN(5)), Message: []byte("x"), Metadata: answered})
			}
		}
	}
	_, _, _, _ = s.Upstream().Headers(), s.Downstream().Trailers(), s.Reply(), s.Details()
	if r.IntN(3) > 0 {
		s.Close()
		s.Release()
	}
}
