package table

import (
	"fmt"
	"slices"
	"strings"

	"github.com/goccy/go-yaml/ast"

	"github.com/header-auth/header-auth/host/headermap"
)

// want reads what must be observed in a step; line is that of the step's stream, nil if it has none.
func (r *reader) want(n ast.Node, line *requestLine, configures bool, stream string) Want {
	o, ok := r.object(n, wantShape)
	if !ok {
		return Want{}
	}
	w := r.effects(o)
	if o.has("memory") {
		if memory, ok := r.object(o.fields["memory"], memoryShape); ok && memory.has("grows_at_most") {
			w.MemoryGrowth, w.MemoryBounded = r.size(memory.fields["grows_at_most"]), true
		}
	}
	if !o.has("logs") {
		w.Logs = r.base.Logs
	}
	w.AnyCalls = w.AnyCalls || r.base.AnyCalls && !o.has("calls")
	w.AnyMetrics = w.AnyMetrics || r.base.AnyMetrics && !o.has("metrics")
	w.AnyEffects = w.AnyEffects || r.base.AnyEffects && !o.has("effects")
	w.AnyGRPC = w.AnyGRPC || r.base.AnyGRPC && !o.has("grpc")
	r.exchange(&w, o, line)
	set(&w.Action, o, "action", r.action)
	set(&w.ResponseAction, o, "response_action", r.action)
	r.checkWant(o, w, line != nil)
	if o.has("accepted") {
		w.Refused = !r.boolean(o.fields["accepted"])
		if !configures {
			r.errorf(o.fields["accepted"], "accepted in a step without configure, expected it only with configure, remove it")
		}
	}
	if o.has("streams") {
		r.named(o.fields["streams"], "stream", func(name string, n ast.Node) {
			if s := r.open[name]; s == nil || name == stream {
				r.errorf(n, "the stream %q is the step's own or not open, expected another open stream, remove it", name)
			} else if o, ok := r.object(n, exchangeShape); ok {
				other := StreamWant{Stream: name}
				r.exchange(&other.Want, o, &s.requestLine)
				r.checkWant(o, other.Want, true)
				w.Streams = append(w.Streams, other)
			}
		})
	}
	return w
}

// exchange reads what must be observed of a stream.
func (r *reader) exchange(e *Want, o object, line *requestLine) {
	if o.has("reply") {
		if s, ok := o.fields["reply"].(*ast.StringNode); ok && s.Value == "any" {
			e.AnyReply = true
		} else {
			reply := r.reply(o.fields["reply"])
			e.Reply = &reply
		}
	}
	if o.has("forwarded") {
		e.Forwarded, e.ForwardedEdit, e.ForwardedPartial = r.wantedHeaders(o.fields["forwarded"])
		switch p := e.ForwardedPartial; {
		case line == nil:
		case e.Forwarded != nil:
			e.Forwarded = line.complete(e.Forwarded)
		case p != nil && p.List != nil:
			p.List = completed(line, p.List)
		}
	}
	if o.has("response") {
		if s, ok := o.fields["response"].(*ast.StringNode); ok && s.Value != "any" {
			e.ResponseIs = ResponseState(s.Value)
			switch e.ResponseIs {
			case NoResponse, Failed, Cut:
			case UpstreamFailed:
				if line != nil && !line.breaksOff {
					r.errorf(s, "response: upstream_failed, expected it where the request's response has failed beside "+
						"what comes of it, remove it")
				}
			default:
				r.errorf(s, "the text %q, expected none, failed, cut, upstream_failed or any (or headers), change it", s.Value)
			}
		} else {
			e.Response, e.ResponseEdit, e.ResponsePartial = r.wantedHeaders(o.fields["response"])
		}
	}
	for key, body := range map[string]**Pattern{"forwarded_body": &e.ForwardedBody, "response_body": &e.ResponseBody} {
		if o.has(key) {
			p := r.pattern(o.fields[key])
			*body = &p
		}
	}
	set(&e.ForwardedTrailers, o, "forwarded_trailers", r.wantedTrailers)
	set(&e.ResponseTrailers, o, "response_trailers", r.wantedTrailers)
	set(&e.Decision, o, "decision", r.decision)
}

