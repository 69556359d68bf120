package table

import (
	"slices"

	"github.com/goccy/go-yaml/ast"
)

// grpcAnswer reads what the server of a gRPC call sends.
func (r *reader) grpcAnswer(n ast.Node) Answer {
	o, ok := r.object(n, grpcAnswerShape)
	if !ok {
		return Answer{GRPC: true}
	}
	return r.grpcAnswerOf(o)
}

func (r *reader) grpcAnswerOf(o object) Answer {
	a := Answer{GRPC: true}
	set(&a.Headers, o, "initial_metadata", r.headers)
	a.Messages = oneOrMore(r, o, r.bytes)
	set(&a.Trailers, o, "trailing_metadata", r.headers)
	set(&a.Status, o, "status", r.number(0, 1<<31-1))
	set(&a.StatusMessage, o, "status_message", r.bytesText)
	a.Closes = o.has("status")
	for _, key := range []string{"status_message", "trailing_metadata"} {
		if o.has(key) && !a.Closes {
			r.errorf(o.fields[key], "%s without a status, expected the status that it comes with, add status: 0 (or another)",
				key)
		}
	}
	if len(o.fields) == 0 && !o.unknownKey {
		r.errorf(o, "an empty answer to a gRPC call, expected a message or a status, add one of them")
	}
	return a
}

// oneOrMore reads message, or messages.
func oneOrMore[T any](r *reader, o object, read func(ast.Node) T) []T {
	switch {
	case o.has("message") && o.has("messages"):
		r.errorf(o.fields["message"], "message beside messages, expected one of them, put all into messages")
	case o.has("message"):
		return []T{read(o.fields["message"])}
	case o.has("messages"):
		return each(r.list(o.fields["messages"], "messages"), read)
	}
	return nil
}

// grpcAnswered reads the answer to a gRPC call that waits.
func (r *reader) grpcAnswered(n ast.Node) *Answered {
	a := &Answered{Answer: Answer{GRPC: true}}
	o, ok := r.object(n, grpcAnsweredShape)
	if !ok {
		return a
	}
	set(&a.Call, o, "call", r.number(1, 1_000_000))
	instead := r.failedInstead(o, &a.Answer, grpcAnswerShape.optional)
	if instead == "" {
		delete(o.fields, "call")
		a.Answer = r.grpcAnswerOf(o)
	}
	return a
}

// wantedGRPC reads a gRPC call that the plugin makes, or what it does on one of an earlier step.
func (r *reader) wantedGRPC(n ast.Node) (w WantedGRPC) {
	o, ok := r.object(n, grpcShape)
	if !ok {
		return w
	}
	set(&w.Call, o, "call", r.number(1, 1_000_000))
	made := []string{"cluster", "service", "method"}
	if o.has("call") {
		for _, key := range append(made, "metadata", "timeout_ms") {
			if o.has(key) {
				r.errorf(o.fields[key], "%s beside call, expected it only of a call that is made in this step, "+
					"remove one of the two", key)
			}
		}
	} else {
		lacks := slices.DeleteFunc(made, func(key string) bool { return o.has(key) || o.unknownKey })
		r.missing(n, lacks, "gRPC call", "cluster, service and method, or call with the number of an earlier one")
		r.checkGRPCKind(o)
	}
	set(&w.Cluster, o, "cluster", r.pattern)
	set(&w.Service, o, "service", r.pattern)
	set(&w.Method, o, "method", r.pattern)
	if o.has("metadata") {
		list, some := r.wholeOrPartial(o.fields["metadata"])
		if w.Metadata = some; some == nil && len(list) > 0 {
			w.Metadata = &Headers{List: Wanted(list)}
		}
	}
	w.Stream = o.has("messages")
	w.Messages = oneOrMore(r, o, r.pattern)
	if w.AnyTimeout = isAny(o.fields["timeout_ms"]); !w.AnyTimeout {
		set(&w.TimeoutMS, o, "timeout_ms", r.number(0, 1<<31-1))
	}
	set(&w.Ended, o, "ended", r.boolean)
	set(&w.Cancelled, o, "cancelled", r.boolean)
	return w
}

// checkGRPCKind checks that a new call is one of the two kinds: with a message and a time-out, or a stream.
func (r *reader) checkGRPCKind(o object) {
	switch {
	case o.has("message") && o.has("messages"): // oneOrMore reports it
	case o.has("message") && !o.has("timeout_ms") && !o.unknownKey:
		r.errorf(o, "a gRPC call with a message and no timeout_ms, expected its time-out, add it (or any), "+
			"or write messages: [ ] for a stream")
	case o.has("messages") && o.has("timeout_ms"):
		r.errorf(o.fields["timeout_ms"], "timeout_ms beside messages, expected none of a stream, remove it")
	case o.has("message") && o.has("ended"):
		r.errorf(o.fields["ended"], "ended beside message, expected it only of a stream, remove it")
	case !o.has("message") && !o.has("messages") && !o.unknownKey:
		r.errorf(o, "a gRPC call without message and messages, expected the message of a call or the messages "+
			"of a stream, add one of them")
	}
}
