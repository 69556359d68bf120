package envoy

import (
	"encoding/hex"
	"path/filepath"
	"slices"
	"strings"

	"github.com/header-auth/header-auth/conformance/table"
	"github.com/header-auth/header-auth/envoy/proxy"
	"github.com/header-auth/header-auth/envoy/rewrite"
	"github.com/header-auth/header-auth/host/headermap"
)

// Lua cuts the headers that it sets at a zero byte. In a case that has one, two plugins of ours do instead what lua/
// does to headers that no codec passes. The outer one has the client on its side, the inner one the upstream.

func outerCarrier() []byte {
	return rewrite.Carrier(rewrite.RequestHeaders, rewrite.ResponseHeaders, headermap.Of(":status", "200"))
}

func innerCarrier() []byte {
	kept := append(packedRequest("GET", ""), headermap.Header{Name: "x-forwarded-proto", Value: "http"}) // as inner.lua
	return rewrite.Carrier(rewrite.ResponseHeaders, rewrite.RequestHeaders, kept)
}

// carrier is the filter of one of them.
func (l *lane) carrier(name string) proxy.Filter {
	return proxy.Filter{Module: filepath.Join(l.process.Dir, name+".wasm"), Plugin: name, VM: name}
}

// carries says whether a case has a zero byte in a header of a request or response.
func carries(c *table.Case, good *table.Request) bool {
	if good != nil && hasZero(good) {
		return true
	}
	return slices.ContainsFunc(c.Steps, func(s table.Step) bool { return s.Request != nil && hasZero(s.Request) })
}

func hasZero(r *table.Request) bool {
	return slices.ContainsFunc(slices.Concat(r.Headers, r.Response.Headers), func(h headermap.Header) bool {
		return strings.ContainsRune(h.Name+h.Value, 0)
	})
}

// carry writes headers into one.
func carry(headers []headermap.Header) headermap.Header {
	folded := make([]headermap.Header, len(headers))
	for i, h := range headers {
		folded[i] = headermap.Header{Name: lower(h.Name), Value: h.Value}
	}
	b := make([]byte, max(4, headermap.PairsSize(folded)))
	if len(folded) > 0 {
		headermap.PutPairs(b, folded)
	}
	return headermap.Header{Name: rewrite.CarriedHeader, Value: hex.EncodeToString(b)}
}

// carried gives the headers that one of them carries, or them all if none does.
func carried(headers []headermap.Header) []headermap.Header {
	at := slices.IndexFunc(headers, func(h headermap.Header) bool { return h.Name == rewrite.CarriedHeader })
	if at < 0 {
		return headers
	}
	serialized, _ := hex.DecodeString(headers[at].Value) // our own plugin wrote it
	return pairs(string(serialized))
}

// hostileAnswers says whether a case has a hostile answer to a call.
func hostileAnswers(c *table.Case) bool {
	clusters := slices.Clone(c.Clusters)
	for _, s := range c.Steps {
		if s.Answer != nil && hostile(&s.Answer.Answer) {
			return true
		}
		clusters = append(clusters, s.Clusters...)
	}
	return slices.ContainsFunc(clusters, func(c table.Cluster) bool {
		return slices.ContainsFunc(c.Answers, func(a table.Answer) bool { return hostile(&a) })
	})
}

// hostile says whether an answer has a :status as it must be, and another header that no codec passes.
func hostile(a *table.Answer) bool {
	if a.Kind != table.Answers || a.GRPC || len(a.Headers) == 0 || !plain(a.Headers[:1], status) {
		return false
	}
	return slices.ContainsFunc(a.Headers[1:], func(h headermap.Header) bool {
		return !headermap.ValidName(h.Name) || !headermap.ValidValue(h.Value)
	})
}
