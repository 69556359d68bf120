package table

import (
	"bytes"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"unicode/utf8"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/lexer"
	"github.com/goccy/go-yaml/token"
)

// The limits of a table, so that a wrong or hostile one is an error with its place. The YAML library has none: what it needs
// grows with the square of the depth, of the keys of a mapping, and of empty lines in a text. The project's own table has a
// tenth of each.
const (
	maxSource     = 2 << 20   // bytes of a file
	maxSources    = 16 << 20  // of all files
	maxWords      = 500_000   // of all files: texts, brackets, colons and dashes, as the library cuts them
	maxDepth      = 100       // lists and mappings in one another
	maxKeys       = 1000      // of a mapping that is written in lines
	maxMarks      = 100       // tags, anchors and aliases of a file: no value may have one
	maxEmptyLines = 100       // in a row
	maxMade       = 256 << 20 // bytes of all values of a table, after times and parts
)

// used is how much of the limits for a whole table is used up.
type used struct{ words, made int }

// readFile reads a file of the table; what is wrong with it as a file is an error of the table.
func readFile(path string, before int, found *Errors) ([]byte, error) {
	fault := func(text string) ([]byte, error) {
		*found = append(*found, Error{Position{File: path}, text})
		return nil, nil
	}
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() { // a FIFO would be waited for
		return fault("no regular file, expected one with cases, remove or rename it")
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	source, err := io.ReadAll(io.LimitReader(f, maxSource+1))
	switch {
	case err != nil:
		return nil, &fs.PathError{Op: "read", Path: path, Err: err}
	case len(source) > maxSource:
		return fault(fmt.Sprintf("more than %d bytes, expected fewer, make it several files", maxSource))
	case before+len(source) > maxSources:
		return fault(fmt.Sprintf("more than %d bytes in the files of %s, expected fewer, make it several tables", maxSources, filepath.Dir(path)))
	}
	return source, nil
}

// bounded says whether a source may be given to the YAML library, and reports why not. It takes time in proportion to the
// source.
func (r *reader) bounded(source []byte) bool {
	return r.plainText(source) && r.fewEmptyLines(source) && r.shallow(source)
}

// plainText reports the first character that YAML does not allow. The library would change it, and send another request.
func (r *reader) plainText(source []byte) bool {
	line, column := 1, 1
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
		if what != "" {
			r.errorAt(Position{r.file, line, column}, "%s", what)
			return false
		}
		if rest = rest[size:]; char == '\n' {
			line, column = line+1, 0
		}
	}
	return true
}

func (r *reader) fewEmptyLines(source []byte) bool {
	line, empty := 0, 0
	for text := range bytes.Lines(source) {
		line++
		if empty++; len(bytes.TrimSpace(text)) > 0 {
			empty = 0
		}
		if empty > maxEmptyLines {
			r.errorAt(Position{r.file, line, 1}, `more than %d empty lines, expected fewer, remove some, or write them as {text: "\n", times: …}`, maxEmptyLines)
			return false
		}
	}
	return true
}

// frame is an open list or mapping; the column is 0 for one in brackets.
type frame struct {
	column  int
	mapping bool
	keys    int
}

// shallow reports what is too much for the library, or what it takes long to find wrong.
func (r *reader) shallow(source []byte) bool {
	var open []frame
	marks, documents := 0, 0
	var before *token.Token
	words := lexer.Tokenize(string(source))
	for _, t := range words {
		fault := ""
		top := func() *frame {
			if len(open) == 0 {
				return &frame{}
			}
			return &open[len(open)-1]
		}
		inBrackets := len(open) > 0 && top().column == 0
		switch t.Type {
		case token.SequenceStartType, token.MappingStartType:
			open = append(open, frame{})
		case token.SequenceEndType, token.MappingEndType:
			if !inBrackets {
				fault = fmt.Sprintf("not YAML: %s without its beginning, expected one YAML document, remove it", t.Value)
			} else {
				open = open[:len(open)-1]
			}
		case token.CollectEntryType:
			if before != nil && before.Type == token.CollectEntryType {
				fault = "not YAML: two commas, expected a value between them, remove one"
			}
		case token.SequenceEntryType, token.MappingKeyType, token.MappingValueType:
			if inBrackets {
				break
			}
			mapping, column := t.Type != token.SequenceEntryType, t.Position.Column
			if t.Type == token.MappingValueType && before != nil && before.Position.Line == t.Position.Line {
				column = before.Position.Column // of the key
			}
			for len(open) > 0 && (top().column > column || top().column == column && top().mapping != mapping && mapping) {
				open = open[:len(open)-1]
			}
			if len(open) == 0 || top().column < column || top().mapping != mapping {
				open = append(open, frame{column: column, mapping: mapping})
			}
			if top().keys++; mapping && top().keys > maxKeys {
				fault = fmt.Sprintf("more than %d keys in a mapping, expected fewer, remove some", maxKeys)
			}
		case token.TagType, token.AnchorType, token.AliasType:
			if marks++; marks > maxMarks {
				fault = fmt.Sprintf("more than %d tags, anchors and aliases, expected none, write the values out", maxMarks)
			}
		case token.DocumentHeaderType, token.DocumentEndType:
			open = open[:0]
			if documents++; documents > 2 {
				fault = "several documents, expected one in a file, remove the --- and ... lines"
			}
		}
		switch {
		case fault != "":
		case len(open) > maxDepth:
			fault = fmt.Sprintf("more than %d lists and mappings in one another, expected fewer, remove some", maxDepth)
		case r.used.words >= maxWords:
			fault = fmt.Sprintf("more than %d texts and signs in the table, expected fewer, make it several tables", maxWords)
		}
		if fault != "" {
			r.errorAt(Position{r.file, t.Position.Line, t.Position.Column}, "%s", fault)
			return false
		}
		before = t
		r.used.words++
	}
	return true
}

// charge counts the bytes of a value that is made, and reports when all values have too many.
func (r *reader) charge(n ast.Node, size int) bool {
	if r.used.made > maxMade {
		return false // reported
	}
	if r.used.made += size; r.used.made <= maxMade {
		return true
	}
	r.errorf(n, "more than %d bytes in the values of the table, expected fewer, lower times", maxMade)
	return false
}