// completed adds what Envoy adds to a request to a whole list with patterns.
func completed(l *requestLine, list []Header) []Header {
	before, after := l.around()
	return slices.Concat(Wanted(before), list, Wanted(after))
}

// wantedTrailers reads headers of which all are said, or some.
func (r *reader) wantedTrailers(n ast.Node) *Headers {
	list, edit, partial := r.wantedHeaders(n)
	switch {
	case partial != nil:
		return partial
	case edit != nil:
		return &Headers{Remove: edit.Remove, Add: Wanted(edit.Add), Set: Wanted(edit.Set)}
	}
	return &Headers{List: Wanted(list)}
}

// action reads what a headers callback returns.
func (r *reader) action(n ast.Node) string {
	s, ok := r.text(n)
	if i := slices.Index(actions, s); ok && i < 0 {
		r.errorf(n, "the action %q, expected one of %s, %s", s, strings.Join(actions, ", "),
			r.suggest(s, actions, "change it"))
	}
	return s
}

// actions are the words for what a callback returns, as package host/abi has them.
var actions = []string{"Continue", "Pause"}

func (r *reader) decision(n ast.Node) Decision {
	text, ok := n.(*ast.StringNode)
	if !ok {
		r.errorf(n, "%s, expected allow, refuse, replace, hold or fail, write one of them", kind(n))
		return ""
	}
	s, d := text.Value, Decision(text.Value)
	if d != Allow && d != Refuse && d != Replace && d != Hold && d != Fail {
		cure := "change it"
		switch strings.ToLower(s) {
		case "deny", "denied", "block", "reject", "local_reply", "refused":
			cure = asks([]string{string(Refuse)})
		case "pass", "continue", "allow", "allowed", "accept", "forward":
			cure = asks([]string{string(Allow)})
		}
		r.errorf(n, "the decision %q, expected allow, refuse, replace, hold or fail, %s", s, cure)
	}
	return d
}

// checkWant checks which keys a decision allows.
func (r *reader) checkWant(o object, w Want, request bool) {
	if !request {
		for _, key := range []string{"decision", "reply", "forwarded", "response", "forwarded_body", "forwarded_trailers",
			"response_body", "response_trailers",
			"action", "response_action"} {
			if o.has(key) {
				r.errorf(o.fields[key],
					"%s in a step without a stream, expected none, remove it (or write it for a stream in streams)", key)
			}
		}
		return
	}
	if slices.Contains(o.meant, "decision") {
		return
	}
	if !o.has("decision") {
		r.errorf(o, "no key \"decision\" in this want, expected allow, refuse, replace, hold or fail, add it")
		return
	}
	replies := w.Decision == Refuse || w.Decision == Replace
	if replies && !o.has("reply") {
		r.errorf(o, "%s without a reply, expected the local response, add its name, or reply: {status: …, headers: …, "+
			"body: …} (any leaves one open)", w.Decision)
	}
	if !replies && o.has("reply") {
		r.errorf(o.fields["reply"], "a reply beside %s, expected it only with refuse or replace, remove it", w.Decision)
	}
	for _, key := range []string{"forwarded", "forwarded_body", "forwarded_trailers"} {
		if w.Decision != Allow && w.Decision != Replace && o.has(key) {
			r.errorf(o.fields[key], "%s beside %s, expected it only with allow or replace, remove it", key, w.Decision)
		}
	}
	for _, key := range []string{"response", "response_body", "response_trailers"} {
		if (w.Decision == Hold || w.Decision == Fail) && o.has(key) {
			r.errorf(o.fields[key], "%s beside %s, expected none, remove it", key, w.Decision)
		}
	}
}

