package textpb

import (
	"regexp"
	"regexp/syntax"
	"strings"

	"github.com/header-auth/header-auth/conformance/casefile"
)

// want is what must be true of the exchange; its first entry is the decision.
func (c *converter) want(t *Test) (casefile.Map, error) {
	var before, after Expectation
	if t.RequestHeaders != nil {
		before = t.RequestHeaders.Result
	}
	if t.ResponseHeaders != nil {
		after = t.ResponseHeaders.Result
	}
	decision, err := decisionOf(t, &before, &after)
	if err != nil {
		return nil, err
	}
	m := casefile.Map{{Key: "decision", Value: decision}}
	if decision != "allow" {
		reply := &before
		if decision == "replace" {
			reply = &after
		}
		r, err := c.reply(reply)
		if err != nil {
			return nil, err
		}
		m.Add("reply", r)
		m.Add("response", "any")
		m.Add("response_body", anyValue)
	}
	if decision != "refuse" {
		if len(before.Body) > 0 {
			return nil, cantSay("request_headers expects a body, which is there only in a local reply")
		}
		if err := c.part(&m, "forwarded", &before, t.RequestBody); err != nil {
			return nil, err
		}
	}
	if decision == "allow" {
		if len(after.Body) > 0 {
			return nil, cantSay("response_headers expects a body, which is there only in a local reply")
		}
		if err := c.part(&m, "response", &after, t.ResponseBody); err != nil {
			return nil, err
		}
	}
	return m, nil
}

// decisionOf is allow, or refuse or replace where a headers callback expects a local reply. The error is a cantSay.
func decisionOf(t *Test, before, after *Expectation) (string, error) {
	for _, all := range [][]Invocation{t.RequestBody, t.ResponseBody} {
		for i := range all {
			if e := &all[i].Result; e.Immediate != nil || len(e.Has) > 0 || len(e.Headers) > 0 {
				return "", cantSay("a body callback expects headers or a local reply, which the service's runner never " +
					"finds true")
			}
		}
	}
	const behind = cantSay("something is expected of callbacks behind a local reply, which are not made")
	switch {
	case before.Immediate != nil && (after.expects() || expects(t.RequestBody) || expects(t.ResponseBody)):
		return "", behind
	case before.Immediate != nil:
		return "refuse", nil
	case after.Immediate != nil && expects(t.ResponseBody):
		return "", behind
	case after.Immediate != nil:
		return "replace", nil
	}
	return "allow", nil
}

// expects says whether it expects more than log lines.
func (e *Expectation) expects() bool {
	return len(e.Has)+len(e.No)+len(e.Headers)+len(e.Body) > 0 || e.Immediate != nil
}

func expects(all []Invocation) bool {
	for i := range all {
		if all[i].Result.expects() {
			return true
		}
	}
	return false
}

// part adds what must be true of one direction.
func (c *converter) part(m *casefile.Map, key string, e *Expectation, bodies []Invocation) error {
	headers, err := c.headers(e)
	if err != nil {
		return err
	}
	m.Add(key, headers)
	body, err := c.wantedBody(bodies)
	if err != nil {
		return err
	}
	m.Add(key+"_body", body)
	return nil
}

// headers are {has, lacks}, or any.
func (c *converter) headers(e *Expectation) (any, error) {
	has, lacks := casefile.List{}, casefile.List{}
	for _, h := range e.Has {
		has = append(has, casefile.Pair(h.Name, h.Value))
	}
	for _, h := range e.No {
		lacks = append(lacks, casefile.Bytes(h.Name))
	}
	for _, matcher := range e.Headers {
		name, value, err := c.line(matcher)
		if err != nil {
			return nil, err
		}
		if pair := (casefile.List{casefile.Bytes(name), value}); matcher.Invert {
			lacks = append(lacks, pair)
		} else {
			has = append(has, pair)
		}
	}
	var m casefile.Map
	if len(has) > 0 {
		m.Add("has", has)
	}
	if len(lacks) > 0 {
		m.Add("lacks", lacks)
	}
	if m == nil {
		return "any", nil
	}
	return m, nil
}

var headerLine = regexp.MustCompile(`^((?:\(\?i\))?):?[A-Za-z0-9_-]+:`)

// line splits a matcher of lines "name: value".
func (c *converter) line(m Matcher) (name string, value any, err error) {
	if m.Exact != nil {
		at := strings.Index(*m.Exact, ": ")
		if at < 0 {
			return "", nil, cantSay("an exact header line without a colon and a space")
		}
		return strings.ToLower((*m.Exact)[:at]), casefile.Bytes((*m.Exact)[at+2:]), nil
	}
	if m.File != "" || m.Regex == "" {
		return "", nil, cantSay("a header line that must equal a file")
	}
	parsed, err := syntax.Parse(m.Regex, syntax.Perl)
	if err != nil {
		return "", nil, cantSay("the expression " + m.Regex + " is not RE2")
	}
	prefix := headerLine.FindString(m.Regex)
	if prefix == "" || parsed.Op == syntax.OpAlternate {
		return "", nil, cantSay("the expression " + m.Regex + " does not begin with the name of one header")
	}
	rest, flags := m.Regex[len(prefix):], ""
	if strings.HasPrefix(prefix, "(?i)") {
		prefix, flags = prefix[4:], "(?i)"
	}
	switch {
	case strings.HasPrefix(rest, " ") && !strings.HasPrefix(rest, " *") && !strings.HasPrefix(rest, " ?"):
		rest = rest[1:]
	case strings.HasPrefix(rest, ".*"):
	case strings.HasPrefix(rest, `\s*`), strings.HasPrefix(rest, " *"), strings.HasPrefix(rest, " ?"):
	default:
		return "", nil, cantSay("the expression " + m.Regex + " has no space behind the name of the header")
	}
	name = strings.ToLower(strings.TrimSuffix(prefix, ":"))
	if rest == ".*" {
		return name, anyValue, nil
	}
	return name, casefile.Map{{Key: "matches", Value: flags + rest}}, nil
}

