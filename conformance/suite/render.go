package suite

import (
	"crypto/sha256"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/header-auth/header-auth/conformance/table"
	"github.com/header-auth/header-auth/host/headermap"
)

// Values are rendered as printable text, and different values as different texts: one header or log line on each line,
// bytes that are not printable UTF-8 quoted as in Go.

func quote(s string) string {
	if len(s) > longText {
		return longQuote(s)
	}
	plain := s != "" && utf8.ValidString(s) && s[0] != ' ' && s[len(s)-1] != ' ' && s[0] != '"'
	for _, r := range s {
		plain = plain && strconv.IsPrint(r) && r != '\\'
	}
	if plain {
		return s
	}
	return strconv.Quote(s)
}

// longText is the length from which on a text is not rendered as a whole: quoting megabytes takes seconds.
const longText = 1 << 20

func longQuote(s string) string {
	return fmt.Sprintf("%q … %q [%d bytes, sha256 %s]", s[:80], s[len(s)-40:], len(s), digest(s))
}

func renderHeaders(headers []headermap.Header) string {
	lines := make([]string, len(headers))
	for i, h := range headers {
		lines[i] = quote(h.Name) + ": " + quote(h.Value)
	}
	return strings.Join(lines, "\n")
}

func renderLogs(logs []table.Log) string {
	lines := make([]string, len(logs))
	for i, l := range logs {
		lines[i] = l.Level + " " + quote(l.Text)
	}
	return strings.Join(lines, "\n")
}

func renderCalls(calls []table.Call) string {
	var lines []string
	for _, c := range calls {
		lines = append(lines, fmt.Sprintf("call to %s, time-out %d ms", quote(c.Cluster), c.TimeoutMS))
		for _, part := range []string{renderHeaders(c.Headers), renderBody(string(c.Body)), renderHeaders(c.Trailers)} {
			if part != "" {
				lines = append(lines, "  "+strings.ReplaceAll(part, "\n", "\n  "))
			}
		}
	}
	return strings.Join(lines, "\n")
}

func renderEffects(effects []table.Effect) string {
	lines := make([]string, len(effects))
	for i, e := range effects {
		lines[i] = fmt.Sprintf("%s %s: %s", e.Kind, quote(e.Name), quote(e.Value))
	}
	return strings.Join(lines, "\n")
}

func renderTicks(ticks []Tick) string {
	lines := make([]string, len(ticks))
	for i, t := range ticks {
		lines[i] = quote(t.Plugin) + " every " + t.Every.String()
	}
	return strings.Join(lines, "\n")
}

// renderOthers includes the decisions, so that two different streams are never rendered as the same text.
func renderOthers(others []Other) string {
	var lines []string
	for i := range others {
		o := &others[i]
		lines = append(lines, "stream "+o.Stream+": "+o.Decision, renderReply(o.Reply), renderMessage(&o.Upstream),
			renderMessage(&o.Client))
	}
	return strings.Join(lines, "\n")
}

func renderMetrics(metrics []table.Metric) string {
	lines := make([]string, len(metrics))
	for i, m := range metrics {
		lines[i] = fmt.Sprintf("%s %s = %d", m.Kind, quote(m.Name), m.Value)
	}
	return strings.Join(lines, "\n")
}

// renderBody keeps the line breaks of a text, so that a difference shows the line.
func renderBody(body string) string {
	switch {
	case body == "":
		return ""
	case len(body) > longText:
		return longQuote(body)
	}
	lines := strings.SplitAfter(body, "\n")
	for i, l := range lines {
		text, broken := strings.CutSuffix(l, "\n")
		lines[i] = quote(text)
		if broken {
			lines[i] += " ⏎"
		}
	}
	return strings.Join(lines, "\n")
}

func renderReply(r *table.Reply) string {
	if r == nil {
		return ""
	}
	return fmt.Sprintf("status %d\ngrpc-status %d\ndetails %s\n%s\n\n%s", r.Status, *r.GRPCStatus, quote(r.Details),
		renderHeaders(r.Headers), renderBody(r.Body))
}

func renderMessage(m *Received) string {
	return fmt.Sprintf("%s\n\n%s\n\n%s\n%s", renderHeaders(m.Headers), renderBody(m.Body),
		renderHeaders(m.Trailers), ending(m))
}

func ending(m *Received) string {
	switch {
	case m.Reset:
		return "cut off"
	case !m.Ended:
		return "not complete"
	}
	return "complete"
}

const (
	longLine    = 240 // of a longer line the two ends, the length and a digest are shown
	contextLine = 3   // equal lines kept around a difference
	manyLines   = 40  // of a text with more lines only the difference is shown
)

// presentable cuts two rendered values to the part that shows their difference.
func presentable(wanted, got string) (string, string) {
	a, b := strings.Split(wanted, "\n"), strings.Split(got, "\n")
	head, tail := 0, 0
	for head < min(len(a), len(b)) && a[head] == b[head] {
		head++
	}
	for tail < min(len(a), len(b))-head && a[len(a)-1-tail] == b[len(b)-1-tail] {
		tail++
	}
	return cut(a, head, tail), cut(b, head, tail)
}

func cut(lines []string, head, tail int) string {
	if len(lines) > manyLines {
		head, tail = max(0, head-contextLine), max(0, tail-contextLine)
		middle := lines[head : len(lines)-tail]
		if len(middle) > manyLines {
			rest := fmt.Sprintf("… %d more lines, sha256 %s", len(middle)-manyLines, digest(strings.Join(middle, "\n")))
			middle = append(append([]string{}, middle[:manyLines]...), rest)
		}
		lines = append(equalLines(head), middle...)
		lines = append(lines, equalLines(tail)...)
	}
	out := make([]string, len(lines))
	for i, l := range lines {
		out[i] = l
		if len(l) > longLine {
			out[i] = fmt.Sprintf("%s … %s [%d characters, sha256 %s]",
				strings.ToValidUTF8(l[:80], ""), strings.ToValidUTF8(l[len(l)-40:], ""), len(l), digest(l))
		}
	}
	return strings.Join(out, "\n")
}

func equalLines(n int) []string {
	if n == 0 {
		return nil
	}
	return []string{fmt.Sprintf("… %d equal lines", n)}
}

func digest(s string) string { return fmt.Sprintf("%x", sha256.Sum256([]byte(s)))[:12] }
