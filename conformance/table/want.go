package table

import (
	"maps"
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
	r.exchange(&w, o, line)
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
		reply := r.reply(o.fields["reply"])
		e.Reply = &reply
	}
	if o.has("forwarded") {
		if e.Forwarded, e.ForwardedEdit = r.edited(o.fields["forwarded"]); line != nil && e.ForwardedEdit == nil {
			e.Forwarded = line.complete(e.Forwarded)
		}
	}
	if o.has("response") {
		if s, ok := o.fields["response"].(*ast.StringNode); ok {
			e.ResponseIs = ResponseState(s.Value)
			if e.ResponseIs != NoResponse && e.ResponseIs != Failed && e.ResponseIs != Cut {
				r.errorf(s, "the text %q, expected none, failed or cut (or headers), change it", s.Value)
			}
		} else {
			e.Response, e.ResponseEdit = r.edited(o.fields["response"])
		}
	}
	set(&e.Decision, o, "decision", r.decision)
}

// edited reads a list of headers, or {remove, add, set}.
func (r *reader) edited(n ast.Node) ([]headermap.Header, *Edit) {
	switch n.(type) {
	case *ast.MappingNode, *ast.MappingValueNode:
	default:
		return r.headers(n), nil
	}
	var e Edit
	o, ok := r.object(n, editShape)
	if ok && len(o.fields) == 0 && !o.unknownKey {
		r.errorf(n, "an empty edit, expected remove, add or set, remove it")
	}
	if o.has("remove") {
		e.Remove = each(r.list(o.fields["remove"], "header names"), r.bytesText)
	}
	set(&e.Add, o, "add", r.headers)
	set(&e.Set, o, "set", r.headers)
	return nil, &e
}

func (r *reader) decision(n ast.Node) Decision {
	s, ok := r.text(n)
	d := Decision(s)
	if ok && d != Allow && d != Refuse && d != Hold && d != Fail {
		r.errorf(n, "the decision %q, expected allow, refuse, hold or fail, change it", s)
	}
	return d
}

// checkWant checks which keys a decision allows.
func (r *reader) checkWant(o object, w Want, request bool) {
	if !request {
		for _, key := range []string{"decision", "reply", "forwarded", "response"} {
			if o.has(key) {
				r.errorf(o.fields[key], "%s in a step without a stream, expected none, remove it (or write it for a stream in streams)", key)
			}
		}
		return
	}
	if !o.has("decision") {
		r.errorf(o, "no key \"decision\" in this want, expected allow, refuse, hold or fail, add it")
		return
	}
	if w.Decision == Refuse && !o.has("reply") {
		r.errorf(o, "refuse without a reply, expected the local response, add its name or its status, headers and body")
	}
	if w.Decision != Refuse && o.has("reply") {
		r.errorf(o.fields["reply"], "a reply beside %s, expected it only with refuse, remove it", w.Decision)
	}
	if w.Decision != Allow && o.has("forwarded") {
		r.errorf(o.fields["forwarded"], "forwarded beside %s, expected it only with allow, remove it", w.Decision)
	}
	if (w.Decision == Hold || w.Decision == Fail) && o.has("response") {
		r.errorf(o.fields["response"], "response beside %s, expected none, remove it", w.Decision)
	}
}

// reply reads a local response: one named in the contract, or one written out.
func (r *reader) reply(n ast.Node) Reply {
	if s, ok := n.(*ast.StringNode); ok {
		reply, known := r.contract.Replies[s.Value]
		if !known && !r.noContract {
			names := slices.Sorted(maps.Keys(r.contract.Replies))
			r.errorf(n, "unknown reply %q, expected a name of contract.yaml (%s) or a mapping, %s", s.Value,
				strings.Join(names, ", "), suggest(s.Value, names, "add it there"))
		}
		return reply
	}
	var reply Reply
	o, ok := r.object(n, replyShape)
	if !ok {
		return reply
	}
	set(&reply.Status, o, "status", r.number(0, 999)) // any number that a plugin can give
	set(&reply.Headers, o, "headers", r.headers)
	set(&reply.Body, o, "body", r.bytesText)
	if o.has("grpc_status") {
		status := r.integer(o.fields["grpc_status"], -1, 1<<31-1)
		reply.GRPCStatus = &status
	}
	set(&reply.Details, o, "details", r.sentence("details"))
	return reply
}

// logs reads the lines that must be written: any, or a list of names of the contract and {level: text}.
func (r *reader) logs(n ast.Node) Logs {
	if s, ok := n.(*ast.StringNode); ok && s.Value == "any" {
		return Logs{Any: true}
	}
	var logs Logs
	for _, item := range r.list(n, "log lines (or the word any)") {
		if s, ok := item.(*ast.StringNode); ok {
			log, known := r.contract.Logs[s.Value]
			if !known && !r.noContract {
				names := slices.Sorted(maps.Keys(r.contract.Logs))
				r.errorf(item, "unknown log %q, expected a name of contract.yaml (%s) or {level: text}, %s", s.Value,
					strings.Join(names, ", "), suggest(s.Value, names, "add it there"))
			}
			logs.Lines = append(logs.Lines, log)
			continue
		}
		logs.Lines = append(logs.Lines, r.log(item))
	}
	return logs
}

// log reads one line, {level: text}.
func (r *reader) log(n ast.Node) Log {
	pairs, ok := r.pairs(n, "one level and its text")
	if !ok {
		return Log{}
	}
	if len(pairs) != 1 {
		r.errorf(n, "a mapping of %d keys, expected one level and its text, write a log line for each", len(pairs))
		return Log{}
	}
	level := pairs[0].Key.String()
	if !slices.Contains(levels, level) {
		r.errorf(n, "the log level %q, expected one of %s, %s", level, strings.Join(levels, ", "),
			suggest(level, levels, "change it"))
	}
	return Log{level, string(r.bytes(pairs[0].Value))}
}
