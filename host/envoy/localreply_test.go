package envoy

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/header-auth/header-auth/host/headermap"
)

func TestCompose(t *testing.T) {
	tests := []struct {
		name       string
		reply      LocalReply
		grpc, head bool
		want       []headermap.Header
		end        bool
	}{
		{"body", LocalReply{Status: 403, Body: []byte("no")}, false, false,
			headermap.Of(":status", "403", "content-length", "2", "content-type", "text/plain"), false},
		{"body to HEAD", LocalReply{Status: 403, Body: []byte("no")}, false, true,
			headermap.Of(":status", "403", "content-length", "2", "content-type", "text/plain"), true},
		{"no body", LocalReply{Status: 401, Headers: headermap.Of("content-type", "a/b", "content-length", "9", "x", "1")},
			false, false, headermap.Of(":status", "401", "x", "1"), true},
		{"headers", LocalReply{Status: 200, Body: []byte("no"), Headers: headermap.Of(":status", "500", "content-type", "",
			"x", "1", "x", "2")},
			false, false, headermap.Of(":status", "200", "content-type", "", "x", "1", "x", "2", "content-length", "2"), false},
		{"gRPC", LocalReply{Status: 403, GRPCStatus: -1, Body: []byte("50 %\n")}, true, false,
			headermap.Of(":status", "200", "content-type", "application/grpc", "grpc-status", "7", "grpc-message", "50 %25%0A"),
			true},
		{"gRPC with a status", LocalReply{Status: 403, GRPCStatus: 16}, true, false,
			headermap.Of(":status", "200", "content-type", "application/grpc", "grpc-status", "16"), true},
		{"gRPC to HEAD", LocalReply{Status: 418, GRPCStatus: 17, Body: []byte("no")}, true, true,
			headermap.Of(":status", "200", "content-type", "application/grpc", "grpc-status", "2"), true},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			m := headermap.Map{Entries: headermap.Of("left", "over")}
			end := test.reply.Compose(&m, test.grpc, test.head)
			if diff := cmp.Diff(test.want, m.Entries); diff != "" || end != test.end {
				t.Errorf("end %v, want %v; headers (-want +got):\n%s", end, test.end, diff)
			}
		})
	}
}
