package bench

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// countLines is how many lines of the files hold code. A line of white space and comments does not count. The extension
// says which language a file is in: .go, .rs; anything else is read like C.
//
// A program that counts the lines of folders cannot be used instead: only the compiler knows which files go into a
// build, and a counter that strips comments by regular expressions miscounts what is in strings.
func countLines(root string, files []string) (lines int, err error) {
	for _, file := range files {
		if !filepath.IsAbs(file) {
			file = filepath.Join(root, filepath.FromSlash(file))
		}
		text, err := os.ReadFile(file)
		if err != nil {
			return 0, fmt.Errorf("count lines: %w", err)
		}
		lines += codeLines(string(text), filepath.Ext(file))
	}
	return lines, nil
}

// codeLines counts the lines of one file. A line inside a string of several lines holds code, unless it is blank.
func codeLines(text, extension string) (lines int) {
	code := false // on this line
	end := func() {
		if code {
			lines++
		}
		code = false
	}
	for len(text) > 0 {
		size, comment := lexeme(text, extension)
		for _, c := range []byte(text[:size]) {
			switch c {
			case '\n':
				end()
			case ' ', '\t', '\r', '\f':
			default:
				code = code || !comment
			}
		}
		text = text[size:]
	}
	end()
	return lines
}

// lexeme is the length of what the text begins with: a comment, a string, or one byte of something else. A comment or
// string without an end goes on to the end of the text.
func lexeme(text, extension string) (size int, comment bool) {
	rust, golang := extension == ".rs", extension == ".go"
	switch {
	case strings.HasPrefix(text, "//"):
		return through(text, 2, "\n") - 1, true
	case strings.HasPrefix(text, "/*"):
		return blockComment(text, rust), true
	case text[0] == '"':
		return quoted(text, '"'), false
	case golang && text[0] == '`':
		return through(text, 1, "`"), false
	case text[0] == '\'' && (!rust || isCharacter(text)):
		return quoted(text, '\''), false
	case rust && isWord(text[0]):
		return rustWord(text), false
	}
	return 1, false
}

// through is the length up to the next end, that included, from an offset on. Without one it is the whole text, as if a
// newline followed.
func through(text string, from int, end string) int {
	if i := strings.Index(text[from:], end); i >= 0 {
		return from + i + len(end)
	}
	if end == "\n" {
		return len(text) + 1
	}
	return len(text)
}

// blockComment is the length of a comment. In Rust one may hold others (Rust reference, Comments).
func blockComment(text string, nests bool) int {
	depth := 1
	for i := 2; i < len(text); i++ {
		switch {
		case strings.HasPrefix(text[i:], "*/"):
			if depth--; depth == 0 {
				return i + 2
			}
			i++
		case nests && strings.HasPrefix(text[i:], "/*"):
			depth++
			i++
		}
	}
	return len(text)
}

// quoted is the length of a literal in which a backslash escapes the next byte.
func quoted(text string, quote byte) int {
	for i := 1; i < len(text); i++ {
		switch text[i] {
		case '\\':
			i++
		case quote:
			return i + 1
		}
	}
	return len(text)
}

// isCharacter tells a character literal of Rust from a lifetime: 'a' from 'a.
func isCharacter(text string) bool {
	if strings.HasPrefix(text, `'\`) {
		return true
	}
	for i, r := range text[1:] { // one character, of any number of bytes
		return strings.HasPrefix(text[1+i+len(string(r)):], "'")
	}
	return false
}

func isWord(c byte) bool {
	return c == '_' || '0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || c >= 0x80
}

// rustWord is the length of a word, or of a raw string that begins with it: r"…", br#"…"#.
func rustWord(text string) int {
	n := 0
	for n < len(text) && isWord(text[n]) {
		n++
	}
	switch text[:n] {
	case "r", "br", "cr":
	default:
		return n
	}
	hashes := 0
	for n+hashes < len(text) && text[n+hashes] == '#' {
		hashes++
	}
	if !strings.HasPrefix(text[n+hashes:], `"`) {
		return n
	}
	return through(text, n+hashes+1, `"`+strings.Repeat("#", hashes))
}
