package dictionary

import (
	"encoding/binary"
	"slices"

	"github.com/header-auth/header-auth/host/wasmfile"
)

// parts is how many numbers a text that was turned into numbers may have.
const parts = 4

// inlined are the texts that a function compares as numbers. Compilers load eight, four, two bytes or one of what was
// sent and compare them with numbers; the last load overlaps the one before where that saves one. So each number that
// is printable is a text, and so are those near each other, put together, when the function also has the length of
// the whole, with which such a comparison begins. Go and TinyGo compare short texts byte by byte.
func inlined(constants []wasmfile.Constant) (all []string) {
	texts := make([]string, len(constants))
	lengths := map[int]bool{}
	for i, c := range constants {
		texts[i] = printed(c)
		if n := unsigned(c); n <= longest {
			lengths[int(n)] = true
		}
	}
	for i, text := range texts {
		if len(text) >= 2 {
			all = append(all, text)
			for overlap := 1; overlap < 4 && len(text) == 8; overlap++ { // Go makes one number of two loads of four
				if text[4-overlap:4] == text[4:4+overlap] {
					all = append(all, text[:4]+text[4+overlap:])
				}
			}
			all = joined(all, texts, lengths, i, []int{i}, text)
		}
	}
	all = append(all, spelled(texts, constants, false)...)
	return append(all, spelled(texts, constants, true)...)
}

// joined puts more numbers of the neighbourhood behind a text.
func joined(all, texts []string, lengths map[int]bool, around int, used []int, text string) []string {
	if len(used) == parts {
		return all
	}
	for i := max(0, around-window); i < min(len(texts), around+window+1); i++ {
		if texts[i] == "" || slices.Contains(used, i) || len(texts[i]) > len(texts[used[0]]) {
			continue // loads become smaller towards the end
		}
		for overlap := range len(texts[i]) {
			if text[len(text)-overlap:] != texts[i][:overlap] {
				continue
			}
			longer := text + texts[i][overlap:]
			if lengths[len(longer)] {
				all = append(all, longer)
			}
			if len(longer) <= longest {
				all = joined(all, texts, lengths, around, append(used[:len(used):len(used)], i), longer)
			}
		}
	}
	return all
}

// spelled are the texts whose parts are compared one after the other, each with what a load from memory gives: the
// offsets of the loads say where a text begins and how its parts follow each other. Of the end of what was sent, code
// works each address out, and the offsets are the same.
func spelled(texts []string, constants []wasmfile.Constant, end bool) (all []string) {
	word, next := "", uint64(0)
	headless := false // the first byte of the word is not compared but chooses from a table of branches
	add := func(text string) {
		if len(text) > 1 && len(text) < longest {
			all = append(all, text)
			for c := byte('a'); headless && c <= 'z'; c++ {
				all = append(all, string(c)+text)
			}
		}
	}
	for i, c := range constants {
		if !c.Loaded || texts[i] == "" {
			continue
		}
		overlap := int(min(next-c.Offset, longest))
		if c.Offset <= next && overlap < len(word) && overlap < len(texts[i]) && word[len(word)-overlap:] == texts[i][:overlap] {
			word += texts[i][overlap:]
		} else {
			add(word)
			headless = c.Offset == 1
			word = texts[i]
		}
		next = c.Offset
		if !end {
			next += uint64(len(texts[i]))
		}
	}
	add(word)
	return all
}

// printed is a number's bytes as a text, little-endian; "" when one is not printable. Zeros behind are none of it.
func printed(c wasmfile.Constant) string {
	var b [8]byte
	binary.LittleEndian.PutUint64(b[:], unsigned(c))
	n := len(b)
	for n > 0 && b[n-1] == 0 {
		n--
	}
	if n == 0 || !printable(b[:n]) {
		return ""
	}
	return string(b[:n])
}
