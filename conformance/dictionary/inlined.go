package dictionary

import (
	"encoding/binary"
	"slices"

	"github.com/header-auth/header-auth/host/wasmfile"
)

// maxParts is the largest number of parts of a text that was turned into numbers.
const maxParts = 4

// inlined are the texts that a function compares as numbers. Compilers load eight, four, two or one bytes of what was
// sent and compare them with a number. The last load may overlap the one before it. So each printable number is a
// text. Neighbouring numbers are joined to one text when the function also contains the length of the whole text,
// because such a comparison begins with the length. Go and TinyGo compare short texts byte by byte.
func inlined(constants []wasmfile.Constant) (all []string) {
	texts := make([]string, len(constants))
	lengths := map[int]bool{}
	for i, c := range constants {
		texts[i] = printableText(c)
		if n := unsigned(c); n <= maxLength {
			lengths[int(n)] = true
		}
	}
	for i, text := range texts {
		if len(text) >= 2 {
			all = append(all, text)
			for overlap := 1; overlap < 4 && len(text) == 8; overlap++ { // Go combines two loads of four bytes into one number
				if text[4-overlap:4] == text[4:4+overlap] {
					all = append(all, text[:4]+text[4+overlap:])
				}
			}
			all = appendJoined(all, texts, lengths, i, []int{i}, text)
		}
	}
	all = append(all, comparedInSequence(texts, constants, false)...)
	return append(all, comparedInSequence(texts, constants, true)...)
}

// appendJoined appends a text joined with each possible number of its neighbourhood.
func appendJoined(all, texts []string, lengths map[int]bool, around int, used []int, text string) []string {
	if len(used) == maxParts {
		return all
	}
	for i := max(0, around-maxDistance); i < min(len(texts), around+maxDistance+1); i++ {
		if texts[i] == "" || slices.Contains(used, i) || len(texts[i]) > len(texts[used[0]]) {
			continue // the loads of a text do not become larger
		}
		for overlap := range len(texts[i]) {
			if text[len(text)-overlap:] != texts[i][:overlap] {
				continue
			}
			longer := text + texts[i][overlap:]
			if lengths[len(longer)] {
				all = append(all, longer)
			}
			if len(longer) <= maxLength {
				all = appendJoined(all, texts, lengths, around, append(used[:len(used):len(used)], i), longer)
			}
		}
	}
	return all
}

// comparedInSequence are the texts whose parts are compared one after the other, each with what a load from memory
// gives. The offsets of the loads show where a text begins and how its parts follow each other. With end, the code
// compares the end of what was sent: then it computes each address, and all offsets are the same.
func comparedInSequence(texts []string, constants []wasmfile.Constant, end bool) (all []string) {
	word, next := "", uint64(0)
	withoutFirst := false // the first byte is not compared: it selects one of several branches
	add := func(text string) {
		if len(text) > 1 && len(text) < maxLength {
			all = append(all, text)
			for c := byte('a'); withoutFirst && c <= 'z'; c++ {
				all = append(all, string(c)+text)
			}
		}
	}
	for i, c := range constants {
		if !c.Loaded || texts[i] == "" {
			continue
		}
		overlap := int(min(next-c.Offset, maxLength))
		if c.Offset <= next && overlap < len(word) && overlap < len(texts[i]) &&
			word[len(word)-overlap:] == texts[i][:overlap] {
			word += texts[i][overlap:]
		} else {
			add(word)
			withoutFirst = c.Offset == 1
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

// printableText gives the bytes of a number as a text, little-endian and without zeros at its end; "" when a byte is
// not printable.
func printableText(c wasmfile.Constant) string {
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
