// Package suggest finds the name that was meant, for a word that is misspelt.
package suggest

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Longer words are not compared, and no more names: it would take too long, and a name that was meant is short.
const (
	mostBytes = 100
	mostNames = 1000
)

// nearest returns at most three names that are similar to the word, the most similar first.
func nearest(word string, names []string) []string {
	if len(word) > mostBytes || len(names) > mostNames {
		return nil
	}
	type candidate struct {
		name  string
		edits int
	}
	var found []candidate
	for _, name := range names {
		if len(name) > mostBytes {
			continue
		}
		edits := distance(word, name)
		if strings.Contains(name, word) && word != "" {
			edits = 1
		}
		if edits <= 1+len(word)/3 {
			found = append(found, candidate{name, edits})
		}
	}
	slices.SortStableFunc(found, func(a, b candidate) int { return cmp.Compare(a.edits, b.edits) })
	var out []string
	for _, c := range found[:min(len(found), 3)] {
		out = append(out, c.name)
	}
	return out
}

// Or asks whether one of the nearest names was meant; without one it returns otherwise.
func Or(word string, names []string, otherwise string) string {
	near := nearest(word, names)
	if len(near) == 0 {
		return otherwise
	}
	for i, name := range near {
		near[i] = fmt.Sprintf("%q", name)
	}
	return "did you mean " + strings.Join(near, " or ") + "?"
}

// distance counts the insertions, deletions and replacements of bytes between two words.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			replaced := diagonal
			if a[i] != b[j] {
				replaced++
			}
			diagonal = row[j+1]
			row[j+1] = min(replaced, row[j]+1, diagonal+1)
		}
	}
	return row[len(b)]
}
