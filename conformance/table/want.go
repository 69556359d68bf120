package table

import (
	"maps"
	"slices"
	"strings"

	"github.com/goccy/go-yaml/ast"
)

// want reads what must be observed. m is the request the step sends, nil when it sends none.
func (r *reader) want(n ast.Node, m *message) Want {
	var w Want
	o, ok := r.object(n, wantShape)
	if !ok {
		return w
	}
	if o.has("logs") {
		w.Logs = r.logs(o.fields["logs"])
	}
	if o.has("memory") {
		if memory, ok := r.object(o.fields["memory"], memoryShape); ok && memory.has("grows_at_most") {
			w.MemoryGrowth, w.MemoryBounded = r.size(memory.fields["grows_at_most"]), true
		}
	}
	if o.has("reply") {
		reply := r.reply(o.fields["reply"])
		w.Reply = &reply
	}
	if o.has("forwarded") {
		w.Forwarded = r.headers(o.fields["forwarded"])
		if m != nil {
			w.Forwarded = m.complete(w.Forwarded)
		}
	}
	if o.has("response") {
		w.Response = r.headers(o.fields["response"])
	}
	if o.has("decision") {
		w.Decision = r.decision(o.fields["decision"])
	}
	r.checkWant(o, w, m != nil)
	return w
}

func (r *reader) decision(n ast.Node) Decision {
	s, ok := r.text(n)
	d := Decision(s)
	if ok && d != Allow && d != Refuse && d != Hold {
		r.fault(n, "the decision %q, expected allow, refuse or hold, change it", s)
	}
	return d
}

// checkWant holds the keys of a want together: which decision goes with which.
func (r *reader) checkWant(o object, w Want, request bool) {
	if !request {
		for _, key := range []string{"decision", "reply", "forwarded", "response"} {
			if o.has(key) {
				r.fault(o.fields[key], "%s in a step without a request, expected logs and memory alone, remove it", key)
			}
		}
		return
	}
	if !o.has("decision") {
		r.fault(o, "no key \"decision\" in this want, expected allow, refuse or hold, add it")
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
	if w.Decision == Hold && o.has("response") {
		r.fault(o.fields["response"], "response beside hold, expected none, remove it")
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
