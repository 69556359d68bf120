package host

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/header-auth/header-auth/host/headermap"
	"github.com/header-auth/header-auth/host/wasmtest"
)

// TestReplyHeaders checks the headers of a reply as the client gets them.
func TestReplyHeaders(t *testing.T) {
	grpc, head := Header{Name: "content-type", Value: "application/grpc"}, Header{Name: ":method", Value: "HEAD"}
	tests := []struct {
		name    string
		reply   []any
		request []Header
		want    []Header
	}{
		{"order", args(403, "", "body", wasmtest.Pairs("B", "1", "a", "2", "b", "3"), -1), nil,
			headermap.Of(":status", "403", "b", "1", "a", "2", "b", "3", "content-length", "4", "content-type", "text/plain")},
		{"own content-type and length", args(403, "", "body", wasmtest.Pairs("content-length", "9", "content-type", "a/b",
			"x", "y"), -1), nil, headermap.Of(":status", "403", "content-length", "4", "content-type", "a/b", "x", "y")},
		{"empty content-type", args(403, "", "body", wasmtest.Pairs("content-type", "", "x", "y"), -1), nil,
			headermap.Of(":status", "403", "content-type", "", "x", "y", "content-length", "4")},
		{"empty content-type, then another", args(403, "", "body", wasmtest.Pairs("content-type", "", "content-type", "a/b"),
			-1), nil, headermap.Of(":status", "403", "content-type", "a/b", "content-length", "4")},
		{"empty content-type, no body", args(403, "", "", wasmtest.Pairs("content-type", "", "x", "y"), -1), nil,
			headermap.Of(":status", "403", "x", "y")},
		{"pseudo-headers dropped", args(403, "", "", wasmtest.Pairs(":status", "200", ":x", "y"), -1), nil,
			headermap.Of(":status", "403")},
		{"status cut to 16 bits", args(70000, "", "", "", -1), nil, headermap.Of(":status", "4464")},
		{"status -1", args(-1, "", "", "", -1), nil, headermap.Of(":status", "65535")},
		{"malformed pairs", args(403, "", "", "\x02", -1), nil, headermap.Of(":status", "403")},
		{"line break in a value", args(403, "", "", wasmtest.Pairs("a", "b\r\nc: d"), -1), nil,
			headermap.Of(":status", "403", "a", "b\r\nc: d")},
		{"gRPC", args(403, "", "a%b\n", wasmtest.Pairs("a", "b"), -1), []Header{grpc},
			[]Header{{Name: ":status", Value: "200"}, {Name: "a", Value: "b"}, grpc, {Name: "grpc-status", Value: "7"},
				{Name: "grpc-message", Value: "a%25b%0A"}}},
		{"gRPC, 401", args(401, "", "", "", 17), []Header{grpc},
			[]Header{{Name: ":status", Value: "200"}, grpc, {Name: "grpc-status", Value: "16"}}},
		{"gRPC, 503", args(503, "", "", "", 99), []Header{grpc},
			[]Header{{Name: ":status", Value: "200"}, grpc, {Name: "grpc-status", Value: "14"}}},
		{"gRPC, its own status", args(403, "", "", "", 0), []Header{grpc},
			[]Header{{Name: ":status", Value: "200"}, grpc, {Name: "grpc-status", Value: "0"}}},
		{"gRPC, the body's message", args(403, "", "no", wasmtest.Pairs("grpc-message", "mine", "a", "b"), 7), []Header{grpc},
			[]Header{{Name: ":status", Value: "200"}, {Name: "grpc-message", Value: "no"}, {Name: "a", Value: "b"}, grpc,
				{Name: "grpc-status", Value: "7"}}},
		{"gRPC, a message of its own", args(403, "", "", wasmtest.Pairs("grpc-message", "mine"), 7), []Header{grpc},
			[]Header{{Name: ":status", Value: "200"}, {Name: "grpc-message", Value: "mine"}, grpc,
				{Name: "grpc-status", Value: "7"}}},
		{"gRPC, a pair's status", args(403, "", "no", wasmtest.Pairs("grpc-status", "5"), 7), []Header{grpc},
			[]Header{{Name: ":status", Value: "200"}, {Name: "grpc-status", Value: "5"}, grpc,
				{Name: "grpc-message", Value: "no"}}},
		{"gRPC, a pair's empty status", args(403, "", "no", wasmtest.Pairs("grpc-status", ""), 7), []Header{grpc},
			[]Header{{Name: ":status", Value: "200"}, {Name: "grpc-status", Value: "7"}, grpc,
				{Name: "grpc-message", Value: "no"}}},
		{"gRPC, empty content-type", args(403, "", "no", wasmtest.Pairs("content-type", "", "content-length", "9", "a", "b"),
			7), []Header{grpc}, []Header{{Name: ":status", Value: "200"}, grpc, {Name: "a", Value: "b"},
			{Name: "grpc-status", Value: "7"}, {Name: "grpc-message", Value: "no"}}},
		{"HEAD", args(403, "", "body", "", -1), []Header{head},
			headermap.Of(":status", "403", "content-length", "4", "content-type", "text/plain")},
		{"gRPC, HEAD", args(403, "", "no", "", 7), []Header{head, grpc},
			[]Header{{Name: ":status", Value: "200"}, grpc, {Name: "grpc-status", Value: "7"}}},
		{"gRPC, HEAD, a message of its own", args(403, "", "no", wasmtest.Pairs("grpc-message", "mine"), 7),
			[]Header{head, grpc}, []Header{{Name: ":status", Value: "200"}, {Name: "grpc-message", Value: "mine"}, grpc,
				{Name: "grpc-status", Value: "7"}}},
		{"grpc-web", args(403, "", "", "", 7), headermap.Of("content-type", "application/grpc-web"), headermap.Of(":status",
			"403")},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			g := wasmtest.NewGuest("0_2_1")
			g.Call(reqHead, "proxy_send_local_response", test.reply...)
			b := mustStart(t, g, setup{})
			s := b.plugin.NewStream(StreamConfig{})
			request := slices.Clone(get)
			for _, h := range test.request {
				if i := slices.IndexFunc(get, func(g Header) bool { return g.Name == h.Name }); i >= 0 {
					request[i] = h
				} else {
					request = append(request, h)
				}
			}
			s.RequestHeaders(request, true)
			if diff := cmp.Diff(test.want, s.Downstream().Headers()); diff != "" {
				t.Errorf("headers (-want +got):\n%s", diff)
			}
		})
	}
	t.Run("details", func(t *testing.T) {
		g := wasmtest.NewGuest("0_2_1")
		g.Call(reqHead, "proxy_send_local_response", 403, "a b\nc", "", "", 7)
		s := mustStart(t, g, setup{}).exchange()
		want := &LocalReply{Status: 403, Details: "a_b_c", Headers: []Header{}, GRPCStatus: 7}
		if diff := cmp.Diff(want, s.Reply()); diff != "" || s.Details() != "a_b_c" {
			t.Errorf("reply (-want +got):\n%s", diff)
		}
	})
}
