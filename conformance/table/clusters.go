package table

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml/ast"

	"github.com/header-auth/header-auth/host/headermap"
)

// clusters reads {name: state | answer | [answers]}.
func (r *reader) clusters(n ast.Node) []Cluster {
	pairs, _ := r.pairs(n, "a state or answers for each cluster")
	lines := map[string]int{}
	var all []Cluster
	for _, p := range pairs {
		name, ok := p.Key.(*ast.StringNode)
		if !ok {
			r.errorf(p, "the cluster name %q, expected a text, put it in quotes", p.Key.String())
			continue
		}
		if line := lines[name.Value]; line > 0 {
			r.errorf(p, "repeated key %q, expected it once, remove this one or that of line %d", name.Value, line)
		}
		lines[name.Value] = r.position(p).Line
		all = append(all, r.cluster(name.Value, p.Value))
	}
	return all
}

func (r *reader) cluster(name string, n ast.Node) Cluster {
	c := Cluster{Name: name, State: Ready}
	switch n := n.(type) {
	case *ast.SequenceNode:
		c.Answers = each(r.filled(n, "answers", "write ready for a cluster that does not answer"), r.answer)
		return c
	case *ast.StringNode:
		switch state := ClusterState(n.Value); state {
		case Unknown, Empty, Ready:
			c.State = state
			return c
		}
	}
	c.Answers, c.Always = []Answer{r.answer(n)}, true
	return c
}

// kindsText names kinds of answers for an error message.
func kindsText(kinds []AnswerKind) string {
	all := make([]string, len(kinds))
	for i, k := range kinds {
		all[i] = string(k)
	}
	return strings.Join(all[:len(all)-1], ", ") + " or " + all[len(all)-1]
}

// answer reads {status, headers, body, trailers}, or the name of another AnswerKind.
func (r *reader) answer(n ast.Node) Answer {
	if s, ok := n.(*ast.StringNode); ok {
		kinds := append([]AnswerKind{None, Reset}, failures...)
		if kind := AnswerKind(s.Value); slices.Contains(kinds, kind) {
			return Answer{Kind: kind}
		}
		r.errorf(n, "the text %q, expected an answer {status, headers, body, trailers} or {grpc}, %s (and "+
			"for a whole cluster unknown, empty or ready), change it", s.Value, kindsText(kinds))
		return Answer{}
	}
	o, ok := r.object(n, answerShape)
	if !ok {
		return Answer{}
	}
	if o.has("grpc") {
		r.alone(o, "grpc")
		return r.grpcAnswer(o.fields["grpc"])
	}
	return r.answerOf(o)
}

// alone reports the keys beside one that has none.
func (r *reader) alone(o object, key string) {
	for _, other := range slices.Sorted(maps.Keys(o.fields)) {
		if other != key {
			r.errorf(o.fields[other], "%s beside %s, expected no other key, remove it or put it into %s", other, key, key)
		}
	}
}

func (r *reader) answerOf(o object) Answer {
	a := Answer{Headers: []headermap.Header{}}
	exact := o.has("exact") && r.boolean(o.fields["exact"])
	switch {
	case exact && o.has("status"):
		r.errorf(o.fields["status"], `status beside exact, expected headers alone, write it as the pseudo-header ":status"`)
	case exact && !o.has("headers"):
		r.errorf(o, "exact without headers, expected the whole list, add headers (it may be empty)")
	case !exact:
		status := 200
		set(&status, o, "status", r.number(100, 999))
		a.Headers = headermap.Of(":status", strconv.Itoa(status))
	}
	if o.has("headers") {
		a.Headers = append(a.Headers, r.headers(o.fields["headers"])...)
	}
	set(&a.Body, o, "body", r.bytes)
	set(&a.Trailers, o, "trailers", r.headers)
	return a
}

// answered reads the answer to a call that waits.
func (r *reader) answered(n ast.Node) *Answered {
	a := &Answered{}
	o, ok := r.object(n, answeredShape)
	if !ok {
		return a
	}
	if o.has("grpc") {
		r.alone(o, "grpc")
		return r.grpcAnswered(o.fields["grpc"])
	}
	set(&a.Call, o, "call", r.number(1, 1_000_000))
	if r.failedInstead(o, &a.Answer, []string{"status", "exact", "headers", "body", "trailers"}) == "" {
		a.Answer = r.answerOf(o)
	}
	return a
}

// failedInstead reads how a call fails in place of an answer, whose keys must not be there then. It returns the key
// that says so, "" if there is none.
func (r *reader) failedInstead(o object, a *Answer, keys []string) (instead string) {
	switch {
	case o.has("reset"):
		instead, a.Kind = "reset", Reset
		if !r.boolean(o.fields["reset"]) {
			r.errorf(o.fields["reset"], "reset: false, expected true, remove it")
		}
	case o.has("failed"):
		instead = "failed"
		kind, ok := r.text(o.fields["failed"])
		if a.Kind = AnswerKind(kind); ok && !slices.Contains(failures, a.Kind) {
			r.errorf(o.fields["failed"], "failed: %q, expected %s, change it", kind, kindsText(failures))
		}
	default:
		return ""
	}
	for _, key := range append([]string{"failed"}, keys...) {
		if key != instead && o.has(key) {
			r.errorf(o.fields[key], "%s beside %s, expected no other key of an answer, remove it", key, instead)
		}
	}
	return instead
}
