// Package bench writes what a benchmark measured and what follows from it: for a terminal, for a pull request, for
// benchstat, and as one HTML page that opens without a network.
//
// Every form says the same in the same order: the verdict in words and how sure it is, the check that allows it, the
// numbers, and where they come from. claims.go and sentences.go hold every sentence that is made of a finding. The
// tables are made once, as data, and each form lays them out.
package bench

import (
	"slices"
	"strings"

	"github.com/header-auth/header-auth/bench/evidence"
	"github.com/header-auth/header-auth/bench/verdict"
	"github.com/header-auth/header-auth/internal/units"
)

// question is the one that a report answers.
const question = "Which should we choose, and how sure are you?"

// section is a part of a report. Detail is shown only in the forms that have room for it.
type section struct {
	ID, Title string
	Lead      []string // paragraphs before its tables
	Grids     []grid
	Detail    bool
}

// grid is a table: a head and rows of cells.
type grid struct {
	Caption string
	Head    []string
	Rows    [][]cell
	Notes   []string // below it
	Detail  bool
	Fold    int // so many columns at the end are words, which the page and a terminal put in a line below their row
}

// Numeric says for each column whether most of its values are aligned as numbers.
func (g grid) Numeric() []bool {
	all := make([]bool, len(g.Head))
	for i := range g.Head {
		n := 0
		for _, row := range g.Rows {
			if i < len(row) && numeric(row[i].Text) {
				n++
			}
		}
		all[i] = i > 0 && 2*n > len(g.Rows)
	}
	return all
}

// Heads are those of the columns that are not words below their row.
func (g grid) Heads() []string { return g.Head[:len(g.Head)-g.Fold] }

// Beside are the cells of a row that stand beside each other.
func (g grid) Beside(row []cell) []cell { return row[:min(len(row), len(g.Head)-g.Fold)] }

// Below are the words below a row, without those that say nothing.
func (g grid) Below(row []cell) []cell {
	var said []cell
	for _, c := range row[len(g.Beside(row)):] {
		if c.Text != units.None && c.Text != "" {
			said = append(said, c)
		}
	}
	return said
}

func numeric(s string) bool {
	for _, sign := range []string{units.None, "± ", "× ", "< "} {
		s = strings.TrimPrefix(s, sign)
	}
	return s == "" || s[0] >= '0' && s[0] <= '9' && len(s) < 40
}

// cell is a value of a table.
type cell struct {
	Text string
	Tone tone
	Link string // address; "" for none
}

// tone is whether a value is good or bad for the reader. It is shown as a colour, and the text says the same.
type tone string

const (
	plain tone = ""
	good  tone = "good"
	bad   tone = "bad"
	warn  tone = "warn"
	dim   tone = "dim"
)

func text(s string) cell { return cell{Text: s} }

// view is a report being written.
type view struct {
	r *evidence.Report
	f *verdict.Findings
}

// reference is the build that others are compared with.
func (v view) reference() string {
	if v.f.Reference == "" && len(v.r.Builds) > 0 {
		return v.r.Builds[0].Name
	}
	return v.f.Reference
}

// sections are the report's sections in their order, without empty ones.
func (v view) sections() []section {
	all := append(v.envoySections(),
		v.published(), v.machines(), v.times(), v.undecided(), v.pairs(), v.tails(), v.startups(), v.memory(), v.resident(),
		v.sizes(), v.cost(), v.scale(), v.budgets(), v.against(), v.witnesses(), v.refused(), v.provenance(),
	)
	return slices.DeleteFunc(all, func(s section) bool { return len(s.Lead) == 0 && len(s.Grids) == 0 })
}
