package record

import (
	"bytes"
	"slices"
	"strconv"

	"github.com/header-auth/header-auth/conformance/casefile"
	"github.com/header-auth/header-auth/conformance/suite"
	"github.com/header-auth/header-auth/conformance/table"
	"github.com/header-auth/header-auth/host/headermap"
)

// describer makes the wants of a case's steps, in their order.
type describer struct{ streams suite.Exchanges }

// stream is an exchange, as far as its steps have taken it.
type stream suite.Progress

// step is the want of a step.
func (d *describer) step(s *table.Step, seen *suite.Step) casefile.Map {
	e := &seen.Runs[0].Exchange
	var m casefile.Map
	if s.Exchanges() {
		m = (*stream)(d.streams.Advance(s)).exchange(e)
	}
	if e.Refused {
		m.Add("accepted", false)
	}
	m = append(m, effects(&e.Effects, seen.Metrics)...)
	var others casefile.Map
	for i := range e.Others {
		o := &e.Others[i]
		if p := d.streams[o.Stream]; p != nil {
			others.Add(o.Stream, (*stream)(p).exchange(&o.Exchange))
		}
	}
	if len(others) > 0 {
		m.Add("streams", others)
	}
	return m
}

// exchange is what was seen of a stream, without what an empty want means anyway.
func (p *stream) exchange(e *suite.Exchange) casefile.Map {
	m := casefile.Map{{Key: "decision", Value: e.Decision}}
	if e.Reply != nil {
		m.Add("reply", reply(e.Reply))
	}
	if e.Decision == string(table.Allow) || e.Decision == string(table.Replace) {
		sent := message{headers: p.Request.Headers}
		if p.Uploaded {
			sent.body, sent.trailers = string(bytes.Join(p.Request.Body, nil)), p.Request.Trailers
		}
		addChanges(&m, "forwarded", sent, &e.Upstream)
	}
	if e.Decision != string(table.Hold) && e.Decision != string(table.Fail) {
		p.addResponse(&m, e)
	}
	return m
}

// reply is the plugin's local response.
func reply(r *table.Reply) casefile.Map {
	m := casefile.Map{{Key: "status", Value: r.Status}, {Key: "headers", Value: headerPairs(r.Headers)},
		{Key: "body", Value: casefile.Bytes(r.Body)}}
	if r.GRPCStatus != nil {
		m.Add("grpc_status", *r.GRPCStatus)
	}
	if r.Details != "" {
		m.Add("details", casefile.Bytes(r.Details))
	}
	return m
}

// addResponse adds what the client got, if it is not what was sent to it.
func (p *stream) addResponse(m *casefile.Map, e *suite.Exchange) {
	sent, broken := p.response(e)
	switch {
	case e.Failed && e.Reply == nil:
		m.Add("response", "failed")
	case e.Client.Headers == nil:
		if p.Responded || e.Reply != nil {
			m.Add("response", "none")
		}
	case broken && e.Client.Ended && e.Reply == nil:
		m.Add("response", "upstream_failed")
	case e.Client.Reset && !e.Client.Ended && !broken:
		m.Add("response", "cut")
	default:
		if slices.Contains(p.Request.Headers, headermap.Header{Name: ":method", Value: "HEAD"}) {
			sent.body = ""
		}
		got := e.Client
		got.Headers = kept(sent.headers, got.Headers)
		addChanges(m, "response", sent, &got)
	}
}

// response is what is sent to the client: the plugin's reply, Envoy's answer in the place of an upstream that fails, or
// the upstream's response. broken says that the upstream fails behind the headers of its response.
func (p *stream) response(e *suite.Exchange) (sent message, broken bool) {
	r := &p.Request.Response
	sent = message{r.Headers, string(bytes.Join(r.Body, nil)), r.Trailers}
	answer, text := suite.EnvoyAnswer(p.Request)
	broken = text != nil && sent.headers != nil
	switch {
	case e.Reply != nil:
		status := headermap.Of(":status", strconv.Itoa(e.Reply.Status))
		sent = message{headers: append(status, e.Reply.Headers...), body: e.Reply.Body}
	case text != nil && (!broken || e.Client.Ended):
		sent = message{headers: answer}
		if text.Match(e.Client.Body) {
			sent.body = e.Client.Body
		}
	}
	return sent, broken
}
