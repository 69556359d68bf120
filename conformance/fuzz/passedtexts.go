package fuzz

import (
	"strconv"
	"strings"

	"github.com/header-auth/header-auth/conformance/suite"
)

// passedTexts are the texts that a module passes to the host, without those that occur in the case.
func passedTexts(p suite.StepTrace, said string) (all []string) {
	for _, c := range p.Lines {
		if c.ToGuest {
			continue
		}
		rest := c.Text
		for {
			at := strings.IndexByte(rest, '"')
			if at < 0 {
				break
			}
			if strings.Contains(rest[:at], ") = ") { // what comes back is the host's
				break
			}
			quoted, err := strconv.QuotedPrefix(rest[at:])
			if err != nil {
				break
			}
			rest = rest[at+len(quoted):]
			if text, err := strconv.Unquote(quoted); err == nil && text != "" && !strings.Contains(said, text) {
				all = append(all, text)
			}
		}
	}
	return all
}
