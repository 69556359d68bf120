package mutants

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// token changes what starts at a token in every way there is for it.
func (w *rustWalker) token(i int) {
	t := w.tokens[i]
	switch t.kind {
	case number:
		if !w.is(i-1, ".") {
			w.number(t)
		}
	case character:
		w.character(t)
	case text:
		w.literal(t)
	case mark:
		w.mark(i)
	case word:
		w.word(i)
	case opening:
		if t.text == "{" {
			w.call(i + 1)
		}
	}
	if t.text == ";" || t.text == "}" {
		w.call(i + 1)
	}
}

func (w *rustWalker) number(t rustToken) {
	digits := strings.TrimRight(t.text, "iuszef0123456789_") // leaves nothing of a plain decimal
	literal, suffix := t.text, ""
	if digits == "" || strings.HasPrefix(t.text, "0x") {
		if n := strings.IndexAny(literal, "iu"); n > 0 {
			literal, suffix = literal[:n], literal[n:]
		}
		for _, by := range []int64{1, -1} {
			if to, ok := moveNumber(literal, by); ok {
				w.replace(Number, t.start, t.end, to+suffix)
			}
		}
	}
}

func (w *rustWalker) character(t rustToken) {
	quoted, byteLiteral := strings.CutPrefix(t.text, "b")
	c, ok := rustCharacter(quoted[1 : len(quoted)-1])
	if !ok {
		return
	}
	for _, to := range []rune{c + 1, max(0, c-1)} {
		switch {
		case byteLiteral && to <= 0xff:
			w.replace(Number, t.start, t.end, fmt.Sprintf(`b'\x%02x'`, to))
		case !byteLiteral:
			w.replace(Number, t.start, t.end, fmt.Sprintf(`'\u{%x}'`, to))
		}
	}
}

func rustCharacter(content string) (rune, bool) {
	if hex, ok := strings.CutPrefix(content, `\u{`); ok {
		n, err := strconv.ParseInt(strings.TrimSuffix(hex, "}"), 16, 32)
		return rune(n), err == nil
	}
	if content == `\0` {
		return 0, true
	}
	c, _, _, err := strconv.UnquoteChar(content, 0)
	return c, err == nil
}

