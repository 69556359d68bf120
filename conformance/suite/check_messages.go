package suite

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"github.com/header-auth/header-auth/conformance/table"
	"github.com/header-auth/header-auth/host/headermap"
)

// forwarded compares what the upstream received with what the client has sent.
func (k *checker) forwarded(p *Progress, w *table.Want, got *Exchange) {
	if w.ForwardedPartial != nil {
		k.headersAre("forwarded headers", w.ForwardedPartial, p.Request.Headers, got.Upstream.Headers)
	} else {
		wanted := w.Forwarded
		if wanted == nil {
			wanted = p.Request.Headers
		}
		k.headers("forwarded headers", edited(lowered(wanted), w.ForwardedEdit), got.Upstream.Headers)
	}
	body, trailers := "", []headermap.Header(nil)
	if p.Uploaded {
		body, trailers = joined(p.Request.Body), p.Request.Trailers
	}
	if w.Decision == table.Replace && !got.Upstream.Ended && w.ForwardedBody == nil {
		body = got.Upstream.Body // the answer has cut it off
	}
	k.body("forwarded body", w.ForwardedBody, body, got.Upstream.Body)
	k.trailers("forwarded trailers", w.ForwardedTrailers, trailers, got.Upstream.Trailers)
	k.framing("forwarded framing", upstreamWaits, p.Request.Headers, joined(p.Request.Body), &got.Upstream, false)
}

// answered compares what the client received with what the upstream answered.
func (k *checker) answered(p *Progress, w *table.Want, got *Exchange) {
	if w.ResponseIs == table.Failed {
		k.failed(p, got)
		return
	}
	said := w.Response != nil || w.ResponseEdit != nil || w.ResponsePartial != nil || w.ResponseBody != nil ||
		w.ResponseIs == table.Cut ||
		w.ResponseIs == table.UpstreamFailed
	if w.ResponseIs == table.NoResponse || !p.Responded && !said {
		k.equal("client headers", "", renderHeaders(got.Client.Headers))
		return
	}
	sent, body, wantedBody := p.Request.Response.Headers, joined(p.Request.Response.Body), w.ResponseBody
	headers, text := EnvoyAnswer(p.Request)
	broken := text != nil && sent != nil && w.ResponseIs != table.UpstreamFailed
	if text != nil && !broken {
		sent, wantedBody = headers, cmp.Or(wantedBody, text)
	}
	if w.ResponsePartial != nil {
		k.headersAre("client headers", w.ResponsePartial, sent, got.Client.Headers)
	} else {
		wanted := w.Response
		if wanted == nil {
			wanted = sent
		}
		k.clientHeaders(edited(lowered(wanted), w.ResponseEdit), got.Client.Headers)
	}
	if w.ResponseIs == table.Cut && !broken {
		k.equal("client end", "cut off", ending(&got.Client))
		return
	}
	if isHEAD(p.Request) {
		body = ""
	}
	k.body("client body", wantedBody, body, got.Client.Body)
	k.trailers("client trailers", w.ResponseTrailers, p.Request.Response.Trailers, got.Client.Trailers)
	if broken {
		k.equal("client end", "cut off", ending(&got.Client))
		return
	}
	k.equal("client end", "complete", ending(&got.Client))
	k.framing("client framing", clientWaits, p.Request.Response.Headers, joined(p.Request.Response.Body), &got.Client,
		isHEAD(p.Request))
}

// failed compares what the client received with Envoy's own answer for a dead VM.
func (k *checker) failed(p *Progress, got *Exchange) {
	status := "503"
	if isGRPC(p.Request) {
		status = "200"
		k.equal("client grpc-status", "14", valueOf(got.Client.Headers, "grpc-status"))
	}
	k.clientHeaders(headermap.Of(":status", status), got.Client.Headers)
	k.equal("client body", "", renderBody(got.Client.Body))
	k.equal("client end", "complete", ending(&got.Client))
}

// reply compares the local response as the plugin gave it to the host.
func (k *checker) reply(w *table.Want, got *Exchange) {
	wanted := w.Reply
	if w.AnyReply {
		wanted = &table.Reply{Partial: anyReply}
	}
	if wanted == nil || got.Reply == nil {
		k.equal("local reply", "one", presence(got.Reply))
		return
	}
	partial := cmp.Or(wanted.Partial, &table.PartialReply{})
	if !partial.AnyStatus {
		k.equal("reply status", strconv.Itoa(wanted.Status), strconv.Itoa(got.Reply.Status))
	}
	if partial.Headers != nil {
		k.headersAre("reply headers", partial.Headers, nil, got.Reply.Headers)
	} else {
		k.headers("reply headers", wanted.Headers, got.Reply.Headers)
	}
	k.body("reply body", partial.Body, wanted.Body, got.Reply.Body)
	if wanted.GRPCStatus != nil {
		k.equal("reply grpc-status", strconv.Itoa(*wanted.GRPCStatus), strconv.Itoa(*got.Reply.GRPCStatus))
	}
	if p := partial.Details; p != nil && !p.Match(got.Reply.Details) {
		k.differ("reply details", p.String(), quote(got.Reply.Details))
	}
	if wanted.Details != "" {
		k.equal("reply details", quote(wanted.Details), quote(got.Reply.Details))
	}
}

