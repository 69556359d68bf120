package table

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/goccy/go-yaml/ast"
)

var namePattern = regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`)

// readGroup reads one file of cases; name is its stem.
func (r *reader) readGroup(name string, n ast.Node) Group {
	g := Group{Name: name}
	o, ok := r.object(n, fileShape)
	if !ok {
		return g
	}
	set(&g.Breaks, o, "breaks", r.sentence("breaks"))
	r.reasons(o, "file", "breaks")
	r.base = r.contract.Default
	if o.has("defaults") {
		r.defaults(o.fields["defaults"])
	}
	if o.has("cases") {
		for _, item := range r.filled(o.fields["cases"], "cases", "add one or remove the file") {
			before := len(*r.errors)
			if c, ok := r.readCase(name, item); ok {
				r.unique(c, len(*r.errors) == before)
				g.Cases = append(g.Cases, c)
			}
		}
	}
	return g
}

func (r *reader) readCase(group string, n ast.Node) (Case, bool) {
	c := r.base.Case
	c.Position, c.AnyAction = r.position(n), !r.contract.Strict.Actions
	o, ok := r.object(n, caseShape)
	if !ok {
		return c, false
	}
	if o.has("id") {
		c.ID, c.Position = r.caseID(group, o.fields["id"]), r.position(o.fields["id"])
	}
	set(&c.Clauses, o, "clauses", r.citations)
	set(&c.Why, o, "why", r.sentence("why"))
	r.reasons(o, "case", "clauses", "why")
	r.settings(&c, o)
	c.AnyAction = c.AnyAction || len(c.Chain.All()) > 0 // another plugin may have decided
	if !c.Start.Accepted {
		c.Good, c.GoodNone, c.GoodWhy = nil, false, ""
		for _, key := range []string{"steps", "good"} {
			if o.has(key) {
				r.errorf(o.fields[key], "%s in a case with a start that is refused, expected none, remove it", key)
			}
		}
		return c, true
	}
	if o.has("steps") {
		r.open, r.plugins = streams{}, map[string]bool{"": true, Main: true}
		c.Steps = each(r.filled(o.fields["steps"], "steps", "add one"), r.step)
		for name, s := range r.open {
			r.errorAt(s.opened, "the stream %q is still open at the end, expected finish or close, add one of them", name)
		}
	} else if !slices.Contains(o.meant, "steps") {
		r.errorf(n, "no key \"steps\" in this case, expected steps unless the start is refused, add them, such as "+
			"steps: [{request: {}}]")
	}
	return c, true
}

// reasons reports the keys that a table with strict reasons must have.
func (r *reader) reasons(o object, of string, keys ...string) {
	if r.contract.Strict.Reasons {
		lacks := slices.DeleteFunc(slices.Clone(keys), func(key string) bool {
			return o.has(key) || slices.Contains(o.meant, key)
		})
		r.missing(o.Node, lacks, of, "reasons (contract.yaml can say strict: {reasons: false})")
	}
}

// settings reads what a case and defaults share.
func (r *reader) settings(c *Case, o object) {
	if o.has("config") {
		c.Config = r.config(o.fields["config"])
	}
	r.world(&c.World, o)
	set(&c.Clock, o, "clock", r.clock)
	set(&c.Clusters, o, "clusters", r.clusters)
	set(&c.Chain, o, "chain", r.chain)
	set(&c.FailurePolicy, o, "failure_policy", r.policy)
	set(&c.BodyWhileHeld, o, "allow_on_headers_stop_iteration", r.boolean)
	set(&c.Start, o, "start", r.start)
	if o.has("good") {
		r.good(c, o.fields["good"])
	}
}

// config reads a configuration; null takes back that of the defaults.
func (r *reader) config(n ast.Node) []byte {
	if _, ok := n.(*ast.NullNode); ok && r.base.Case.Config != nil {
		return nil
	}
	if all := entries(n); len(all) > 0 && !slices.Contains(bytesShape.keys(), keyText(all[0])) {
		r.errorf(n, "a mapping with the key %q, expected the bytes that the plugin gets, write JSON as a text: '{%[1]q: …}'",
			keyText(all[0]))
		return []byte{}
	}
	return r.bytes(n)
}

// defaults reads what every case of a file, or of the table, has that does not say otherwise.
func (r *reader) defaults(n ast.Node) {
	if o, ok := r.object(n, defaultsShape); ok {
		r.settings(&r.base.Case, o)
		set(&r.base.Logs, o, "logs", r.logs)
		for key, field := range map[string]*bool{"calls": &r.base.AnyCalls, "metrics": &r.base.AnyMetrics,
			"effects": &r.base.AnyEffects, "grpc": &r.base.AnyGRPC} {
			if *field = *field || o.has(key); o.has(key) && !isAny(o.fields[key]) {
				r.errorf(o.fields[key], "%s in defaults, expected only the word any, write it or remove %s", key, key)
			}
		}
	}
}

func (r *reader) caseID(group string, n ast.Node) string {
	id, ok := r.text(n)
	if !ok {
		return ""
	}
	before, after, found := strings.Cut(id, "/")
	if found && before == group && namePattern.MatchString(after) {
		return id
	}
	name := "true-then-false"
	if last := id[strings.LastIndex(id, "/")+1:]; namePattern.MatchString(last) {
		name = last
	}
	r.errorf(n, "the case id %q, expected %s/ (the file's name) and a name of small letters, digits and dashes, "+
		"write it like %q", id, group, group+"/"+name)
	return id
}

func (r *reader) citations(n ast.Node) []string {
	if r.known == nil {
		r.known = map[string]bool{}
		for _, clause := range r.contract.Clauses {
			r.known[clause.ID], r.ids = true, append(r.ids, clause.ID)
		}
	}
	var ids []string
	cited := map[string]bool{}
	for _, item := range r.filled(n, "clause ids", "cite the clauses that the case tests") {
		id, ok := r.text(item)
		switch {
		case !ok || r.noContract:
		case !r.known[id]:
			r.errorf(item, "unknown clause %q, expected an id of contract.yaml, %s", id, r.suggest(id, r.ids, "add it there"))
		case cited[id]:
			r.errorf(item, "repeated clause %q, expected each once, remove it", id)
		}
		cited[id], ids = true, append(ids, id)
	}
	return ids
}

func (r *reader) start(n ast.Node) Start {
	start := Start{Accepted: true}
	o, ok := r.object(n, startShape)
	if !ok {
		return start
	}
	set(&start.Accepted, o, "accepted", r.boolean)
	e := r.effects(o)
	start.Logs, start.TickEvery, start.Trap = e.Logs, e.TickEvery, e.Trap
	start.Effects, start.AnyEffects = e.Effects, e.AnyEffects
	start.GRPC, start.AnyGRPC = e.GRPC, e.AnyGRPC
	start.Calls, start.AnyCalls, start.Metrics, start.AnyMetrics = e.Calls, e.AnyCalls, e.Metrics, e.AnyMetrics
	set(&start.Faults, o, "faults", r.hostFaults)
	if start.Accepted && start.Trap != "" {
		r.errorf(o.fields["trap"], "trap in a start that is accepted, expected accepted: false with it, change one")
	}
	return start
}

func (r *reader) policy(n ast.Node) string {
	s, ok := r.text(n)
	if ok && !slices.Contains(policies, s) {
		r.errorf(n, "the failure policy %q, expected one of %s, %s", s, strings.Join(policies, ", "), r.suggest(s, policies,
			"change it"))
	}
	return s
}

func (r *reader) hostFaults(n ast.Node) []HostFault {
	return each(r.list(n, "faults {function, status | bytes}"), r.hostFault)
}

var hostFunction = regexp.MustCompile(`^proxy_[a-z0-9_]+$`)

func (r *reader) hostFault(n ast.Node) HostFault {
	f := HostFault{Position: r.position(n)}
	o, ok := r.object(n, faultShape)
	if !ok {
		return f
	}
	if o.has("function") {
		if f.Function, ok = r.text(o.fields["function"]); ok && !hostFunction.MatchString(f.Function) {
			r.errorf(o.fields["function"], "the function %q, expected a host function, write it like %q", f.Function,
				"proxy_get_header_map_pairs")
		}
	}
	if o.has("status") == o.has("bytes") {
		r.errorf(n, "a fault with %s of status and bytes, expected exactly one, %s", pick(o.has("status"), "both", "neither"),
			pick(o.has("status"), "remove one", "add one"))
	}
	set(&f.Status, o, "status", r.status32)
	set(&f.Bytes, o, "bytes", r.bytes)
	set(&f.Nth, o, "nth", r.number(1, 1_000_000))
	return f
}

// good reads the request after the case: one of its own, or {none: reason}.
func (r *reader) good(c *Case, n ast.Node) {
	c.Good, c.GoodNone, c.GoodWhy = nil, false, ""
	if pairs := entries(n); len(pairs) > 0 && keyText(pairs[0]) == "none" {
		if o, ok := r.object(n, noGoodShape); ok && o.has("none") {
			c.GoodNone, c.GoodWhy = true, r.sentence("reason")(o.fields["none"])
		}
		return
	}
	c.Good = r.goodRequest(n)
}

func (r *reader) goodRequest(n ast.Node) *Request {
	request, _ := r.request(n)
	return request
}

func pick(condition bool, yes, no string) string {
	if condition {
		return yes
	}
	return no
}

// test is what a case does, without what it wants, as text: two cases with the same text are the same test.
func (c Case) test() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%t %q %s %s %t %s %+v", c.Config != nil, c.Config, c.Clock, c.FailurePolicy, c.BodyWhileHeld,
		faultsText(c.Start.Faults), c.Clusters)
	w := c.World
	fmt.Fprintf(&b, " %+v %+v %q %q %+v %q", w.Properties, w.Node, w.Plugin, w.RootID, w.VM, w.Random)
	fmt.Fprintf(&b, " %q %q", chainText(c.Chain.Before), chainText(c.Chain.Behind))
	for _, s := range c.Steps {
		fmt.Fprintf(&b, "\n%d %d %d %q", s.Times, s.Advance, s.Jump, s.Plugin)
		fmt.Fprintf(&b, " %q %t %q %q %q %q", s.Stream, s.HeadersOnly, s.Upload, s.Respond, s.Finish, s.Close)
		fmt.Fprintf(&b, " %+v %s %t", s.Clusters, faultsText(s.Faults), s.Want.Trap != "")
		if a := s.Answer; a != nil {
			fmt.Fprintf(&b, " %d %+v", a.Call, a.Answer)
		}
		if p := s.Configure; p != nil {
			fmt.Fprintf(&b, " %q %t %q %q", p.Plugin, p.Config != nil, p.Config, p.RootID)
		}
		if q := s.Request; q != nil {
			fmt.Fprintf(&b, " %q %t %q %q %+v", q.Headers, q.Body != nil, q.Body, q.Trailers, q.Properties)
			fmt.Fprintf(&b, " %q %t %q %q %s", q.Response.Headers, q.Response.Body != nil, q.Response.Body, q.Response.Trailers,
				q.Response.Failed)
		}
	}
	return b.String()
}

func chainText(plugins []ChainPlugin) (all []string) {
	for _, p := range plugins {
		all = append(all, fmt.Sprintf("%q %t %q %q %q", p.Module, p.Config != nil, p.Config, p.Plugin, p.RootID))
	}
	return all
}

func faultsText(faults []HostFault) string {
	var b strings.Builder
	for _, f := range faults {
		fmt.Fprintf(&b, " %s %d %t %q %d", f.Function, f.Status, f.Bytes != nil, f.Bytes, f.Nth)
	}
	return b.String()
}
