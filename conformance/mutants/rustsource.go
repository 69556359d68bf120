package mutants

import (
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"
)

// Rust gives the mutants of the files of one crate: name to content. Files of tests are not to be among them; functions
// of an extern block are the host's.
func Rust(files map[string][]byte) ([]Mutant, error) {
	names := make([]string, 0, len(files))
	for name := range files {
		names = append(names, name)
	}
	slices.Sort(names)
	crate := rustCrate{host: map[string]bool{}, neighbours: map[string]string{}, paths: map[string]string{}}
	var walkers []*rustWalker
	for _, name := range names {
		w := &rustWalker{rustCrate: crate}
		w.file, w.source = name, string(files[name])
		tokens, err := scanRust(w.source)
		if err != nil {
			return nil, fmt.Errorf("scan %s: %w", name, err)
		}
		w.tokens, w.skipped = tokens, make([]bool, len(tokens))
		w.function = w.functionAt
		w.declarations()
		walkers = append(walkers, w)
	}
	var all []Mutant
	for _, w := range walkers {
		for i := range w.tokens {
			if !w.skipped[i] {
				w.token(i)
			}
		}
		all = append(all, w.done()...)
	}
	return all, nil
}

// rustCrate is what is known of all files.
type rustCrate struct {
	host       map[string]bool
	neighbours map[string]string // of a constant or Enum::Variant, the one declared beside it
	paths      map[string]string // of a constant, its module: it need not be imported where its neighbour is
}

type rustWalker struct {
	mutator
	rustCrate
	tokens    []rustToken
	skipped   []bool // types, signatures, attributes, tests, imports: nothing that runs
	functions []rustFunction
}

type rustFunction struct {
	name       string
	start, end int // offsets
}

// functionAt is the innermost function around an offset.
func (w *rustWalker) functionAt(offset int) string {
	name := ""
	for _, f := range w.functions {
		if f.start <= offset && offset < f.end {
			name = f.name
		}
	}
	return name
}

// is says whether the tokens from i on are these.
func (w *rustWalker) is(i int, texts ...string) bool {
	for n, t := range texts {
		if i+n < 0 || i+n >= len(w.tokens) || w.tokens[i+n].text != t {
			return false
		}
	}
	return true
}

// until is the first token from i on, at its level, that is one of these; the end of the level if there is none.
func (w *rustWalker) until(i int, texts ...string) int {
	for ; i < len(w.tokens); i++ {
		t := w.tokens[i]
		if slices.Contains(texts, t.text) || t.kind == closing {
			return i
		}
		if t.kind == opening {
			i = t.match
		}
	}
	return len(w.tokens) - 1
}

func (w *rustWalker) skip(from, to int) {
	for ; from <= to && from < len(w.tokens); from++ {
		w.skipped[from] = true
	}
}

// declarations notes what a file declares and which of its tokens are no program.
func (w *rustWalker) declarations() {
	module := "crate"
	if name := strings.TrimSuffix(path.Base(w.file), ".rs"); name != "lib" && name != "main" {
		module += "::" + name
	}
	var constants []string
	owner, ownerEnd := "", 0
	for i := 0; i < len(w.tokens); i++ {
		t := w.tokens[i]
		if t.start >= ownerEnd {
			owner = ""
		}
		switch {
		case t.text == "#" && (w.is(i+1, "[") || w.is(i+1, "!", "[")):
			i = w.attribute(i)
		case t.kind != word:
		case t.text == "use" || t.text == "mod" && w.is(i+2, ";") || t.text == "type":
			w.skip(i, w.until(i, ";"))
		case t.text == "extern":
			i = w.externBlock(i)
		case t.text == "struct" || t.text == "union":
			w.skip(i, w.itemEnd(i))
		case t.text == "enum":
			w.enum(i)
			w.skip(i, w.itemEnd(i))
		case t.text == "impl" || t.text == "trait":
			body := w.until(i, "{")
			owner, ownerEnd = w.ownerName(i, body), w.tokens[w.tokens[body].match].end
			w.skip(i, body)
		case t.text == "const" && i+2 < len(w.tokens) && w.tokens[i+2].text == ":" || t.text == "static":
			constants = append(constants, w.tokens[i+1].text)
			w.paths[w.tokens[i+1].text] = module
			w.skip(i, w.until(i, "=", ";"))
		case t.text == "fn" && i+1 < len(w.tokens) && w.tokens[i+1].kind == word:
			end := w.until(i, "{", ";")
			w.skip(i, end)
			if w.is(end, "{") && !w.skipped[w.tokens[end].match] {
				name := w.tokens[i+1].text
				if owner != "" {
					name = owner + "." + name
				}
				w.functions = append(w.functions, rustFunction{name, t.start, w.tokens[w.tokens[end].match].end})
			}
		}
	}
	neighbours(constants, w.neighbours)
}