func presence(r *table.Reply) string {
	if r == nil {
		return "none"
	}
	return "one"
}

// refused compares what the client received with the local response as Envoy sends it: a gRPC client gets 200, the
// status in a header and no body; the answer to HEAD has no body either.
func (k *checker) refused(p *Progress, w *table.Want, got *Exchange) {
	reply := w.Reply
	if w.AnyReply {
		reply = &table.Reply{Partial: anyReply}
	}
	if reply == nil {
		return
	}
	if w.ResponseIs == table.Failed || w.ResponseIs == table.NoResponse {
		k.answered(p, w, got)
		return
	}
	status, body := reply.Status, reply.Body
	// of what does not matter, what the plugin gave; reply has compared it
	if p := reply.Partial; p != nil && got.Reply != nil {
		status, body = got.Reply.Status, got.Reply.Body
		reply = &table.Reply{Status: status, Headers: got.Reply.Headers, Body: body, GRPCStatus: reply.GRPCStatus,
			Details: reply.Details}
	}
	if isGRPC(p.Request) {
		status, body = 200, ""
		if reply.GRPCStatus != nil {
			k.equal("client grpc-status", strconv.Itoa(*reply.GRPCStatus), valueOf(got.Client.Headers, "grpc-status"))
		}
	}
	if isHEAD(p.Request) {
		body = ""
	}
	if w.ResponsePartial != nil {
		sent := append(headermap.Of(":status", strconv.Itoa(status)), reply.Headers...)
		k.headersAre("client headers", w.ResponsePartial, sent, got.Client.Headers)
		k.refusedBody(w, body, got)
		return
	}
	wanted := w.Response
	if wanted == nil {
		wanted = append(headermap.Of(":status", strconv.Itoa(status)), reply.Headers...)
		wanted = slices.DeleteFunc(wanted, func(h headermap.Header) bool { return HostOwned(h.Name) || h.Name == "" })
	}
	k.clientHeaders(edited(lowered(wanted), w.ResponseEdit), got.Client.Headers)
	if w.ResponseIs == table.Cut {
		k.equal("client end", "cut off", ending(&got.Client))
		return
	}
	k.refusedBody(w, body, got)
}

func (k *checker) refusedBody(w *table.Want, body string, got *Exchange) {
	k.body("client body", w.ResponseBody, body, got.Client.Body)
	if w.ResponseTrailers != nil {
		k.trailers("client trailers", w.ResponseTrailers, nil, got.Client.Trailers)
	}
	k.equal("client end", "complete", ending(&got.Client))
}

// anyReply is what is demanded of a reply that does not matter.
var anyReply = &table.PartialReply{AnyStatus: true, Headers: &table.Headers{Any: true},
	Body: &table.Pattern{Form: table.AnyValue}}

// edited are headers with the changes that a case wants, names in lower case.
func edited(headers []headermap.Header, e *table.Edit) []headermap.Header {
	if e == nil {
		return headers
	}
	without := func(name string) {
		headers = slices.DeleteFunc(headers, func(h headermap.Header) bool { return h.Name == headermap.ToLower(name) })
	}
	for _, name := range e.Remove {
		without(name)
	}
	headers = append(headers, lowered(e.Add)...)
	for _, h := range e.Set {
		without(h.Name)
		headers = append(headers, lowered([]headermap.Header{h})...)
	}
	return headers
}

// clientHeaders compares response headers, without those that the host sets itself unless the case names them.
func (k *checker) clientHeaders(wanted, got []headermap.Header) {
	named := func(name string) bool {
		return slices.ContainsFunc(wanted, func(h headermap.Header) bool { return h.Name == name })
	}
	kept := slices.DeleteFunc(slices.Clone(got), func(h headermap.Header) bool {
		return HostOwned(h.Name) && !named(h.Name)
	})
	k.headers("client headers", wanted, kept)
}

// HostOwned says whether Envoy adds or corrects the header in a local response.
func HostOwned(name string) bool {
	switch strings.ToLower(name) {
	case "content-length", "content-type", "grpc-status", "grpc-message", "date", "server", "connection",
		"transfer-encoding":
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

func isHEAD(r *table.Request) bool {
	return slices.Contains(r.Headers, headermap.Header{Name: ":method", Value: "HEAD"})
}

func valueOf(headers []headermap.Header, name string) string {
	for _, h := range headers {
		if h.Name == name {
			return h.Value
		}
	}
	return ""
}
