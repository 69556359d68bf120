package redteam

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"maps"
	"slices"

	wasm "github.com/header-auth/header-auth/host/wasmtest"
)

// more are the host functions that Random does not call, with their parameters.
var more = map[string]string{
	"proxy_get_header_map_pairs": "iii", "proxy_set_header_map_pairs": "iii", "proxy_replace_header_map_value": "iiiii",
	"proxy_remove_header_map_value": "iii", "proxy_get_buffer_bytes": "iiiii", "proxy_resolve_shared_queue": "iiiii",
	"proxy_get_shared_data": "iiiii", "proxy_get_property": "iiii", "proxy_call_foreign_function": "iiiiii",
	"proxy_grpc_call": "iiiiiiiiiiii", "proxy_grpc_stream": "iiiiiiiii", "proxy_grpc_send": "iiii",
	"proxy_continue_stream": "i", "proxy_close_stream": "i", "proxy_dequeue_shared_queue": "iii",
}

// Where a module that calls the host has its texts.
const (
	clusterText = 1100 // asks, which the tables of the tests have
	pairsText   = 1200 // headers of an HTTP call
	wildPairs   = 1300 // headers whose number is larger than any memory
	foreignText = 1400 // the name of a foreign function, without its end
	bombText    = 8192 // a small stream that becomes a huge one
)

// callOut makes an HTTP call to the cluster of the tests.
func (g *guest) callOut() wasm.Code {
	return g.call("proxy_http_call", ints(clusterText, 4, pairsText, len(httpPairs), 0, 0, 0, 0, 1000, counter))
}

var httpPairs = pairs(":method", "GET", ":path", "/", ":authority", "asks")

// pairs are headers as the host reads them.
func pairs(texts ...string) string {
	out := binary.LittleEndian.AppendUint32(nil, uint32(len(texts)/2))
	for _, t := range texts {
		out = binary.LittleEndian.AppendUint32(out, uint32(len(t)))
	}
	for _, t := range texts {
		out = append(append(out, t...), 0)
	}
	return string(out)
}

// zeros are so many of them, as a zlib stream.
func zeros(n int) string {
	var out bytes.Buffer
	w, _ := zlib.NewWriterLevel(&out, zlib.BestCompression)
	_, _ = w.Write(make([]byte, n)) // into memory
	_ = w.Close()
	return out.String()
}

func (g *guest) texts() {
	g.Data(clusterText, "asks")
	g.Data(pairsText, httpPairs)
	g.Data(wildPairs, "\xff\xff\xff\xff\x01\x00\x00\x00")
	g.Data(foreignText, "uncompress")
}

// onceMore is a kind that goes on in a callback that the host makes because of the last one.
func onceMore(name, callback, params string, again func(g *guest) wasm.Code) Kind {
	return Kind{Name: name, Harm: Grows, calls: true, also: func(g *guest) {
		g.Func(callback, params, "", 0, again(g))
	}, write: func(g *guest) uint32 {
		g.texts()
		return g.Func("", "", "", 0, again(g))
	}}
}

// hostKinds ill-treat the host by its functions.
func hostKinds() []Kind {
	all := []Kind{
		onceMore("answers that call again", "proxy_on_http_call_response", "iiiii", (*guest).callOut),
		onceMore("answers that call twice again", "proxy_on_http_call_response", "iiiii",
			func(g *guest) wasm.Code { return wasm.Join(g.callOut(), g.callOut()) }),
		onceMore("a queue that fills itself", "proxy_on_queue_ready", "ii", func(g *guest) wasm.Code {
			return wasm.Join(g.call("proxy_register_shared_queue", ints(clusterText, 4, counter)),
				g.call("proxy_enqueue_shared_queue", wasm.I32(counter), wasm.Load(0), wasm.I32(0), wasm.I32(60_000)))
		}),
		{Name: "wild pairs", Harm: Grows, calls: true, write: func(g *guest) uint32 {
			g.texts()
			wild := ints(wildPairs, 60_000)
			return g.Func("", "", "", 0, wasm.Loop, g.call("proxy_set_header_map_pairs", wasm.I32(0), wild),
				g.call("proxy_http_call", ints(clusterText, 4), wild, ints(0, 0), wild, ints(1000, counter)),
				wasm.Br(0), wasm.End)
		}},
		{Name: "a log of whole memories", Harm: Grows, calls: true, write: func(g *guest) uint32 {
			return g.Func("", "", "", 0, grown, repeat(5000, g.call("proxy_log", wasm.I32(2), wasm.I32(0), everything)))
		}},
		{Name: "overlapping output", Harm: Grows, calls: true, wasi: true, write: func(g *guest) uint32 {
			// As many buffers as there is room for. Once all of memory is ones, each of them has 16 MB.
			return g.Func("", "", "", 0, grown, wasm.Loop, ints(1, 0, 3990<<13, counter), wasm.Call(g.index["fd_write"]),
				wasm.Drop, wasm.I32(0), wasm.I32(1), everything, memoryFill, wasm.Br(0), wasm.End)
		}},
		{Name: "a small stream that becomes huge", Harm: Grows, calls: true, write: func(g *guest) uint32 {
			g.texts()
			bomb := zeros(100 << 20)
			g.Data(bombText, bomb)
			uncompress := g.call("proxy_call_foreign_function", ints(foreignText, 10, bombText, len(bomb), 0, 0))
			return g.Func("", "", "", 0, wasm.Loop, uncompress, wasm.Br(0), wasm.End)
		}},
		{Name: "compression", Harm: Hangs, calls: true, write: func(g *guest) uint32 {
			g.texts()
			compress := g.call("proxy_call_foreign_function", ints(foreignText+2, 8, 0), everything, ints(0, 0))
			return g.Func("", "", "", 0, grown, repeat(5000, compress))
		}},
		{Name: "endless effective contexts", Harm: Hangs, calls: true, write: func(g *guest) uint32 {
			return g.Func("", "", "", 0, wasm.Loop, g.call("proxy_set_tick_period_milliseconds", wasm.I32(1)),
				g.call("proxy_continue_stream", wasm.I32(0)), g.call("proxy_close_stream", wasm.I32(2)), wasm.Br(0), wasm.End)
		}},
	}
	// Each function with all of memory in each of its ranges, thousands of times and without a loop.
	functions := maps.Clone(more)
	maps.Copy(functions, imports)
	for _, name := range slices.Sorted(maps.Keys(functions)) {
		all = append(all, Kind{Name: "all of memory in " + name, Harm: Heavy, calls: true, write: func(g *guest) uint32 {
			var args wasm.Code
			for i := range functions[name] { // addresses and lengths take turns, as a kind or a number may come first
				arg := wasm.I32(0)
				if (i+len(functions[name]))%2 == 1 {
					arg = everything
				}
				args = append(args, arg...)
			}
			return g.Func("", "", "", 0, grown, repeat(2000, g.call(name, args)))
		}})
	}
	for i := range all {
		all[i].once = true
	}
	return all
}
