package proxy

import (
	"strconv"
	"strings"
)

// logFormat has what Line is read from. %j escapes the text as JSON does, so that a line is a line.
const logFormat = "[%t][%l][%n] %j"

// Line is a line of Envoy's log.
type Line struct {
	Thread int    // as the kernel numbers it
	Main   bool   // the thread is the main one
	Level  string // "trace" to "critical"
	Logger string // "wasm", "config", "upstream", …
	Text   string // as it was logged, any bytes
}

// parseLine reads a line that has the format, without its end.
func parseLine(s string) (l Line, ok bool) {
	var fields [3]string
	for i := range fields {
		rest, found := strings.CutPrefix(s, "[")
		if !found {
			return l, false
		}
		if fields[i], s, found = strings.Cut(rest, "]"); !found {
			return l, false
		}
	}
	thread, err := strconv.Atoi(fields[0])
	if err != nil {
		return l, false
	}
	return Line{Thread: thread, Level: fields[1], Logger: fields[2], Text: unescape(strings.TrimPrefix(s, " "))}, true
}

// unescape takes back the escapes of a JSON string. Other bytes stay, valid UTF-8 or not.
func unescape(s string) string {
	if !strings.Contains(s, `\`) {
		return s
	}
	out := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		if s[i] != '\\' || i+1 == len(s) {
			out = append(out, s[i])
			continue
		}
		i++
		switch s[i] {
		case 'b':
			out = append(out, '\b')
		case 'f':
			out = append(out, '\f')
		case 'n':
			out = append(out, '\n')
		case 'r':
			out = append(out, '\r')
		case 't':
			out = append(out, '\t')
		case 'u':
			if n, err := strconv.ParseUint(s[min(i+1, len(s)):min(i+5, len(s))], 16, 8); err == nil {
				out = append(out, byte(n))
				i += 4
				continue
			}
			out = append(out, '\\', 'u')
		default:
			out = append(out, s[i])
		}
	}
	return string(out)
}
