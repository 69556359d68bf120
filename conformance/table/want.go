package table

import (
	"maps"
	"slices"
	"strings"

	"github.com/goccy/go-yaml/ast"

	"github.com/header-auth/header-auth/host/headermap"
)

// want reads what must be observed. m is the request of the stream that the step is about, nil when it is about none.
func (r *reader) want(n ast.Node, m *message, configures bool, acts string) Want {
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
	r.exchange(&w, o, m)
	r.checkWant(o, w, m != nil)
	if o.has("accepted") {
		w.Refused = !r.boolean(o.fields["accepted"])
		if !configures {
			r.fault(o.fields["accepted"], "accepted in a step that does not configure, expected it with configure alone, remove it")
		}
	}
	if o.has("streams") {
		r.named(o.fields["streams"], "stream", func(name string, n ast.Node) {
			if s := r.open[name]; s == nil || name == acts {
				r.fault(n, "the stream %q is not open beside the step's own, expected another that is, remove it", name)
			} else if o, ok := r.object(n, exchangeShape); ok {
				other := StreamWant{Stream: name}
				r.exchange(&other.Want, o, &s.message)
				r.checkWant(o, other.Want, true)
				w.Streams = append(w.Streams, other)
			}
		})
	}
	return w
}

// exchange reads what must have become of a stream.
func (r *reader) exchange(e *Want, o object, m *message) {
	if o.has("reply") {
		reply := r.reply(o.fields["reply"])
		e.Reply = &reply
	}
	if o.has("forwarded") {
		if e.Forwarded, e.ForwardedEdit = r.edited(o.fields["forwarded"]); m != nil && e.ForwardedEdit == nil {
			e.Forwarded = m.complete(e.Forwarded)
		}
	}
	if o.has("response") {
		if s, ok := o.fields["response"].(*ast.StringNode); ok {
			e.ResponseIs = Received(s.Value)
			if e.ResponseIs != NoResponse && e.ResponseIs != Failed && e.ResponseIs != Cut {
				r.fault(s, "the text %q, expected none, failed or cut (or headers), change it", s.Value)
			}
		} else {
			e.Response, e.ResponseEdit = r.edited(o.fields["response"])
		}
	}
	if o.has("decision") {
		e.Decision = r.decision(o.fields["decision"])
	}
}

// edited reads headers: all of them, or {remove, add, set}.
func (r *reader) edited(n ast.Node) ([]headermap.Header, *Edit) {
	switch n.(type) {
	case *ast.MappingNode, *ast.MappingValueNode:
	default:
		return r.headers(n), nil
	}
	var e Edit
	o, ok := r.object(n, editShape)
	if ok && len(o.fields) == 0 && !o.odd {
		r.fault(n, "an edit of nothing, expected remove, add or set, leave it out")
	}
	if o.has("remove") {
		items, _ := r.list(o.fields["remove"], "header names")
		for _, item := range items {
			e.Remove = append(e.Remove, string(r.bytes(item)))
		}
	}
	if o.has("add") {
		e.Add = r.headers(o.fields["add"])
	}
	if o.has("set") {
		e.Set = r.headers(o.fields["set"])
	}
	return nil, &e
}

func (r *reader) decision(n ast.Node) Decision {
	s, ok := r.text(n)
	d := Decision(s)
	if ok && d != Allow && d != Refuse && d != Hold && d != Fail {
		r.fault(n, "the decision %q, expected allow, refuse, hold or fail, change it", s)
	}
	return d
}

// checkWant holds the keys of a want together: which decision goes with which.
func (r *reader) checkWant(o object, w Want, request bool) {
	if !request {
		for _, key := range []string{"decision", "reply", "forwarded", "response"} {
			if o.has(key) {
				r.fault(o.fields[key], "%s in a step that is about no stream, expected none, remove it (or say it of a stream in streams)", key)
			}
		}
		return
	}
	if !o.has("decision") {
		r.fault(o, "no key \"decision\" in this want, expected allow, refuse, hold or fail, add it")
		return
	}
	if w.Decision == Refuse && !o.has("reply") {
		r.fault(o, "refuse without a reply, expected the local response, add its name or its status, headers and body")
	}
	if w.Decision != Refuse && o.has("reply") {
		r.fault(o.fields["reply"], "a reply beside %s, expected one with refuse alone, remove it", w.Decision)
	}
	if w.Decision != Allow && o.has("forwarded") {
		r.fault(o.fields["forwarded"], "forwarded beside %s, expected it with allow alone, remove it", w.Decision)
	}
	if (w.Decision == Hold || w.Decision == Fail) && o.has("response") {
		r.fault(o.fields["response"], "response beside %s, expected none, remove it", w.Decision)
	}
}

// reply reads a local response: one named in the contract, or one written out.
func (r *reader) reply(n ast.Node) Reply {
	if s, ok := n.(*ast.StringNode); ok {
		reply, known := r.contract.Replies[s.Value]
		if !known && !r.blind {
			names := slices.Sorted(maps.Keys(r.contract.Replies))
			r.fault(n, "unknown reply %q, expected a name of contract.yaml (%s) or a mapping, %s", s.Value,
				strings.Join(names, ", "), suggest(s.Value, names, "add it there"))
		}
		return reply
	}
	var reply Reply
	o, ok := r.object(n, replyShape)
	if !ok {
		return reply
	}
	if o.has("status") {
		// The plugin's argument may be anything; that a status is a sensible one is the contract's business.
		reply.Status = r.integer(o.fields["status"], 0, 999)
	}
	if o.has("headers") {
		reply.Headers = r.headers(o.fields["headers"])
	}
	if o.has("body") {
		reply.Body = string(r.bytes(o.fields["body"]))
	}
	if o.has("grpc_status") {
		status := r.integer(o.fields["grpc_status"], -1, 1<<31-1)
		reply.GRPCStatus = &status
	}
	if o.has("details") {
		reply.Details = r.sentence(o.fields["details"], "details")
	}
	return reply
}

// logs reads the lines that must be written: any, or a list of names of the contract and of {level: text}.
func (r *reader) logs(n ast.Node) Logs {
	if s, ok := n.(*ast.StringNode); ok && s.Value == "any" {
		return Logs{Any: true}
	}
	var logs Logs
	items, _ := r.list(n, "log lines (or the word any)")
	for _, item := range items {
		if s, ok := item.(*ast.StringNode); ok {
			log, known := r.contract.Logs[s.Value]
			if !known && !r.blind {
				names := slices.Sorted(maps.Keys(r.contract.Logs))
				r.fault(item, "unknown log %q, expected a name of contract.yaml (%s) or {level: text}, %s", s.Value,
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
		r.fault(n, "a mapping of %d keys, expected one level and its text, write a log line for each", len(pairs))
		return Log{}
	}
	level := pairs[0].Key.String()
	if !slices.Contains(levels, level) {
		r.fault(n, "the log level %q, expected one of %s, %s", level, strings.Join(levels, ", "),
			suggest(level, levels, "change it"))
	}
	return Log{level, string(r.bytes(pairs[0].Value))}
}
