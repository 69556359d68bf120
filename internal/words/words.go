// Package words is how the reports of this module speak: plural forms, colours, plain tables.
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

// Short is as much of a digest as tells two of them apart by eye.
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

// OneLine makes one space of all white space.
func OneLine(s string) string { return strings.Join(strings.Fields(s), " ") }

// FirstSentence is as much of a text as fits where there is little room.
func FirstSentence(s string) string {
	sentence, _, cut := strings.Cut(OneLine(s), ". ")
	if cut {
		sentence += "."
	}
	return sentence
}

// Join joins what is not empty.
func Join(separator string, parts ...string) string {
	var kept []string
	for _, p := range parts {
		if p != "" {
			kept = append(kept, p)
		}
	}
	return strings.Join(kept, separator)
}

// QuoteArg makes a word safe to paste into a shell.
func QuoteArg(s string) string {
	plain := func(r rune) bool {
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("-_./=:,+@%", r)
	}
	if s != "" && strings.TrimFunc(s, plain) == "" {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}
