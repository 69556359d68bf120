package suite

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/header-auth/header-auth/conformance/table"
	"github.com/header-auth/header-auth/host"
)

// Mismatch is one field that differs from what the case wants. Both values are printable text.
type Mismatch struct {
	Field, Wanted, Got string
	Place              Place
}

// Place is a repetition of a step, both from 1. Step 0 is the start; one more than there are is the good request.
type Place struct{ Step, Repetition int }

// Check holds an observation against its case and returns every mismatch, in the order of the case's steps and of
// the fields of a step. Expectations are whole: what a case does not mention must not be there.
func Check(c *table.Case, o Observation) []Mismatch {
	k := checker{}
	k.start(c, o)
	for i := range o.Steps {
		if o.Failure != nil && i+1 >= o.Failure.Step { // what follows a failure only repeats it
			break
		}
		k.prefix, k.place = stepPrefix(i, len(c.Steps)), Place{i + 1, 1}
		k.step(&c.Steps[i], o.Steps[i])
	}
	k.prefix = ""
	if o.Failure != nil {
		k.place = o.Failure.Place
		k.equal("virtual machine", "lives", renderFailure(o.Failure, len(c.Steps)))
		return k.found
	}
	if o.Good != nil {
		k.prefix, k.place = "good request afterwards: ", Place{len(c.Steps) + 1, 1}
		k.equal("decision", string(table.Allow), o.Good.Decision)
	}
	return k.found
}

func stepPrefix(i, steps int) string {
	if steps == 1 {
		return ""
	}
	return fmt.Sprintf("step %d: ", i+1)
}

func renderFailure(f *Failure, steps int) string {
	where := "at the start"
	switch {
	case f.Step > steps:
		where = "in the good request afterwards"
	case f.Step > 0 && steps > 1:
		where = fmt.Sprintf("in step %d", f.Step)
	case f.Step > 0:
		where = "in the request"
	}
	return fmt.Sprintf("%s %s, %s: %s", f.Kind, where, f.In, f.Reason)
}

// Check's words for what the callbacks returned.
var (
	actionContinue = host.Continue.String()
	actionPause    = host.Pause.String()
)

type checker struct {
	prefix string
	place  Place
	found  []Mismatch
}

// equal compares two rendered values; rendering tells different values apart.
func (k *checker) equal(field, wanted, got string) {
	if wanted != got {
		wanted, got = presentable(wanted, got)
		k.found = append(k.found, Mismatch{k.prefix + field, wanted, got, k.place})
	}
}

func (k *checker) start(c *table.Case, o Observation) {
	if o.Failure != nil && o.Failure.Step == 0 {
		return
	}
	k.prefix = "configuration: "
	k.equal("verdict", verdict(c.Start.Accepted), verdict(o.Start.Accepted))
	k.effects(c.Start.Logs, o.Start.Effects)
}

func verdict(accepted bool) string {
	if accepted {
		return "accepted"
	}
	return "refused"
}

func (k *checker) step(s *table.Step, got Step) {
	prefix, first := k.prefix, 1
	for _, run := range got.Runs {
		k.place.Repetition = first
		if s.Times > 1 {
			k.prefix = fmt.Sprintf("%srepetition %d of %d: ", prefix, first, s.Times)
		}
		before := len(k.found)
		k.exchange(s, &run.Exchange)
		first += run.Times
		if len(k.found) > before { // later repetitions would say the same again
			break
		}
	}
	k.prefix = prefix
	if s.Want.MemoryBounded && got.Growth > s.Want.MemoryGrowth {
		k.place.Repetition = got.times()
		k.equal("memory growth", fmt.Sprintf("at most %d bytes in %d repetitions", s.Want.MemoryGrowth, max(1, s.Times)),
			fmt.Sprintf("%d bytes in %d", got.Growth, got.times()))
	}
}

func (k *checker) exchange(s *table.Step, got *Exchange) {
	if s.Request != nil {
		k.equal("decision", string(s.Want.Decision), got.Decision)
		switch s.Want.Decision {
		case table.Allow:
			k.equal("on_request_headers returned", actionContinue, got.RequestAction)
			k.equal("local reply", "", renderReply(got.Reply))
			k.forwarded(s, got)
			k.answered(s, got)
		case table.Refuse:
			k.equal("on_request_headers returned", actionPause, got.RequestAction)
			k.reply(s, got)
			k.equal("forwarded headers", "", renderHeaders(got.Upstream.Headers))
			k.refused(s, got)
		case table.Hold:
			k.equal("on_request_headers returned", actionPause, got.RequestAction)
			k.equal("local reply", "", renderReply(got.Reply))
			k.equal("forwarded headers", "", renderHeaders(got.Upstream.Headers))
			k.equal("client headers", "", renderHeaders(got.Client.Headers))
		}
	}
	k.effects(s.Want.Logs, got.Effects)
}

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

func (k *checker) headers(field string, wanted, got []Header) {
	k.equal(field, renderHeaders(wanted), renderHeaders(got))
}

func (k *checker) effects(logs table.Logs, got Effects) {
	if !logs.Any {
		wanted := make([]Log, len(logs.Lines))
		for i, l := range logs.Lines {
			wanted[i] = Log(l)
		}
		k.equal("log lines", renderLogs(wanted), renderLogs(got.Logs))
	}
	k.equal("outgoing calls", "", renderCalls(got.Calls))
	k.equal("metrics", "", renderMetrics(got.Metrics))
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
