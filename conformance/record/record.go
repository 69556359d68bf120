// Package record writes down what a module does as a table: cases without a want get one, in full.
package record

import (
	"bytes"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"

	"github.com/header-auth/header-auth/conformance/casefile"
	"github.com/header-auth/header-auth/conformance/suite"
	"github.com/header-auth/header-auth/conformance/table"
	"github.com/header-auth/header-auth/host/headermap"
)

// Contract is the contract.yaml of a new table.
func Contract(name string) []byte {
	var m casefile.Map
	m.Add("name", name)
	m.Add("strict", casefile.Map{{Key: "reasons", Value: false}, {Key: "duplicates", Value: false}})
	return m.YAML()
}

// Case is a case with what was seen of it.
type Case struct {
	*table.Case
	Seen suite.Observation
}

// Unsaid says why a case can't want what was seen; "": it can.
func (c *Case) Unsaid() string {
	if f := c.Seen.Failure; f != nil {
		return fmt.Sprintf("the virtual machine does not live: %s in %s: %s", f.Kind, f.In, f.Reason)
	}
	if c.Seen.Start.Accepted && len(c.Steps) == 0 {
		return "the plugin starts, and the case has no steps: expected some, add them"
	}
	for i, s := range c.Seen.Steps {
		for n := range s.Runs {
			e := &s.Runs[n].Exchange
			switch {
			case n > 0:
				return fmt.Sprintf("step %d is not the same each time: write it as several steps", i+1)
			case e.Problem != "":
				return fmt.Sprintf("step %d: %s", i+1, e.Problem)
			case e.Decision == suite.Incomplete || e.Decision == suite.Answered:
				return fmt.Sprintf("step %d: %s", i+1, e.Decision)
			}
		}
	}
	return ""
}

// File is the source of a file of cases, in which no step has a want, with what each case wants. All else stays as it
// is written: comments, the order of the keys, empty lines. A case that can't be said becomes a comment, with the
// reason. cases are those of the file, in its order.
func File(text []byte, cases []Case) ([]byte, error) {
	s, list, err := parse(text)
	if err != nil {
		return nil, err
	}
	if len(list.Values) != len(cases) {
		return nil, fmt.Errorf("the file has %d cases, expected %d", len(list.Values), len(cases))
	}
	for i, n := range list.Values {
		if why := cases[i].Unsaid(); why != "" {
			s.leaveOut(list, i, why)
		} else if err := s.want(n, &cases[i]); err != nil {
			return nil, err
		}
	}
	return s.changed(), nil
}

// leaveOut makes a comment of a case. In brackets it is gone: a comment would take what follows in its line with it.
func (s *source) leaveOut(list *ast.SequenceNode, i int, why string) {
	n := list.Values[i]
	if closing(list) != nil {
		s.remove(first(n), last(n))
		return
	}
	dash := s.before(first(n))
	low, high := s.lines(dash, n)
	column := dash.Position.Column
	at := s.begin[low] + column - 1
	s.edit(at, at, "# Left out: "+strings.Join(strings.Fields(why), " ")+"\n"+strings.Repeat(" ", column-1))
	s.hide(low, high, column)
}

// want writes what was seen into a case.
func (s *source) want(n ast.Node, c *Case) error {
	start := effects(&c.Seen.Start.Effects, c.Seen.Start.Metrics)
	if !c.Seen.Start.Accepted || len(start) > 0 {
		start = append(casefile.Map{{Key: "accepted", Value: c.Seen.Start.Accepted}}, start...)
		if err := s.start(n, start); err != nil {
			return err
		}
	}
	if !c.Seen.Start.Accepted { // such a case has no steps, and no request after it
		for _, key := range []string{"steps", "good"} {
			switch p := find(n, key); {
			case p == nil || key == "steps" && closing(n) != nil && find(n, "start") == nil: // the start is in its place
			case closing(n) != nil:
				s.remove(p.Key.GetToken(), last(p.Value))
			default:
				low, high := s.lines(p.Key.GetToken(), p.Value)
				s.hide(low, high, p.Key.GetToken().Position.Column)
			}
		}
		return nil
	}
	steps, _ := valueOf(n, "steps").(*ast.SequenceNode)
	if steps == nil || len(steps.Values) != len(c.Steps) {
		return fmt.Errorf("case %s: the file has not its %d steps", c.ID, len(c.Steps))
	}
	d := describer{streams: map[string]*stream{}}
	for i, step := range steps.Values {
		want := d.step(&c.Steps[i], &c.Seen.Steps[i])
		if end := closing(step); end != nil {
			s.add(end, "want: "+want.Flow())
			continue
		}
		key := first(step)
		_, high := s.lines(key, step)
		s.insertLine(high, s.indented(key.Position.Column, want))
	}
	return nil
}

