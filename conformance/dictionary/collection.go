package dictionary

import (
	"cmp"
	"slices"
	"strings"
)

// maxNeighbours is the largest number of neighbours that are stored for a word.
const maxNeighbours = 24

// collection contains each word once, with the most certain way in which it was found.
type collection struct {
	all   []*Word
	known map[string]*Word
}

func newCollection() *collection { return &collection{known: map[string]*Word{}} }

// add adds a text. If the text has blanks or other separators, it also adds the names in it. It returns everything it
// has added.
func (c *collection) add(text string, how How) (added []string) {
	text = strings.Trim(text, " ")
	if text == "" || len(text) > maxLength {
		return nil
	}
	texts := []string{text}
	if names := strings.FieldsFunc(text, func(r rune) bool { return !nameByte(byte(r)) && r != '/' }); len(names) != 1 ||
		names[0] != text {
		texts = append(texts, names...)
	}
	for _, t := range texts {
		w := c.known[t]
		if w == nil {
			w = &Word{Text: t, How: how}
			c.known[t] = w
			c.all = append(c.all, w)
		}
		w.How = min(w.How, how)
	}
	return texts
}

// neighbours stores that these texts occur in the same function.
func (c *collection) neighbours(texts []string) {
	for i, text := range texts {
		w := c.known[text]
		for _, other := range texts[max(0, i-maxNeighbours/2):min(len(texts), i+maxNeighbours/2+1)] {
			if other != text && len(w.Neighbours) < maxNeighbours && !slices.Contains(w.Neighbours, other) {
				w.Neighbours = append(w.Neighbours, other)
			}
		}
	}
}

func (c *collection) words() []Word {
	all := make([]Word, len(c.all))
	for i, w := range c.all {
		all[i] = *w
	}
	return all
}

// Rank sorts words so that the likeliest words of a hidden door come first, and returns at most so many. Known words
// come last: they belong to the contract, or to a library or a runtime that other modules contain, too. Of the
// others, words come first that look like a name, a path or a value, and that occur in the same function as a word of
// the contract or a text that is passed to the host: such a function decides about requests.
func Rank(words []Word, known func(string) bool, most int) []Word {
	passed := map[string]bool{}
	for _, w := range words {
		passed[w.Text] = w.How == PassedToHost
	}
	weights := map[string]int{}
	for _, w := range words {
		weights[w.Text] = weight(w, known)
		if slices.ContainsFunc(w.Neighbours, func(neighbour string) bool {
			return len(neighbour) > 3 && (passed[neighbour] || known(neighbour))
		}) {
			weights[w.Text] -= 4
		}
	}
	ranked := slices.Clone(words)
	slices.SortStableFunc(ranked, func(a, b Word) int {
		return cmp.Or(cmp.Compare(weights[a.Text], weights[b.Text]), cmp.Compare(a.How, b.How),
			cmp.Compare(len(a.Text), len(b.Text)))
	})
	return ranked[:min(len(ranked), most)]
}

// weight is lower for a likelier word.
func weight(w Word, known func(string) bool) (n int) {
	if known(w.Text) {
		n += 8
	}
	switch {
	case len(w.Text) < 3 || w.How == Compared && len(w.Text) == 3: // three bytes are often printable by chance
		n += 3
	case strings.Trim(w.Text, "0123456789") == "":
		n += 2
	}
	if strings.Contains(w.Text, " ") {
		n += 2
	}
	if len(w.Text) > 32 {
		n += 2
	}
	for _, ending := range []string{".rs", ".go", ".c", ".h"} { // source files, in the messages of panics
		if strings.HasSuffix(w.Text, ending) {
			n += 4
		}
	}
	for _, c := range []byte(w.Text) {
		if !nameByte(c) && c != '/' && c != ' ' && c != '=' && c != ':' && c != '?' {
			n += 2
			break
		}
	}
	return n
}
