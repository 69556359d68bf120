// Package words formats texts for the outputs of this module: plural forms, colours, plain tables.
package words

import (
	"fmt"
	"strings"
)

// Plural is a number and its noun: "1 case", "2 cases".
func Plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// Short is the start of a digest, long enough to distinguish two of them.
func Short(digest string) string {
	if digest == "" {
		return "unknown"
	}
	return digest[:min(12, len(digest))]
}

// Indent puts by before each line.
func Indent(s, by string) string {
	return by + strings.ReplaceAll(s, "\n", "\n"+by)
}

// OneLine replaces each sequence of white space by one space.
func OneLine(s string) string { return strings.Join(strings.Fields(s), " ") }

// FirstSentence is the first sentence of a text, for places with little room.
func FirstSentence(s string) string {
	sentence, _, cut := strings.Cut(OneLine(s), ". ")
	if cut {
		sentence += "."
	}
	return sentence
}

// Join joins the parts that are not empty.
func Join(separator string, parts ...string) string {
	var kept []string
	for _, p := range parts {
		if p != "" {
			kept = append(kept, p)
		}
	}
	return strings.Join(kept, separator)
}

// QuoteArg quotes a word for a shell, if it needs quotes.
func QuoteArg(s string) string {
	plain := func(r rune) bool {
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("-_./=:,+@%", r)
	}
	if s != "" && strings.TrimFunc(s, plain) == "" {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}
