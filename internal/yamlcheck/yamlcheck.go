// Package yamlcheck looks at YAML before it is given to the YAML library, so that a wrong or hostile file is an error
// with its place. The library has no limits: what it needs grows with the square of the depth, of the keys of a
// mapping, and of empty lines in a text, and an alias inside the value of an anchor multiplies what stands there.
package yamlcheck

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/lexer"
)

// The limits of a file. The project's own files have a tenth of each.
const (
	MaxSource     = 2 << 20 // bytes
	maxDepth      = 100     // lists and mappings in one another
	maxKeys       = 1000    // of a mapping
	maxMarks      = 100     // tags, anchors and aliases
	maxEmptyLines = 100     // in a row
	maxTabs       = 200     // in a line
)

// Fault is what is wrong, with the place, counted from 1.
type Fault struct {
	Line, Column int
	Text         string
}

func (f *Fault) Error() string { return fmt.Sprintf("%d:%d: %s", f.Line, f.Column, f.Text) }

// Budget is how many words several sources may have together: texts, brackets, colons and dashes, as the library cuts
// them.
type Budget struct {
	Words int
	Of    string // what has them, for the message
	Cure  string
	used  int
}

// File checks the source of a file that stands alone.
func File(source []byte) *Fault {
	if len(source) > MaxSource {
		return &Fault{1, 1, fmt.Sprintf("more than %d bytes, expected fewer", MaxSource)}
	}
	return (&Budget{Words: 50_000, Of: "the file", Cure: "remove some"}).Check(source)
}

// Check says whether a source may be given to the YAML library; nil: it may. It takes time in proportion to the source.
func (b *Budget) Check(source []byte) *Fault {
	if f := plainText(source); f != nil {
		return f
	}
	if f := fewEmptyLines(source); f != nil {
		return f
	}
	return b.shallow(source)
}

// Message is what the library says is wrong with a source, and where. The whole text of its error shows the source,
// which takes time with the square of its length.
func Message(err error) *Fault {
	f := &Fault{Line: 1, Column: 1}
	var e yaml.Error
	if errors.As(err, &e) {
		f.Text, _, _ = strings.Cut(e.GetMessage(), "\n")
		if t := e.GetToken(); t != nil && t.Position != nil {
			f.Line, f.Column = t.Position.Line, t.Position.Column
		}
	} else {
		f.Text, _, _ = strings.Cut(err.Error(), "\n")
	}
	return f
}

// plainText finds the first character that YAML does not allow. The library would change it, and send another request.
func plainText(source []byte) *Fault {
	line, column, tabs := 1, 1, 0
	for rest := source; len(rest) > 0; column++ {
		char, size := utf8.DecodeRune(rest)
		what := ""
		switch {
		case char == utf8.RuneError && size == 1:
			what = fmt.Sprintf("the byte %02x, expected UTF-8, write bytes as {hex: …}", rest[0])
		case char == '\ufeff':
			what = "a byte order mark, expected UTF-8 without one, remove it"
		case char < ' ' && char != '\n' && char != '\r' && char != '\t', char >= 0x7f && char < 0xa0 && char != 0x85:
			what = fmt.Sprintf("the control character %02x, expected text, write it as \\x%02x in double quotes", char, char)
		}
		if char == '\t' {
			tabs++
		}
		if tabs > maxTabs { // behind each of them the library looks at the rest of the line
			what = fmt.Sprintf("more than %d tabs in a line, expected fewer, write them as \\t in double quotes", maxTabs)
		}
		if what != "" {
			return &Fault{line, column, what}
		}
		if rest = rest[size:]; char == '\n' {
			line, column, tabs = line+1, 0, 0
		}
	}
	return nil
}

func fewEmptyLines(source []byte) *Fault {
	line, empty := 0, 0
	for text := range bytes.Lines(source) {
		line++
		if empty++; len(bytes.TrimSpace(text)) > 0 {
			empty = 0
		}
		if empty > maxEmptyLines {
			return &Fault{line, 1, fmt.Sprintf("more than %d empty lines, expected fewer, remove some, "+
				`or write them as {text: "\n", times: …}`, maxEmptyLines)}
		}
	}
	return nil
}

// shallow finds what is too much for the library, or what it takes long to find wrong.
func (b *Budget) shallow(source []byte) *Fault {
	w := walk{anchored: -1}
	for _, t := range lexer.Tokenize(string(source)) {
		fault := w.take(t)
		switch {
		case fault != "":
		case len(w.open) > maxDepth:
			fault = fmt.Sprintf("more than %d lists and mappings in one another, expected fewer, remove some", maxDepth)
		case b.used >= b.Words:
			fault = fmt.Sprintf("more than %d texts and signs in %s, expected fewer, %s", b.Words, b.Of, b.Cure)
		}
		if fault != "" {
			return &Fault{t.Position.Line, t.Position.Column, fault}
		}
		w.before = t
		b.used++
	}
	return nil
}