// widest is the longest line that is written where it can be made several.
const widest = 120

// indented is a want at a column: in one line, or with a line for each key.
func (s *source) indented(column int, want casefile.Map) string {
	indent := strings.Repeat(" ", column-1)
	if line := indent + "want: " + want.Flow(); utf8.RuneCountInString(line) <= widest || len(want) == 1 {
		return line
	}
	lines := []string{indent + "want:"}
	for _, e := range want {
		lines = append(lines, indent+"  "+casefile.Map{e}.Line())
	}
	return strings.Join(lines, "\n")
}

// start writes what must be so when the plugin starts, in place of what the file says. The faults
// are what is done, and stay.
func (s *source) start(n ast.Node, start casefile.Map) error {
	there := find(n, "start")
	if there == nil {
		steps := find(n, "steps")
		if steps == nil {
			return nil
		}
		key := steps.Key.GetToken()
		at := s.offset(key)
		switch text := "start: " + start.Flow(); {
		case closing(n) == nil:
			s.edit(at, at, text+"\n"+strings.Repeat(" ", key.Position.Column-1))
		case start[0].Value == false: // such a case has no steps
			s.edit(at, s.offset(last(steps.Value))+1, text)
		default:
			s.edit(at, at, text+", ")
		}
		return nil
	}
	if faults := valueOf(there.Value, "faults"); faults != nil {
		var v any
		if err := yaml.NodeToValue(faults, &v, yaml.UseOrderedMap()); err != nil {
			return err
		}
		start.Add("faults", plain(v))
	}
	key := there.Key.GetToken()
	_, high := s.lines(key, there.Value)
	to := s.begin[high] + len(s.line(high))
	if end := closing(there.Value); end != nil {
		to = s.offset(end) + 1 // a comment may follow
	}
	s.edit(s.offset(key), to, "start: "+start.Flow())
	return nil
}

// plain is a value of the file as package casefile writes it.
func plain(v any) any {
	switch v := v.(type) {
	case yaml.MapSlice:
		m := casefile.Map{}
		for _, item := range v {
			m.Add(fmt.Sprint(item.Key), plain(item.Value))
		}
		return m
	case []any:
		list := casefile.List{}
		for _, item := range v {
			list = append(list, plain(item))
		}
		return list
	case string:
		return casefile.Bytes(v)
	}
	return v
}

type describer struct{ streams map[string]*stream }

type stream struct {
	request             *table.Request
	uploaded, responded bool
}

func (d *describer) step(s *table.Step, seen *suite.Step) casefile.Map {
	e := &seen.Runs[0].Exchange
	var m casefile.Map
	if s.Exchanges() {
		m = d.exchange(d.advance(s), e)
	}
	if e.Refused {
		m.Add("accepted", false)
	}
	m = append(m, effects(&e.Effects, seen.Metrics)...)
	var others casefile.Map
	for i := range e.Others {
		o := &e.Others[i]
		if p := d.streams[o.Stream]; p != nil {
			others.Add(o.Stream, d.exchange(p, &o.Exchange))
		}
	}
	if len(others) > 0 {
		m.Add("streams", others)
	}
	return m
}

// advance notes how far a step takes its stream.
func (d *describer) advance(s *table.Step) *stream {
	if s.Request != nil {
		p := &stream{s.Request, !s.HeadersOnly, s.Stream == ""}
		if s.Stream != "" {
			d.streams[s.Stream] = p
		}
		return p
	}
	p := d.streams[s.StreamName()]
	if p == nil {
		return &stream{request: &table.Request{}}
	}
	p.uploaded = p.uploaded || s.Upload != "" || s.Finish != ""
	p.responded = p.responded || s.Respond != "" || s.Finish != ""
	return p
}