// literal is a text; one of bytes is as a rule a set, of which each byte is left out once.
func (w *rustWalker) literal(t rustToken) {
	quote := t.start + strings.IndexByte(t.text, '"') + 1
	w.replace(Text, quote, quote, stranger(t.text))
	content := w.source[quote : t.end-1]
	if strings.HasPrefix(t.text, `b"`) && len(content) > 1 && !strings.Contains(content, `\`) {
		for n := range len(content) {
			w.replace(Arm, quote+n, quote+n+1, "")
		}
	}
}

// spaced says whether blanks surround a token: cargo fmt writes binary operators so and nothing else.
func (w *rustWalker) spaced(t rustToken) bool {
	blank := func(c byte) bool { return c == ' ' || c == '\n' }
	return t.start > 0 && t.end < len(w.source) && blank(w.source[t.start-1]) && blank(w.source[t.end])
}

func (w *rustWalker) mark(i int) {
	t := w.tokens[i]
	compound := strings.TrimSuffix(t.text, "=")
	switch {
	case t.text == "..=":
		w.replace(Boundary, t.start, t.end, "..")
	case t.text == "..":
		if before, after := w.tokens[i-1], w.tokens[i+1]; before.kind != opening && before.text != "," && after.kind != closing {
			w.replace(Boundary, t.start, t.end, "..=")
		}
	case t.text == "!" && i+1 < len(w.tokens) && !w.spaced(t) && w.tokens[i+1].start == t.end && !w.isMacro(i):
		w.replace(Logic, t.start, t.end, "")
	case t.text == "-" && !w.spaced(t):
		w.replace(Arithmetic, t.start, t.end, "")
	case t.text == "?" && w.is(i+1, ";"):
		if start := w.statement(i); w.tokens[start].text != "let" && w.until(start, "=") > i {
			w.replace(Return, t.start, t.end, ".ok()")
		}
	case !w.spaced(t):
	case t.text == "=":
		w.assignment(i, "")
	case opposed[compound] != "" && compound != t.text && negated[t.text] == "":
		w.assignment(i, compound)
	default:
		w.binary(i)
	}
}

func (w *rustWalker) isMacro(i int) bool {
	return i > 0 && w.tokens[i-1].kind == word && w.tokens[i-1].end == w.tokens[i].start
}

func (w *rustWalker) binary(i int) {
	t := w.tokens[i]
	if to, ok := negated[t.text]; ok {
		w.replace(Comparison, t.start, t.end, to)
	}
	if to, ok := shifted[t.text]; ok {
		w.replace(Boundary, t.start, t.end, to)
	}
	if to, ok := swapped[t.text]; ok {
		w.replace(Logic, t.start, t.end, to)
		left, right := w.left(i), w.right(i)
		if !slices.ContainsFunc(w.tokens[left:right], func(t rustToken) bool { return t.text == "let" }) {
			w.always(Logic, w.tokens[left].start, w.tokens[i-1].end, t.text == "&&")
			w.always(Logic, w.tokens[i+1].start, w.tokens[right-1].end, t.text == "&&")
		}
	}
	if to, ok := opposed[t.text]; ok && t.text != "|" || t.text == "|" && !w.inPattern(i) {
		w.replace(Arithmetic, t.start, t.end, to)
	}
}

// inPattern says whether a | parts the alternatives of a pattern: an arm's => comes before its level ends.
func (w *rustWalker) inPattern(i int) bool {
	return w.is(w.until(i, "=>", ",", ";", "=", "if"), "=>") || w.is(w.until(i, "=>", ",", ";", "=", "if"), "if")
}

var stopsLeft = []string{"||", ";", ",", "=", "=>", "|", "if", "while", "return", "+=", "|=", "&=", "else", "in", "match"}

// left is the first token of what stands left of the && or || at i.
func (w *rustWalker) left(i int) int {
	for j := i - 1; j >= 0; j-- {
		t := w.tokens[j]
		switch {
		case t.kind == closing && t.text == "}": // of a block before: operands of conditions have none
			return j + 1
		case t.kind == closing:
			j = t.match
		case t.kind == opening, slices.Contains(stopsLeft, t.text), t.text == "&&" && w.is(i, "&&") && w.spaced(t):
			return j + 1
		}
	}
	return 0
}

// right is one behind the last token of what stands right of it.
func (w *rustWalker) right(i int) int {
	for j := i + 1; j < len(w.tokens); j++ {
		t := w.tokens[j]
		switch {
		case t.kind == closing, t.text == "{", t.text == ";", t.text == ",", t.text == "=>", t.text == "||",
			t.text == "&&" && w.spaced(t):
			return j
		case t.kind == opening:
			j = t.match
		}
	}
	return len(w.tokens)
}

// statement is the first token of the statement that i is in.
func (w *rustWalker) statement(i int) int {
	for j := i - 1; j >= 0; j-- {
		switch t := w.tokens[j]; {
		case t.text == ";", t.text == "{", t.text == "}", t.text == "=>":
			return j + 1
		case t.kind == closing:
			j = t.match
		case t.kind == opening:
			return j + 1
		}
	}
	return 0
}

// assignment leaves one out, each target of several, and turns += into -=.
func (w *rustWalker) assignment(i int, compound string) {
	start := i - 1
	for ; start >= 0; start-- {
		t := w.tokens[start]
		if t.kind == closing && t.text != "}" {
			start = t.match
		} else if t.kind == opening || t.text == "}" || t.text == ";" || t.text == "," || t.text == "=>" || t.text == "|" {
			break
		}
	}
	start++
	for _, t := range w.tokens[start:i] {
		if slices.Contains([]string{"let", "const", "static", "type", "if", "while", "for", "<"}, t.text) {
			return
		}
	}
	if start >= i || w.skipped[start] {
		return
	}
	t := w.tokens[i]
	if compound != "" {
		w.replace(Arithmetic, t.start, t.start+len(compound), opposed[compound])
		w.replace(Statement, w.tokens[start].start, t.end, "_ =")
		return
	}
	if w.is(start, "(") && w.tokens[start].match == i-1 {
		for j := start + 1; j < i-1; {
			end := w.until(j, ",")
			w.replace(Statement, w.tokens[j].start, w.tokens[end-1].end, "_")
			j = end + 1
		}
		return
	}
	w.replace(Statement, w.tokens[start].start, w.tokens[i-1].end, "_")
}

var keywords = []string{"let", "return", "if", "else", "match", "for", "while", "loop", "fn", "use", "const", "static", "struct", "enum",
	"impl", "pub", "mod", "type", "trait", "unsafe", "break", "continue", "extern", "async", "where", "macro_rules"}

// call leaves out the statement at i if it is a call and nothing else.
func (w *rustWalker) call(i int) {
	if i >= len(w.tokens) || w.skipped[i] || w.tokens[i].kind != word || slices.Contains(keywords, w.tokens[i].text) {
		return
	}
	end := w.until(i, ";", "=", "=>", ",", "{")
	if w.is(end, ";") && w.functionAt(w.tokens[i].start) != "" && !w.compound(i, end) {
		w.wrap(Statement, w.tokens[i].start, w.tokens[end].end, "if false { ", " }")
	}
}

func (w *rustWalker) compound(from, to int) bool {
	return slices.ContainsFunc(w.tokens[from:to], func(t rustToken) bool {
		return t.kind == mark && len(t.text) > 1 && strings.HasSuffix(t.text, "=") && negated[t.text] == "" && t.text != "..="
	})
}

func (w *rustWalker) word(i int) {
	t := w.tokens[i]
	switch t.text {
	case "if", "while":
		end := w.until(i+1, "{", "=>")
		condition := w.tokens[i+1 : end]
		if !slices.ContainsFunc(condition, func(t rustToken) bool { return t.text == "let" }) {
			w.always(Condition, condition[0].start, condition[len(condition)-1].end, true, false)
		}
	case "return":
		end := w.until(i, ";", ",")
		w.replace(Return, t.start, w.tokens[end-1].end, "{}")
	case "break", "continue":
		w.replace(Statement, t.start, t.end, "{}")
	case "match":
		if body := w.until(i, "{"); w.is(body, "{") {
			w.arms(body)
		}
	default:
		if w.host[t.text] && w.is(i+1, "(") {
			w.hostCall(i)
			return
		}
		w.name(i)
	}
}

func (w *rustWalker) hostCall(i int) {
	start := i
	for w.is(start-1, "::") {
		start -= 2
	}
	for _, status := range []string{statusOK, statusInternal} {
		w.replace(HostCall, w.tokens[start].start, w.tokens[w.tokens[i+1].match].end, status)
	}
}

// arms leaves out each arm of a match, and each alternative of a pattern.
func (w *rustWalker) arms(body int) {
	for i := body + 1; i < w.tokens[body].match; {
		arrow := w.until(i, "=>")
		if !w.is(arrow, "=>") {
			return
		}
		end := w.until(arrow+1, ",")
		if w.is(arrow+1, "{") { // a block needs no comma
			if end = w.tokens[arrow+1].match + 1; !w.is(end, ",") {
				end--
			}
		} else if !w.is(end, ",") {
			end--
		}
		w.replace(Arm, w.tokens[i].start, w.tokens[end].end, "")
		w.alternatives(i, min(arrow, w.until(i, "if", "=>")))
		i = end + 1
	}
}

func (w *rustWalker) alternatives(from, to int) {
	for i := from; i < to; {
		bar := w.until(i, "|", "=>", "if")
		switch {
		case bar < to:
			w.replace(Arm, w.tokens[i].start, w.tokens[bar+1].start, "")
		case i > from:
			w.replace(Arm, w.tokens[i-2].end, w.tokens[to-1].end, "")
		}
		i = bar + 1
	}
}
