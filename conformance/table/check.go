package table

import (
	"crypto/sha256"
	"fmt"
	"path/filepath"
)

// earlier are the cases that were read before, by id and by test.
type earlier struct {
	ids   map[string]Case
	tests map[[sha256.Size]byte]Case // by the digest of what they do
}

// unique reports a case with the id or the test of an earlier one. The test is compared only if
// it was read without error.
func (r *reader) unique(c Case, whole bool) {
	if first, ok := r.earlier.ids[c.ID]; ok && c.ID != "" {
		r.errorAt(c.Position, "repeated case id %q, expected each once, rename this one or that of %s:%d", c.ID,
			filepath.Base(first.Position.File), first.Position.Line)
	} else {
		r.earlier.ids[c.ID] = c
	}
	if !whole || r.used.tests > maxTests {
		return
	}
	text := c.test()
	if r.used.tests += len(text); r.used.tests > maxTests {
		r.errorAt(c.Position, "more than %d bytes in the cases so far, each with the values of defaults, expected fewer, "+
			"take large values out of defaults", maxTests)
	}
	test := sha256.Sum256([]byte(text))
	if first, ok := r.earlier.tests[test]; ok {
		text := fmt.Sprintf("the same test as %s (%s:%d), expected each once, remove one or make them differ", first.ID,
			filepath.Base(first.Position.File), first.Position.Line)
		if r.contract.Strict.Duplicates {
			r.errorAt(c.Position, "%s", text)
		} else {
			*r.warnings = append(*r.warnings, Error{c.Position, text})
		}
	} else {
		r.earlier.tests[test] = c
	}
}

// checkClauses reports the clauses that no case cites.
func (t *Table) checkClauses(found *Errors) {
	cited := map[string]bool{}
	for _, c := range t.Cases() {
		for _, id := range c.Clauses {
			cited[id] = true
		}
	}
	for _, clause := range t.Contract.Clauses {
		if clause.ID != "" && !cited[clause.ID] {
			*found = append(*found, Error{clause.Position, fmt.Sprintf(
				"no case cites clause %q, expected at least one, write a case with clauses: [%q]", clause.ID, clause.ID)})
		}
	}
}

// Cases returns all cases in the order of the files.
func (t *Table) Cases() []Case {
	var all []Case
	for _, g := range t.Groups {
		all = append(all, g.Cases...)
	}
	return all
}

// Len returns the number of cases.
func (t *Table) Len() int {
	n := 0
	for _, g := range t.Groups {
		n += len(g.Cases)
	}
	return n
}