// exchange is what was seen of a stream, as far as it is not what a case wants that says nothing.
func (d *describer) exchange(p *stream, e *suite.Exchange) casefile.Map {
	m := casefile.Map{{Key: "decision", Value: e.Decision}}
	forwarded := e.Decision == string(table.Allow) || e.Decision == string(table.Replace)
	if r := e.Reply; r != nil {
		reply := casefile.Map{{Key: "status", Value: r.Status}, {Key: "headers", Value: headerPairs(r.Headers)},
			{Key: "body", Value: casefile.Bytes(r.Body)}}
		if r.GRPCStatus != nil {
			reply.Add("grpc_status", *r.GRPCStatus)
		}
		if r.Details != "" {
			reply.Add("details", casefile.Bytes(r.Details))
		}
		m.Add("reply", reply)
	}
	if forwarded {
		addEdit(&m, "forwarded", p.request.Headers, e.Upstream.Headers)
		body, trailers := "", []headermap.Header(nil)
		if p.uploaded {
			body, trailers = string(bytes.Join(p.request.Body, nil)), p.request.Trailers
		}
		addRest(&m, "forwarded", body, trailers, &e.Upstream)
	}
	if e.Decision == string(table.Hold) || e.Decision == string(table.Fail) {
		return m
	}
	sent, body, trailers := p.request.Response.Headers, string(bytes.Join(p.request.Response.Body, nil)),
		p.request.Response.Trailers
	answer, text := suite.EnvoyAnswer(p.request)
	broken := text != nil && sent != nil
	if text != nil && (!broken || e.Client.Ended) {
		sent, trailers = answer, nil
		if body = e.Client.Body; !text.Match(body) {
			body = ""
		}
	}
	if e.Reply != nil {
		sent, body, trailers = append(headermap.Of(":status", strconv.Itoa(e.Reply.Status)), e.Reply.Headers...),
			e.Reply.Body, nil
	}
	switch {
	case e.Failed && e.Reply == nil:
		m.Add("response", "failed")
	case e.Client.Headers == nil:
		if p.responded || e.Reply != nil {
			m.Add("response", "none")
		}
	case broken && e.Client.Ended && e.Reply == nil:
		m.Add("response", "upstream_failed")
	case e.Client.Reset && !e.Client.Ended && !broken:
		m.Add("response", "cut")
	default:
		addEdit(&m, "response", sent, kept(sent, e.Client.Headers))
		if slices.Contains(p.request.Headers, headermap.Header{Name: ":method", Value: "HEAD"}) {
			body = ""
		}
		addRest(&m, "response", body, trailers, &e.Client)
	}
	return m
}

// addRest adds a body and trailers that are not as sent.
func addRest(m *casefile.Map, key, body string, trailers []headermap.Header, got *suite.Received) {
	if got.Body != body {
		m.Add(key+"_body", casefile.Bytes(got.Body))
	}
	if !slices.Equal(lowered(trailers), lowered(got.Trailers)) {
		m.Add(key+"_trailers", headerPairs(got.Trailers))
	}
}

// kept are headers without those that Envoy adds to a response, unless they were sent.
func kept(sent, got []headermap.Header) []headermap.Header {
	return slices.DeleteFunc(slices.Clone(got), func(h headermap.Header) bool {
		return suite.HostOwned(h.Name) && len(values(h.Name, sent)) == 0
	})
}

// addEdit adds how headers differ from those that were sent: as changes, or where their order
// can't be said so, as a list.
func addEdit(m *casefile.Map, key string, sent, got []headermap.Header) {
	sent, got = lowered(sent), lowered(got)
	if slices.Equal(sent, got) {
		return
	}
	remove, set := casefile.List{}, casefile.List{}
	// what the changes make of those sent
	left, more, set1 := slices.Clone(sent), []headermap.Header{}, []headermap.Header{}
	without := func(name string) {
		left = slices.DeleteFunc(left, func(h headermap.Header) bool { return h.Name == name })
	}
	added := map[string]int{} // by name: how many of the values stay
	done := map[string]bool{}
	for _, h := range slices.Concat(sent, got) {
		before, after := values(h.Name, sent), values(h.Name, got)
		if done[h.Name] || slices.Equal(before, after) {
			continue
		}
		done[h.Name] = true
		switch n := len(before); {
		case len(after) == 1 && n > 0:
			set, set1 = append(set, casefile.Pair(h.Name, after[0])),
				append(set1, headermap.Header{Name: h.Name, Value: after[0]})
			without(h.Name)
		case len(after) < n || !slices.Equal(before, after[:n]):
			remove = append(remove, casefile.Bytes(h.Name))
			without(h.Name)
			added[h.Name] = 0
		default:
			added[h.Name] = n
		}
	}
	seen := map[string]int{}
	for _, h := range got { // in the order in which they came
		if from, ok := added[h.Name]; ok && seen[h.Name] >= from {
			more = append(more, h)
		}
		seen[h.Name]++
	}
	if !slices.Equal(slices.Concat(left, more, set1), got) {
		m.Add(key, list(sent, got, key))
		return
	}
	var edit casefile.Map
	if len(remove) > 0 {
		edit.Add("remove", remove)
	}
	if len(more) > 0 {
		edit.Add("add", headerPairs(more))
	}
	if len(set) > 0 {
		edit.Add("set", set)
	}
	m.Add(key, edit)
}