// itemEnd is the last token of the item at i.
func (w *rustWalker) itemEnd(i int) int {
	end := w.until(i, "{", ";")
	if w.is(end, "{") {
		return w.tokens[end].match
	}
	return end
}

// attribute skips one, and what it is about if that is a test or not for this target.
func (w *rustWalker) attribute(i int) (last int) {
	start := i + 1
	if w.is(start, "!") {
		start++
	}
	end := w.tokens[start].match
	w.skip(i, end)
	content := oneLine(w.source[w.tokens[start].start:w.tokens[end].end])
	if content == "[cfg(test)]" || content == "[test]" || strings.HasPrefix(content, "[cfg(not(target_arch") {
		last := w.itemEnd(end + 1)
		w.skip(i, last)
		return last
	}
	return end
}

func (w *rustWalker) externBlock(i int) (last int) {
	body := w.until(i, "{", ";")
	if !w.is(body, "{") {
		w.skip(i, body)
		return body
	}
	if w.until(i, "fn") < body { // extern "C" fn name() { … }
		return i
	}
	last = w.tokens[body].match
	for j := body; j < last; j++ {
		if w.is(j, "fn") {
			w.host[w.tokens[j+1].text] = true
		}
	}
	w.skip(i, last)
	return last
}

// enum notes the variants without fields.
func (w *rustWalker) enum(i int) {
	body := w.until(i, "{")
	name := w.tokens[i+1].text
	var variants []string
	for j := body + 1; j < w.tokens[body].match; j++ {
		if w.tokens[j].kind == word && (w.is(j+1, ",") || j+1 == w.tokens[body].match) {
			variants = append(variants, name+"::"+w.tokens[j].text)
		}
		if w.tokens[j].kind == opening {
			j = w.tokens[j].match
		}
	}
	neighbours(variants, w.neighbours)
}

// ownerName is the type an impl is about: the last word before its body that is not inside <>.
func (w *rustWalker) ownerName(i, body int) string {
	name, depth := "", 0
	for j := i + 1; j < body; j++ {
		switch t := w.tokens[j]; {
		case t.text == "<":
			depth++
		case t.text == ">":
			depth--
		case t.text == "where":
			return name
		case t.kind == word && depth == 0:
			name = t.text
		}
	}
	return name
}

// The states in which the host holds a stream: the SDK declares them.
var rustActions = map[string]string{"Action::Pause": "Action::Continue", "Action::Continue": "Action::Pause"}

var constantName = regexp.MustCompile(`^[A-Z][A-Z0-9_]+$`)

// name puts another value in the place of a named one.
func (w *rustWalker) name(i int) {
	t := w.tokens[i]
	switch {
	case t.text == "true":
		w.replace(Name, t.start, t.end, "false")
	case t.text == "false":
		w.replace(Name, t.start, t.end, "true")
	case w.is(i-1, ".") && cousins[t.text] != "" && w.is(i+1, "("):
		w.replace(Arithmetic, t.start, t.end, cousins[t.text])
	case constantName.MatchString(t.text) && w.neighbours[t.text] != "":
		to := w.neighbours[t.text]
		if !w.is(i-1, "::") {
			to = w.paths[to] + "::" + to
		}
		w.replace(Name, t.start, t.end, to)
	case w.is(i-1, "::") && i >= 2:
		full := w.tokens[i-2].text + "::" + t.text
		to := w.neighbours[full]
		if to == "" {
			to = rustActions[full]
		}
		if to != "" {
			w.replace(Name, w.tokens[i-2].start, t.end, to)
		}
	}
}
