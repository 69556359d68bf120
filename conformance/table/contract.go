package table

import (
	"regexp"

	"github.com/goccy/go-yaml/ast"
)

// contractFile is the only file of a table without cases.
const contractFile = "contract.yaml"

var clauseID = regexp.MustCompile(`^[0-9A-Za-z]+([.-][0-9A-Za-z]+)*$`)

// readContract fills r.contract.
func (r *reader) readContract(n ast.Node) {
	o, ok := r.object(n, contractShape)
	if !ok {
		return
	}
	set(&r.contract.Name, o, "name", r.sentence("name"))
	r.contract.Strict = Strict{Reasons: true, Duplicates: true}
	if o.has("strict") {
		if s, ok := r.object(o.fields["strict"], strictShape); ok {
			set(&r.contract.Strict.Reasons, s, "reasons", r.boolean)
			set(&r.contract.Strict.Duplicates, s, "duplicates", r.boolean)
			set(&r.contract.Strict.Actions, s, "actions", r.boolean)
			if s.unknownKey { // what is strict is not known
				r.contract.Strict = Strict{}
			}
		}
	}
	r.reasons(o, "contract", "clauses")
	if o.has("clauses") {
		first := map[string]int{}
		for _, item := range r.filled(o.fields["clauses"], "clauses {id, text}", "add one") {
			r.clause(item, first)
		}
	}
	if o.has("replies") {
		r.named(o.fields["replies"], "reply", func(name string, n ast.Node) {
			if _, ok := r.pairs(n, "the keys status, headers, body and grpc_status"); ok {
				r.contract.Replies[name] = r.reply(n)
			}
		})
	}
	if o.has("logs") {
		r.named(o.fields["logs"], "log", func(name string, n ast.Node) { r.contract.Logs[name] = r.log(n) })
	}
	if o.has("calls") {
		r.named(o.fields["calls"], "call", func(name string, n ast.Node) { r.contract.Calls[name] = r.call(n) })
	}
	r.base = Defaults{Case: Case{Start: Start{Accepted: true}}}
	if o.has("defaults") {
		r.defaults(o.fields["defaults"])
		if o.has("good") && (r.base.Case.Good != nil || r.base.Case.GoodNone) {
			r.errorf(o.fields["good"], "good here and in defaults, expected it once, remove one")
		}
	}
	r.contract.Default = r.base
	set(&r.contract.Good, o, "good", r.goodRequest)
}

func (r *reader) clause(n ast.Node, first map[string]int) {
	o, ok := r.object(n, clauseShape)
	if !ok {
		return
	}
	clause := Clause{Position: r.position(n)}
	if o.has("id") {
		id, ok := r.text(o.fields["id"])
		if ok && !clauseID.MatchString(id) {
			r.errorf(o.fields["id"],
				`the clause id %q, expected letters and digits joined by dots or dashes, write it like "2.3"`, id)
		}
		if line := first[id]; ok && line > 0 {
			r.errorf(o.fields["id"], "repeated clause id %q, expected each once, change this one or that of line %d", id, line)
		}
		first[id], clause.ID = clause.Position.Line, id
	}
	set(&clause.Text, o, "text", r.sentence("text"))
	r.contract.Clauses = append(r.contract.Clauses, clause)
}

// named reads a mapping from names to values.
func (r *reader) named(n ast.Node, what string, read func(name string, n ast.Node)) {
	pairs, _ := r.pairs(n, "a name for each "+what)
	lines := map[string]int{}
	for _, p := range pairs {
		name, ok := p.Key.(*ast.StringNode)
		if !ok || name.Value == "any" || !namePattern.MatchString(name.Value) {
			r.errorf(p, "the %s name %q, expected small letters, digits and dashes (and not any), change it", what,
				p.Key.String())
			continue
		}
		if line := lines[name.Value]; line > 0 {
			r.errorf(p, "repeated key %q, expected it once, remove this one or that of line %d", name.Value, line)
			continue
		}
		lines[name.Value] = r.position(p).Line
		read(name.Value, p.Value)
	}
}
