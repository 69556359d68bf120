package model

import "strings"

// isToken says whether a text is an RFC 9110 token (section 5.6.2), which a header name is.
func isToken(s string) bool {
	const marks = "!#$%&'*+-.^_`|~"
	for _, c := range []byte(s) {
		letter := 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
		digit := '0' <= c && c <= '9'
		if !letter && !digit && strings.IndexByte(marks, c) < 0 {
			return false
		}
	}
	return s != ""
}

// fieldValue says whether a text is an RFC 9110 field value (section 5.5).
func fieldValue(s string) bool {
	return !hasControl(strings.ReplaceAll(s, "\t", "")) && strings.Trim(s, " \t") == s
}

// hasControl says whether a text has a control byte; the tab is one.
func hasControl(s string) bool {
	for _, c := range []byte(s) {
		if c < 0x20 || c == 0x7f {
			return true
		}
	}
	return false
}

// lower changes ASCII capitals to small letters, and nothing else.
func lower(s string) string {
	b := []byte(s)
	for i, c := range b {
		if 'A' <= c && c <= 'Z' {
			b[i] = c + 'a' - 'A'
		}
	}
	return string(b)
}

// shownKey is an unknown key as part of a log line (1.2.1).
func shownKey(s string) string {
	b := []byte(s)
	for i, c := range b {
		letter := 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
		digit := '0' <= c && c <= '9'
		if !letter && !digit && c != '_' && c != '.' && c != '-' {
			b[i] = '?'
		}
	}
	return string(b[:min(len(b), 64)])
}