// value is a matcher of one value.
func (c *converter) value(m Matcher) (any, error) {
	var v any
	switch {
	case m.Exact != nil:
		v = casefile.Bytes(*m.Exact)
	case m.Regex != "":
		if _, err := syntax.Parse(m.Regex, syntax.Perl); err != nil {
			return nil, cantSay("the expression " + m.Regex + " is not RE2")
		}
		v = casefile.Map{{Key: "matches", Value: m.Regex}}
	case m.File != "":
		content, err := c.read(m.File)
		if err != nil {
			return nil, err
		}
		v = c.keep(m.File, content)
	default:
		return nil, cantSay("a matcher without exact, regex and file, which the service's runner never finds true")
	}
	if m.Invert {
		v = casefile.Map{{Key: "not", Value: v}}
	}
	return v, nil
}

// values are matchers of which all must be true of one value.
func (c *converter) values(all []Matcher) (any, error) {
	list := casefile.List{}
	for _, m := range all {
		v, err := c.value(m)
		if err != nil {
			return nil, err
		}
		list = append(list, v)
	}
	switch len(list) {
	case 0:
		return anyValue, nil
	case 1:
		return list[0], nil
	}
	return casefile.Map{{Key: "all", Value: list}}, nil
}

// wantedBody is what must be true of the whole body. Of several invocations each has its own output, and the
// whole is one after the other.
func (c *converter) wantedBody(all []Invocation) (any, error) {
	if len(all) == 1 {
		return c.values(all[0].Result.Body)
	}
	whole, expression, exact := "", "", true
	for i := range all {
		m := all[i].Result.Body
		switch {
		case len(m) == 1 && !m[0].Invert && m[0].Exact != nil:
			whole += *m[0].Exact
			expression += regexp.QuoteMeta(*m[0].Exact)
		case len(m) == 1 && !m[0].Invert && m[0].Regex != "":
			expression += "(?:" + m[0].Regex + ")"
			exact = false
		case len(m) == 0:
			expression += "(?s:.*)"
			exact = false
		default:
			return nil, cantSay("several matchers, or one that is inverted or a file, for one of several bodies of an exchange")
		}
	}
	switch {
	case len(all) == 0:
		return anyValue, nil
	case exact:
		return casefile.Bytes(whole), nil
	}
	return c.value(Matcher{Regex: expression})
}

// reply is a local reply as a case has it.
func (c *converter) reply(e *Expectation) (casefile.Map, error) {
	var m casefile.Map
	if e.Immediate.Status != nil && *e.Immediate.Status > 0 {
		m.Add("status", int(*e.Immediate.Status))
	} else {
		m.Add("status", "any")
	}
	headers, err := c.headers(e)
	if err != nil {
		return nil, err
	}
	body, err := c.values(e.Body)
	if err != nil {
		return nil, err
	}
	m.Add("headers", headers)
	m.Add("body", body)
	if s := e.Immediate.GRPCStatus; s != nil {
		m.Add("grpc_status", int(int32(*s))) // the runner shows a plugin's -1 as 4294967295
	}
	if d := e.Immediate.Details; d != nil {
		if *d == "" {
			m.Add("details", casefile.Map{{Key: "matches", Value: ""}})
		} else {
			m.Add("details", casefile.Bytes(*d))
		}
	}
	return m, nil
}

// logs are {has, lacks}, nil when no line is expected. Of the levels those from the suite's on are looked at.
func (c *converter) logs(all []Matcher) (casefile.Map, error) {
	has, lacks := casefile.List{}, casefile.List{}
	for _, m := range all {
		invert := m.Invert
		m.Invert = false
		v, err := c.value(m)
		if err != nil {
			return nil, err
		}
		if !invert {
			has = append(has, casefile.Map{{Key: "any", Value: v}})
			continue
		}
		for _, level := range c.levels() {
			lacks = append(lacks, casefile.Map{{Key: level, Value: v}})
		}
	}
	var m casefile.Map
	if len(has) > 0 {
		m.Add("has", has)
	}
	if len(lacks) > 0 {
		m.Add("lacks", lacks)
	}
	return m, nil
}

// levels are those that the suite looks at: from info on unless it says otherwise.
func (c *converter) levels() (all []string) {
	least := c.suite.Level
	if least == 0 {
		least = 3
	}
	for _, name := range levelNames[least:] {
		all = append(all, strings.ToLower(name))
	}
	return all
}
