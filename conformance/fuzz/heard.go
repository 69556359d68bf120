package fuzz

import (
	"strconv"
	"strings"

	"github.com/header-auth/header-auth/conformance/suite"
)

// heard are the texts that a module handed to the host, without those that the case said before.
func heard(p suite.StepTrace, said string) (all []string) {
	for _, c := range p.Crossings {
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
