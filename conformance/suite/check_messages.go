package suite

import (
	"slices"
	"strconv"
	"strings"

	"github.com/header-auth/header-auth/conformance/table"
)

// forwarded compares what the upstream received with what the client sent.
func (k *checker) forwarded(s *table.Step, got *Exchange) {
	wanted := s.Want.Forwarded
	if wanted == nil {
		wanted = s.Request.Headers
	}
	k.headers("forwarded headers", lowered(wanted), got.Upstream.Headers)
	k.equal("forwarded body", renderBody(joined(s.Request.Body)), renderBody(got.Upstream.Body))
	k.headers("forwarded trailers", lowered(s.Request.Trailers), got.Upstream.Trailers)
}

// answered compares what the client received with what the upstream answered.
func (k *checker) answered(s *table.Step, got *Exchange) {
	wanted := s.Want.Response
	if wanted == nil {
		wanted = s.Request.Response.Headers
	}
	k.clientHeaders(lowered(wanted), got.Client.Headers)
	k.equal("client body", renderBody(joined(s.Request.Response.Body)), renderBody(got.Client.Body))
	k.headers("client trailers", lowered(s.Request.Response.Trailers), got.Client.Trailers)
}

// reply compares the local response as the plugin handed it to the host.
func (k *checker) reply(s *table.Step, got *Exchange) {
	wanted := s.Want.Reply
	if wanted == nil || got.Reply == nil {
		k.equal("local reply", "one", presence(got.Reply))
		return
	}
	k.equal("reply status", strconv.Itoa(wanted.Status), strconv.Itoa(got.Reply.Status))
	k.headers("reply headers", converted(wanted.Headers), got.Reply.Headers)
	k.equal("reply body", renderBody(wanted.Body), renderBody(got.Reply.Body))
	if wanted.Details != "" {
		k.equal("reply details", quote(wanted.Details), quote(got.Reply.Details))
	}
	if wanted.GRPCStatus != nil {
		k.equal("reply grpc-status", strconv.Itoa(*wanted.GRPCStatus), strconv.Itoa(got.Reply.GRPCStatus))
	}
}

func presence(r *Reply) string {
	if r == nil {
		return "none"
	}
	return "one"
}

// refused compares what the client received with the local response, as Envoy hands it on: a gRPC client gets 200
// and the status in a header, and no body; the answer to HEAD has none either.
func (k *checker) refused(s *table.Step, got *Exchange) {
	reply := s.Want.Reply
	if reply == nil {
		return
	}
	status, body := reply.Status, reply.Body
	if isGRPC(s.Request) {
		status, body = 200, ""
		if reply.GRPCStatus != nil {
			k.equal("client grpc-status", strconv.Itoa(*reply.GRPCStatus), valueOf(got.Client.Headers, "grpc-status"))
		}
	}
	if slices.Contains(s.Request.Headers, table.Header{Name: ":method", Value: "HEAD"}) {
		body = ""
	}
	wanted := s.Want.Response
	if wanted == nil {
		wanted = append([]table.Header{{Name: ":status", Value: strconv.Itoa(status)}}, reply.Headers...)
		wanted = slices.DeleteFunc(wanted, func(h table.Header) bool { return hostOwned(h.Name) || h.Name == "" })
	}
	k.clientHeaders(lowered(wanted), got.Client.Headers)
	k.equal("client body", renderBody(body), renderBody(got.Client.Body))
}

// clientHeaders compares response headers, without those the host sets of its own accord unless the case names them.
func (k *checker) clientHeaders(wanted, got []Header) {
	named := func(name string) bool {
		return slices.ContainsFunc(wanted, func(h Header) bool { return h.Name == name })
	}
	kept := slices.DeleteFunc(slices.Clone(got), func(h Header) bool { return hostOwned(h.Name) && !named(h.Name) })
	k.headers("client headers", wanted, kept)
}

// hostOwned are the response headers Envoy adds to or corrects in a local response.
func hostOwned(name string) bool {
	switch strings.ToLower(name) {
	case "content-length", "content-type", "grpc-status", "grpc-message", "date", "server", "connection", "transfer-encoding":
		return true
	}
	return false
}

func isGRPC(r *table.Request) bool {
	for _, h := range r.Headers {
		if strings.EqualFold(h.Name, "content-type") {
			return h.Value == "application/grpc" || strings.HasPrefix(h.Value, "application/grpc+")
		}
	}
	return false
}

func valueOf(headers []Header, name string) string {
	for _, h := range headers {
		if h.Name == name {
			return h.Value
		}
	}
	return ""
}

func converted(headers []table.Header) []Header {
	out := make([]Header, len(headers))
	for i, h := range headers {
		out[i] = Header(h)
	}
	return out
}

// lowered are the pairs as a header map holds them: Envoy folds names to lower case, ASCII letters only.
func lowered(headers []table.Header) []Header {
	out := converted(headers)
	for i := range out {
		out[i].Name = lowerASCII(out[i].Name)
	}
	return out
}

func lowerASCII(s string) string {
	b := []byte(s)
	for i, c := range b {
		if 'A' <= c && c <= 'Z' {
			b[i] = c + 'a' - 'A'
		}
	}
	return string(b)
}

func joined(chunks [][]byte) string {
	var b strings.Builder
	for _, c := range chunks {
		b.Write(c)
	}
	return b.String()
}
