package record

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"

	"github.com/header-auth/header-auth/conformance/casefile"
	"github.com/header-auth/header-auth/conformance/suite"
)

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
	if !c.Seen.Start.Accepted {
		s.noRequests(n)
		return nil
	}
	return s.steps(n, c)
}

// start writes what must be so when the plugin starts, in place of what the file says. The faults are what is done, and
// stay.
func (s *source) start(n ast.Node, start casefile.Map) error {
	there := find(n, "start")
	if there == nil {
		s.newStart(n, start)
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

// newStart writes a start before the steps of a case that has none.
func (s *source) newStart(n ast.Node, start casefile.Map) {
	steps := find(n, "steps")
	if steps == nil {
		return
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
}

// noRequests takes the steps out of a case whose plugin does not start, and the request after it.
func (s *source) noRequests(n ast.Node) {
	for _, key := range []string{"steps", "good"} {
		switch p := find(n, key); {
		case p == nil || key == "steps" && closing(n) != nil && find(n, "start") == nil: // newStart has put a start there
		case closing(n) != nil:
			s.remove(p.Key.GetToken(), last(p.Value))
		default:
			low, high := s.lines(p.Key.GetToken(), p.Value)
			s.hide(low, high, p.Key.GetToken().Position.Column)
		}
	}
}

// steps gives each step of a case its want.
func (s *source) steps(n ast.Node, c *Case) error {
	steps, _ := valueOf(n, "steps").(*ast.SequenceNode)
	if steps == nil || len(steps.Values) != len(c.Steps) {
		return fmt.Errorf("case %s: the file has not its %d steps", c.ID, len(c.Steps))
	}
	d := describer{streams: suite.Exchanges{}}
	for i, step := range steps.Values {
		want := d.step(&c.Steps[i], &c.Seen.Steps[i])
		if end := closing(step); end != nil {
			s.add(end, "want: "+want.Flow())
			continue
		}
		key := first(step)
		_, high := s.lines(key, step)
		s.insertLine(high, indented(key.Position.Column, want))
	}
	return nil
}

// widest is the longest line that is written where it can be made several.
const widest = 120

// indented is a want at a column: in one line, or with a line for each key.
func indented(column int, want casefile.Map) string {
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
