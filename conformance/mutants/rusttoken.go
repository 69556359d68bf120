package mutants

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// kind of a Rust token. Comments and blanks are none.
type kind int

const (
	word     kind = iota // identifier or keyword
	lifetime             // 'a
	number
	text      // "…", r"…", b"…", c"…"
	character // 'x', b'x'
	mark      // operators and separators, the longest that fits
	opening   // ( [ {
	closing
)

type rustToken struct {
	kind       kind
	text       string
	start, end int
	match      int // of an opening or closing one: the index of the other
}

var rustMarks = []string{
	"<<=", ">>=", "...", "..=", "::", "->", "=>", "==", "!=", "<=", ">=", "&&", "||", "+=", "-=", "*=", "/=", "%=", "^=", "&=", "|=",
	"<<", ">>", "..",
}

// scanRust splits a Rust source into tokens. It reads what compiles; of other text it may make an error.
func scanRust(source string) ([]rustToken, error) {
	var tokens []rustToken
	var open []int
	for i := 0; i < len(source); {
		end, k, err := nextRust(source, i, tokens)
		if err != nil {
			return nil, err
		}
		if k >= 0 {
			t := rustToken{kind: k, text: source[i:end], start: i, end: end}
			switch k {
			case opening:
				open = append(open, len(tokens))
			case closing:
				if len(open) == 0 {
					return nil, faultAt(source, i, "closes nothing")
				}
				t.match = open[len(open)-1]
				tokens[t.match].match = len(tokens)
				open = open[:len(open)-1]
			}
			tokens = append(tokens, t)
		}
		i = end
	}
	if len(open) > 0 {
		return nil, faultAt(source, tokens[open[0]].start, "is never closed")
	}
	return tokens, nil
}

func faultAt(source string, i int, fault string) error {
	return fmt.Errorf("line %d: %q %s", 1+strings.Count(source[:i], "\n"), source[i:i+1], fault)
}

// nextRust gives the end and the kind of what starts at i; the kind is -1 for blanks and comments.
func nextRust(source string, i int, before []rustToken) (end int, k kind, err error) {
	rest, c := source[i:], source[i]
	switch {
	case strings.HasPrefix(rest, "//"):
		if n := strings.IndexByte(rest, '\n'); n >= 0 {
			return i + n, -1, nil
		}
		return len(source), -1, nil
	case strings.HasPrefix(rest, "/*"):
		return blockComment(source, i)
	case c == ' ' || c == '\n' || c == '\t' || c == '\r':
		return i + 1, -1, nil
	case c == '"':
		return quotedText(source, i, i)
	case c == '\'':
		return quotedCharacter(source, i)
	case isDigit(c):
		return numberEnd(source, i, before), number, nil
	case isWordByte(c):
		end := i
		for end < len(source) && isWordByte(source[end]) {
			end++
		}
		switch prefix := source[i:end]; {
		case end < len(source) && source[end] == '\'' && prefix == "b":
			end, k, err := quotedCharacter(source, end)
			return end, k, err
		case end < len(source) && source[end] == '"' && (prefix == "b" || prefix == "c"):
			return quotedText(source, i, end)
		case end < len(source) && (source[end] == '"' || source[end] == '#') && (prefix == "r" || prefix == "br" || prefix == "cr"):
			return rawText(source, i, end)
		}
		return end, word, nil
	case strings.IndexByte("([{", c) >= 0:
		return i + 1, opening, nil
	case strings.IndexByte(")]}", c) >= 0:
		return i + 1, closing, nil
	}
	for _, m := range rustMarks {
		if strings.HasPrefix(rest, m) {
			return i + len(m), mark, nil
		}
	}
	return i + 1, mark, nil
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

func isWordByte(c byte) bool {
	return c == '_' || isDigit(c) || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || c >= utf8.RuneSelf
}

// numberEnd takes a point only where a fraction follows: 0..9 is a range and x.0.1 two fields.
func numberEnd(source string, i int, before []rustToken) int {
	end := i
	for end < len(source) && isWordByte(source[end]) {
		end++
	}
	field := len(before) > 0 && before[len(before)-1].text == "."
	if !field && end+1 < len(source) && source[end] == '.' && isDigit(source[end+1]) {
		for end++; end < len(source) && isWordByte(source[end]); end++ {
		}
	}
	return end
}

func blockComment(source string, i int) (int, kind, error) {
	depth := 0
	for end := i; end+1 < len(source); end++ {
		switch source[end : end+2] {
		case "/*":
			depth, end = depth+1, end+1
		case "*/":
			if depth, end = depth-1, end+1; depth == 0 {
				return end + 1, -1, nil
			}
		}
	}
	return 0, 0, faultAt(source, i, "starts a comment without an end")
}

func quotedText(source string, start, quote int) (int, kind, error) {
	for end := quote + 1; end < len(source); end++ {
		switch source[end] {
		case '\\':
			end++
		case '"':
			return end + 1, text, nil
		}
	}
	return 0, 0, faultAt(source, start, "starts a text without an end")
}

func rawText(source string, start, i int) (int, kind, error) {
	fence := i
	for fence < len(source) && source[fence] == '#' {
		fence++
	}
	end := strings.Index(source[min(fence+1, len(source)):], `"`+source[i:fence])
	if fence >= len(source) || source[fence] != '"' || end < 0 {
		return 0, 0, faultAt(source, start, "starts a raw text without an end")
	}
	return fence + 1 + end + 1 + (fence - i), text, nil
}

// quotedCharacter tells a character from a lifetime, which has no second quote.
func quotedCharacter(source string, quote int) (int, kind, error) {
	if quote+1 < len(source) && source[quote+1] == '\\' {
		if n := strings.IndexByte(source[min(quote+3, len(source)):], '\''); n >= 0 {
			return quote + 3 + n + 1, character, nil
		}
		return 0, 0, faultAt(source, quote, "starts a character without an end")
	}
	_, size := utf8.DecodeRuneInString(source[quote+1:])
	if end := quote + 1 + size; end < len(source) && source[end] == '\'' {
		return end + 1, character, nil
	}
	end := quote + 1
	for end < len(source) && isWordByte(source[end]) {
		end++
	}
	return end, lifetime, nil
}