// reply reads a local response: one named in the contract, or one written out.
func (r *reader) reply(n ast.Node) Reply {
	if s, ok := n.(*ast.StringNode); ok {
		reply, known := r.contract.Replies[s.Value]
		if !known && !r.noContract {
			names := shownNames(r, r.contract.Replies)
			r.errorf(n, "unknown reply %q, expected %s or a mapping, %s", s.Value, namesOf(names, "replies"),
				r.suggest(s.Value, names, "add it there"))
		}
		return reply
	}
	var reply Reply
	o, ok := r.object(n, replyShape)
	if !ok {
		return reply
	}
	var p PartialReply
	if p.AnyStatus = isAny(o.fields["status"]); !p.AnyStatus {
		set(&reply.Status, o, "status", r.number(0, 999)) // any number that a plugin can give
	}
	if o.has("headers") {
		reply.Headers, p.Headers = r.wholeOrPartial(o.fields["headers"])
	}
	if o.has("body") {
		reply.Body, p.Body = r.valueOrPattern(o.fields["body"])
	}
	if o.has("details") {
		if isPattern(o.fields["details"]) {
			details := r.pattern(o.fields["details"])
			p.Details = &details
		} else {
			reply.Details = r.sentence("details")(o.fields["details"])
		}
	}
	if p != (PartialReply{}) {
		reply.Partial = &p
	}
	if o.has("grpc_status") {
		status := r.integer(o.fields["grpc_status"], -1, 1<<31-1)
		reply.GRPCStatus = &status
	}
	return reply
}

// logs reads the lines that must be written: any, or a list of names of the contract and {level: text}.
func (r *reader) logs(n ast.Node) Logs {
	switch n.(type) {
	case *ast.StringNode:
		if isAny(n) {
			return Logs{Any: true}
		}
	case *ast.MappingNode, *ast.MappingValueNode:
		return r.someLogs(n)
	}
	if s, ok := n.(*ast.StringNode); ok {
		r.errorf(n, "the text %q, expected a list of log lines (or the word any, or {has, lacks}), "+
			"write it like [{info: %[1]q}]", s.Value)
		return Logs{}
	}
	lines, plain := r.logLines(n, "log lines (or the word any, or {has, lacks})")
	if !plain {
		return Logs{Partial: &PartialLogs{List: lines}}
	}
	var logs Logs
	for _, line := range lines {
		logs.Lines = append(logs.Lines, Log{line.Level, line.Text.Text})
	}
	return logs
}

// namesOf are those that contract.yaml has, for an error.
func namesOf(names []string, key string) string {
	if len(names) == 0 {
		return "a name of contract.yaml (it has no " + key + ")"
	}
	return "a name of contract.yaml (" + strings.Join(names, ", ") + ")"
}

// namedLog reads a line: one named in the contract, or one written out.
func (r *reader) namedLog(n ast.Node) WantedLog {
	s, ok := n.(*ast.StringNode)
	if !ok {
		return r.log(n)
	}
	log, known := r.contract.Logs[s.Value]
	if !known && !r.noContract {
		names := shownNames(r, r.contract.Logs)
		r.errorf(n, "unknown log %q, expected %s or a line {level: text}, %s", s.Value, namesOf(names, "logs"),
			r.suggest(s.Value, names, fmt.Sprintf("write {info: %q} or add it there", s.Value)))
	}
	return log
}

// log reads one line, {level: text}.
func (r *reader) log(n ast.Node) WantedLog {
	pairs, ok := r.pairs(n, "one level and its text")
	if !ok {
		return WantedLog{}
	}
	if len(pairs) != 1 {
		r.errorf(n, "a mapping of %d keys, expected one level and its text, write a log line for each", len(pairs))
		return WantedLog{}
	}
	level := keyText(pairs[0])
	if known := append(slices.Clone(levels), AnyLevel); !slices.Contains(known, level) {
		r.errorf(n, "the log level %q, expected one of %s, %s", level, strings.Join(known, ", "), r.suggest(level, known,
			"change it"))
	}
	return WantedLog{level, r.pattern(pairs[0].Value)}
}

// isAny says whether a value is the word any.
func isAny(n ast.Node) bool {
	s, ok := n.(*ast.StringNode)
	return ok && s.Value == "any"
}

// wholeOrPartial reads a whole list of headers, or what must be true of one.
func (r *reader) wholeOrPartial(n ast.Node) ([]headermap.Header, *Headers) {
	list, edit, partial := r.wantedHeaders(n)
	if edit != nil {
		r.errorf(n, "remove, add or set, expected a whole list, any, or has and lacks: there is nothing that it could change")
	}
	return list, partial
}

// valueOrPattern reads a value, or what must be true of it.
func (r *reader) valueOrPattern(n ast.Node) (string, *Pattern) {
	if !isPattern(n) {
		return r.bytesText(n), nil
	}
	p := r.pattern(n)
	return "", &p
}