// list is the whole list, or where it can't be written (the loader adds what Envoy adds to a
// request), all that is in it.
func list(sent, got []headermap.Header, key string) any {
	const before, after = 4, 2 // headers that Envoy adds to a request
	switch n := len(sent); {
	case key != "forwarded" || n < before+after || sent[0].Name != ":authority" || sent[n-1].Name != "x-request-id":
		return headerPairs(got)
	case len(got) >= before+after && slices.Equal(sent[:before], got[:before]) &&
		slices.Equal(sent[n-after:], got[len(got)-after:]):
		return headerPairs(got[before : len(got)-after])
	}
	m := casefile.Map{{Key: "has", Value: headerPairs(got)}}
	lacks := casefile.List{}
	for _, h := range sent {
		if len(values(h.Name, got)) == 0 {
			lacks = append(lacks, casefile.Bytes(h.Name))
		}
	}
	if len(lacks) > 0 {
		m.Add("lacks", lacks)
	}
	return m
}

func values(name string, headers []headermap.Header) (all []string) {
	for _, h := range headers {
		if h.Name == headermap.ToLower(name) {
			all = append(all, h.Value)
		}
	}
	return all
}

func lowered(headers []headermap.Header) []headermap.Header {
	out := slices.Clone(headers)
	for i := range out {
		out[i].Name = headermap.ToLower(out[i].Name)
	}
	return out
}

func headerPairs(headers []headermap.Header) casefile.List {
	all := casefile.List{}
	for _, h := range headers {
		all = append(all, casefile.Pair(h.Name, h.Value))
	}
	return all
}

// effects are those that were seen.
func effects(e *suite.Effects, metrics []table.Metric) (m casefile.Map) {
	logs, calls := casefile.List{}, casefile.List{}
	for _, l := range e.Logs {
		logs = append(logs, casefile.Map{{Key: l.Level, Value: casefile.Bytes(l.Text)}})
	}
	for _, c := range e.Calls {
		own := slices.DeleteFunc(slices.Clone(c.Headers), func(h headermap.Header) bool { // what Envoy adds
			return h.Name == "x-envoy-internal" || h.Name == "x-envoy-expected-rq-timeout-ms" || h.Name == "content-length" &&
				len(c.Body) > 0
		})
		call := casefile.Map{{Key: "cluster", Value: casefile.Bytes(c.Cluster)}, {Key: "headers", Value: headerPairs(own)}}
		if len(c.Body) > 0 {
			call.Add("body", casefile.Bytes(c.Body))
		}
		if len(c.Trailers) > 0 {
			call.Add("trailers", headerPairs(c.Trailers))
		}
		call.Add("timeout_ms", c.TimeoutMS)
		calls = append(calls, call)
	}
	if len(logs) > 0 {
		m.Add("logs", logs)
	}
	if len(calls) > 0 {
		m.Add("calls", calls)
	}
	var values casefile.Map
	for _, metric := range metrics {
		if metric.Kind == "Counter" {
			values.Add(metric.Name, metric.Value)
		} else {
			values.Add(metric.Name, casefile.Map{{Key: string(headermap.ToLower(metric.Kind)), Value: metric.Value}})
		}
	}
	if len(values) > 0 {
		m.Add("metrics", values)
	}
	grpc := casefile.List{}
	for _, c := range e.GRPC {
		grpc = append(grpc, grpcCall(c))
	}
	if len(grpc) > 0 {
		m.Add("grpc", grpc)
	}
	others := casefile.List{}
	for _, o := range e.Other {
		others = append(others, casefile.Map{{Key: o.Kind, Value: casefile.Bytes(o.Name)},
			{Key: "value", Value: casefile.Bytes(o.Value)}})
	}
	if len(others) > 0 {
		m.Add("effects", others)
	}
	if len(e.Ticks) > 0 {
		m.Add("tick_every", e.Ticks[0].Every.String())
	}
	return m
}

// grpcCall is a gRPC call that was made, or what was done on one.
func grpcCall(c table.GRPC) (m casefile.Map) {
	if c.Call > 0 {
		m.Add("call", c.Call)
	} else {
		m = casefile.Map{{Key: "cluster", Value: casefile.Bytes(c.Cluster)},
			{Key: "service", Value: casefile.Bytes(c.Service)}, {Key: "method", Value: casefile.Bytes(c.Method)}}
	}
	if len(c.Metadata) > 0 {
		m.Add("metadata", headerPairs(c.Metadata))
	}
	switch messages := (casefile.List{}); {
	case c.Call == 0 && !c.Stream:
		m.Add("message", casefile.Bytes(c.Messages[0]))
		m.Add("timeout_ms", c.TimeoutMS)
	case c.Call == 0 || len(c.Messages) > 0:
		for _, text := range c.Messages {
			messages = append(messages, casefile.Bytes(text))
		}
		m.Add("messages", messages)
	}
	if c.Ended {
		m.Add("ended", true)
	}
	if c.Cancelled {
		m.Add("cancelled", true)
	}
	return m
}
