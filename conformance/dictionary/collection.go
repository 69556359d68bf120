package dictionary

import (
	"cmp"
	"slices"
	"strings"
)

// nearest is how many neighbours of a word are kept.
const nearest = 24

// collection has each word once, with the surest way in which it was found.
type collection struct {
	all   []*Word
	known map[string]*Word
}

func newCollection() *collection { return &collection{known: map[string]*Word{}} }

// add takes a text and, of one with blanks or marks in it, the names too. It returns what is now in the collection.
func (c *collection) add(text string, how How) (added []string) {
	text = strings.Trim(text, " ")
	if text == "" || len(text) > longest {
		return nil
	}
	texts := []string{text}
	if names := strings.FieldsFunc(text, func(r rune) bool { return !nameByte(byte(r)) && r != '/' }); len(names) != 1 || names[0] != text {
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

// neighbours notes that texts stand in one function.
func (c *collection) neighbours(texts []string) {
	for i, text := range texts {
		w := c.known[text]
		for _, other := range texts[max(0, i-nearest/2):min(len(texts), i+nearest/2+1)] {
			if other != text && len(w.Near) < nearest && !slices.Contains(w.Near, other) {
				w.Near = append(w.Near, other)
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

// Rank orders words so that those come first that a hidden door is likely to have, and keeps at most so many. Words
// that are known come last: they are the contract's, or other modules have them too, so that they are a library's or
// the runtime's. Among the others, those come first that look like a name, a path or a value, and that stand in one
// function with words of the contract or with what the module says to the host: there requests are decided.
func Rank(words []Word, known func(string) bool, most int) []Word {
	spoken := map[string]bool{}
	for _, w := range words {
		spoken[w.Text] = w.How == Spoken
	}
	weights := map[string]int{}
	for _, w := range words {
		weights[w.Text] = weight(w, known)
		if slices.ContainsFunc(w.Near, func(near string) bool { return len(near) > 3 && (spoken[near] || known(near)) }) {
			weights[w.Text] -= 4
		}
	}
	ranked := slices.Clone(words)
	slices.SortStableFunc(ranked, func(a, b Word) int {
		return cmp.Or(cmp.Compare(weights[a.Text], weights[b.Text]), cmp.Compare(a.How, b.How), cmp.Compare(len(a.Text), len(b.Text)))
	})
	return ranked[:min(len(ranked), most)]
}

// weight is the less, the likelier a word is.
func weight(w Word, known func(string) bool) (n int) {
	if known(w.Text) {
		n += 8
	}
	switch {
	case len(w.Text) < 3 || w.How == Compared && len(w.Text) == 3: // three bytes in a row are often printable by chance
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
	for _, ending := range []string{".rs", ".go", ".c", ".h"} { // of source files, in the texts of panics
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
