package table

import (
	"fmt"
	"path/filepath"
)

// seen holds the cases of all files against each other.
type seen struct {
	ids, tests map[string]Case
}

// once reports a case whose id, or whose test, was there before. A test is compared when it could be read whole.
func (r *reader) once(c Case, whole bool) {
	if first, ok := r.seen.ids[c.ID]; ok && c.ID != "" {
		r.faultAt(c.Position, "repeated case id %q, expected each once, rename this one or that of %s:%d", c.ID,
			filepath.Base(first.Position.File), first.Position.Line)
	} else {
		r.seen.ids[c.ID] = c
	}
	if !whole {
		return
	}
	test := c.sameTest()
	if first, ok := r.seen.tests[test]; ok {
		r.faultAt(c.Position, "the same test as %s (%s:%d), expected each once, remove one or make them differ", first.ID,
			filepath.Base(first.Position.File), first.Position.Line)
	} else {
		r.seen.tests[test] = c
	}
}

// checkClauses reports the clauses that no case cites.
func (t *Table) checkClauses(faults *Errors) {
	cited := map[string]bool{}
	for _, c := range t.Cases() {
		for _, id := range c.Clauses {
			cited[id] = true
		}
	}
	for _, clause := range t.Contract.Clauses {
		if clause.ID != "" && !cited[clause.ID] {
			*faults = append(*faults, Error{clause.Position, fmt.Sprintf(
				"no case cites clause %q, expected one at least, write a case with clauses: [%q]", clause.ID, clause.ID)})
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
