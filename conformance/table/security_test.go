package table_test

import (
	"regexp"
	"strings"
	"testing"
)

// TestSecurity: every sentence of SECURITY.md about what the plugin protects names cases that are in the table.
func TestSecurity(t *testing.T) {
	loaded := load(t, cases)
	groups := map[string]bool{}
	for _, g := range loaded.Groups {
		groups[g.Name] = true
	}
	sentences := 0
	for _, chapter := range strings.Split(read(t, "../../SECURITY.md"), "\n## ")[1:] {
		title, text, _ := strings.Cut(chapter, "\n")
		if title == "What the commands hold modules to" {
			continue // it is about the commands, whose limits internal/redteam tries
		}
		marker := "\n- "
		if strings.Contains(text, "\n|---") { // a table: a row is a sentence
			_, text, _ = strings.Cut(text, "\n|---")
			marker = "\n| "
		}
		for _, sentence := range strings.Split(text, marker)[1:] {
			sentences++
			proofs := 0
			for _, quoted := range regexp.MustCompile("`([a-z-]+)(/[a-z0-9*-]+)`").FindAllStringSubmatch(sentence, -1) {
				if !groups[quoted[1]] {
					continue // a media type or a path
				}
				proofs++
				if _, err := loaded.Select(quoted[1] + quoted[2]); err != nil {
					t.Errorf("%s: %v", title, err)
				}
			}
			if proofs == 0 {
				t.Errorf("%s: no case proves this: %.120s", title, sentence)
			}
		}
	}
	if sentences < 20 {
		t.Errorf("SECURITY.md has %d sentences with a mark: the marks of this test no longer fit", sentences)
	}
}
