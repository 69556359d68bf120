package verdict

import (
	"fmt"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"

	"github.com/header-auth/header-auth/internal/input"
	"github.com/header-auth/header-auth/internal/yamlcheck"
)

// Budgets are the limits of budgets.yaml, by build and by "*" for every build that sets none of its own.
type Budgets struct {
	file   string // its base name
	builds []buildBudgets
}

type buildBudgets struct {
	build  string
	line   int
	limits []limit
	known  map[string]string // reasons by quantity
}

// limit is one line. Of the limits of one quantity the first whose pattern fits a scenario counts.
type limit struct {
	what, scenario string // scenario is a pattern for path.Match, "*" for all
	max            float64
	line           int
}

// BudgetError has the faults of a file of budgets, one line each: file:line:column, what is there, what was expected
// and how to mend it.
type BudgetError struct{ Faults []string }

func (e *BudgetError) Error() string { return strings.Join(e.Faults, "\n") }

// LoadBudgets reads a file of budgets. Its faults are a *BudgetError; a file that cannot be read is another error.
func LoadBudgets(file string) (*Budgets, error) {
	source, err := input.Read(file, yamlcheck.MaxSource)
	if err != nil {
		return nil, fmt.Errorf("read budgets: %w", err)
	}
	return parseBudgets(file, source)
}

// parseBudgets reads the text of a file of budgets; file is for messages.
func parseBudgets(file string, source []byte) (*Budgets, error) {
	r := &budgetReader{file: file}
	b := &Budgets{file: filepath.Base(file)}
	if body := r.parse(source); body != nil {
		for _, p := range r.pairs(body, `a mapping from builds, or "*", to their limits`) {
			b.builds = append(b.builds, r.build(p))
		}
	}
	if len(r.faults) > 0 {
		return nil, &BudgetError{r.faults}
	}
	return b, nil
}

type budgetReader struct {
	file   string
	faults []string
}

func (r *budgetReader) faultAt(line, column int, format string, args ...any) {
	r.faults = append(r.faults, fmt.Sprintf("%s:%d:%d: ", r.file, line, column)+fmt.Sprintf(format, args...))
}

func (r *budgetReader) fault(n ast.Node, format string, args ...any) {
	// The parser's own token for a block mapping is its first colon.
	switch m := n.(type) {
	case *ast.MappingNode:
		if len(m.Values) > 0 && !m.IsFlowStyle {
			n = m.Values[0].Key
		}
	case *ast.MappingValueNode:
		n = m.Key
	}
	at := n.GetToken().Position
	r.faultAt(at.Line, at.Column, format, args...)
}

func (r *budgetReader) parse(source []byte) ast.Node {
	if f := yamlcheck.File(source); f != nil {
		r.faultAt(f.Line, f.Column, "%s", f.Text)
		return nil
	}
	file, err := parser.ParseBytes(source, 0)
	if err != nil {
		m := yamlcheck.Message(err)
		r.faultAt(m.Line, m.Column, "not YAML: %s, expected one mapping with each key once, mend it at this place", m.Text)
		return nil
	}
	if len(file.Docs) != 1 || file.Docs[0].Body == nil {
		r.faultAt(1, 1, `%d documents, expected one mapping from builds, or "*", to their limits, write it`, len(file.Docs))
		return nil
	}
	return file.Docs[0].Body
}

// pairs are the entries of a mapping.
func (r *budgetReader) pairs(n ast.Node, expected string) []*ast.MappingValueNode {
	switch n := n.(type) {
	case *ast.MappingNode:
		return n.Values
	case *ast.MappingValueNode:
		return []*ast.MappingValueNode{n}
	case *ast.NullNode:
		r.fault(n, "nothing, expected %s, write it or remove the key", expected)
	default:
		r.fault(n, "%s, expected %s, write keys and values", n, expected)
	}
	return nil
}

// key is the text of a key.
func (r *budgetReader) key(p *ast.MappingValueNode) string {
	if s, ok := p.Key.(*ast.StringNode); ok {
		return s.Value
	}
	r.fault(p, "the key %s, expected a text, put it in quotes", p.Key)
	return ""
}

func (r *budgetReader) build(p *ast.MappingValueNode) buildBudgets {
	b := buildBudgets{build: r.key(p), line: p.Key.GetToken().Position.Line, known: map[string]string{}}
	for _, entry := range r.pairs(p.Value, "limits: "+strings.Join(quantityNames(), ", ")) {
		what := r.key(entry)
		if what == "known" {
			r.known(entry, &b)
			continue
		}
		q, ok := quantityNamed(what)
		if !ok {
			r.fault(entry, "unknown key %q, expected one of known, %s, change or remove it", what,
				strings.Join(quantityNames(), ", "))
			continue
		}
		switch entry.Value.(type) {
		case *ast.MappingNode, *ast.MappingValueNode:
			if !q.scenarios {
				r.fault(entry.Value, "limits by scenario, expected one of %s, as it has no scenarios", q.kind.expected)
				continue
			}
			for _, s := range r.pairs(entry.Value, "limits by scenario") {
				pattern := r.key(s)
				if _, err := path.Match(pattern, ""); err != nil {
					r.fault(s, "the pattern %q, expected a scenario's name or a pattern such as typical/headers-*, mend it", pattern)
				}
				b.limits = append(b.limits, limit{what, pattern, r.value(s.Value, q), s.Key.GetToken().Position.Line})
			}
		default:
			b.limits = append(b.limits, limit{what, "*", r.value(entry.Value, q), entry.Key.GetToken().Position.Line})
		}
	}
	return b
}

func (r *budgetReader) value(n ast.Node, q quantity) float64 {
	text := ""
	switch n := n.(type) {
	case *ast.StringNode:
		text = n.Value
	case *ast.IntegerNode, *ast.FloatNode:
		text = n.String()
	}
	v, ok := q.kind.parse(text)
	if !ok {
		r.fault(n, "%s, expected %s, change it", n, q.kind.expected)
	}
	return v
}

func (r *budgetReader) known(p *ast.MappingValueNode, b *buildBudgets) {
	if b.build == "*" {
		r.fault(p, `known for "*", expected under one build, move it: a limit that all builds are known to break is no limit`)
	}
	for _, entry := range r.pairs(p.Value, "reasons by quantity") {
		what := r.key(entry)
		reason, ok := entry.Value.(*ast.StringNode)
		switch {
		case !slices.Contains(quantityNames(), what):
			r.fault(entry, "unknown key %q, expected one of %s, change or remove it", what, strings.Join(quantityNames(), ", "))
		case !ok || strings.TrimSpace(reason.Value) == "":
			r.fault(entry.Value, "%s, expected the reason, a sentence, write it", entry.Value)
		default:
			b.known[what] = reason.Value
		}
	}
}
