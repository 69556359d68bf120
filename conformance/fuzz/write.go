package fuzz

import (
	"encoding/hex"
	"fmt"
	"hash/crc32"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/header-auth/header-auth/conformance/table"
)

// Write puts a case into a folder of its own below dir, a table that `parity check --cases` takes, and returns the
// folder. What the model expects stands in it as what is wanted.
func Write(dir string, c table.Case, d *Difference) (string, error) {
	name := fmt.Sprintf("case-%08x", crc32.ChecksumIEEE(fmt.Appendf(nil, "%q", text(c, "", d))))
	dir = filepath.Join(dir, name)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", fmt.Errorf("write case: %w", err)
	}
	const contract = "name: header-auth\nclauses:\n  - {id: \"1.2\", text: \"Found by fuzzing: see ../../../README.md.\"}\n"
	for file, content := range map[string]string{"contract.yaml": contract, "found.yaml": text(c, name, d)} {
		path := filepath.Join(dir, file)
		if err := os.WriteFile(path+".tmp", []byte(content), 0o644); err != nil {
			return "", fmt.Errorf("write case: %w", err)
		}
		if err := os.Rename(path+".tmp", path); err != nil {
			return "", fmt.Errorf("write case: %w", err)
		}
	}
	return dir, nil
}

// text is the case as a file of cases.
func text(c table.Case, name string, d *Difference) string {
	var b strings.Builder
	line := func(format string, a ...any) { fmt.Fprintf(&b, format+"\n", a...) }
	line("# %s of %s differs.", comment(d.Field), d.Build)
	line("#   expected: %s", comment(d.Wanted))
	line("#   found:    %s", comment(d.Found))
	line("breaks: Found by fuzzing.\n\ncases:\n  - id: found/%s\n    clauses: [\"1.2\"]", name)
	line("    why: %s", strconv.Quote(comment(d.Field)+" differed."))
	if c.Config != nil {
		line("    config: %s", scalar(string(c.Config)))
	}
	if len(c.Clusters) > 0 {
		line("    clusters: %s", clusters(c.Clusters))
	}
	line("    start: {%s}", strings.Join(start(c.Start), ", "))
	if !c.Start.Accepted {
		return b.String()
	}
	line("    steps:")
	steps := c.Steps
	if len(steps) == 0 { // a case that is accepted does something
		steps = []table.Step{{Times: 1, Advance: time.Millisecond}}
	}
	for _, s := range steps {
		b.WriteString(step(s))
	}
	line("    good: {none: The case alone is of interest.}")
	return b.String()
}

func start(s table.Start) []string {
	all := []string{fmt.Sprintf("accepted: %t", s.Accepted)}
	if len(s.Faults) > 0 {
		all = append(all, "faults: "+faults(s.Faults))
	}
	return append(all, effects(table.Want{Logs: s.Logs, Calls: s.Calls, Metrics: s.Metrics, TickEvery: s.TickEvery})...)
}

func step(s table.Step) string {
	var b strings.Builder
	switch {
	case s.Request != nil:
		r := s.Request
		b.WriteString("      - ")
		if s.Stream != "" {
			fmt.Fprintf(&b, "stream: %s\n        ", s.Stream)
		}
		fmt.Fprintf(&b, "request: {exact: true, headers: %s", pairs(r.Headers))
		if r.Body != nil {
			fmt.Fprintf(&b, ", body: %s", chunks(r.Body))
		}
		if r.Trailers != nil {
			fmt.Fprintf(&b, ", trailers: %s", pairs(r.Trailers))
		}
		answer := r.Response
		fmt.Fprintf(&b, ", response: {status: %s, headers: %s", answer.Headers[0].Value, pairs(answer.Headers[1:]))
		if answer.Body != nil {
			fmt.Fprintf(&b, ", body: %s", chunks(answer.Body))
		}
		b.WriteString("}}\n")
	case s.Finish != "":
		fmt.Fprintf(&b, "      - finish: %s\n", s.Finish)
	case s.Close != "":
		fmt.Fprintf(&b, "      - close: %s\n", s.Close)
	case s.Answer != nil:
		fields := answerFields(s.Answer.Answer)
		if s.Answer.Call > 0 {
			fields = append([]string{fmt.Sprintf("call: %d", s.Answer.Call)}, fields...)
		}
		fmt.Fprintf(&b, "      - answer: {%s}\n", strings.Join(fields, ", "))
	case s.Configure != nil:
		fmt.Fprintf(&b, "      - configure: {config: %s}\n", scalar(string(s.Configure.Config)))
	case s.Jump != 0:
		fmt.Fprintf(&b, "      - jump: %q\n", fmt.Sprintf("%+dms", s.Jump.Milliseconds()))
	default:
		fmt.Fprintf(&b, "      - advance: %q\n", s.Advance.String())
	}
	if len(s.Faults) > 0 {
		fmt.Fprintf(&b, "        faults: %s\n", faults(s.Faults))
	}
	if len(s.Clusters) > 0 {
		fmt.Fprintf(&b, "        clusters: %s\n", clusters(s.Clusters))
	}
	fmt.Fprintf(&b, "        want: {%s}\n", strings.Join(want(s), ", "))
	return b.String()
}

func answerFields(a table.Answer) []string {
	if a.Kind != table.Answers {
		return []string{string(a.Kind) + ": true"}
	}
	return []string{"exact: true", "headers: " + pairs(a.Headers)}
}

func clusters(all []table.Cluster) string {
	var fields []string
	for _, c := range all {
		var answers []string
		for _, a := range c.Answers {
			if a.Kind != table.Answers {
				answers = append(answers, string(a.Kind))
			} else {
				answers = append(answers, "{"+strings.Join(answerFields(a), ", ")+"}")
			}
		}
		switch {
		case len(answers) == 0:
			fields = append(fields, c.Name+": "+string(c.State))
		case c.Always:
			fields = append(fields, c.Name+": "+answers[0])
		default:
			fields = append(fields, c.Name+": ["+strings.Join(answers, ", ")+"]")
		}
	}
	return "{" + strings.Join(fields, ", ") + "}"
}

func faults(all []table.Fault) string {
	var fields []string
	for _, f := range all {
		if f.Bytes != nil {
			fields = append(fields, fmt.Sprintf("{function: %s, bytes: %s}", f.Function, scalar(string(f.Bytes))))
		} else {
			fields = append(fields, fmt.Sprintf("{function: %s, status: %d}", f.Function, f.Status))
		}
	}
	return "[" + strings.Join(fields, ", ") + "]"
}

func want(s table.Step) []string {
	all := append(became(s.Want), effects(s.Want)...)
	if s.Want.Refused {
		all = append(all, "accepted: false")
	}
	var streams []string
	for _, other := range s.Want.Streams {
		streams = append(streams, fmt.Sprintf("%s: {%s}", other.Stream, strings.Join(became(other.Want), ", ")))
	}
	if len(streams) > 0 {
		all = append(all, "streams: {"+strings.Join(streams, ", ")+"}")
	}
	return all
}

// became is what has become of a stream.
func became(w table.Want) []string {
	var all []string
	add := func(key, value string) { all = append(all, key+": "+value) }
	if w.Decision != "" {
		add("decision", string(w.Decision))
	}
	if r := w.Reply; r != nil {
		add("reply", fmt.Sprintf("{status: %d, headers: %s, body: %s, grpc_status: %d, details: %s}", r.Status, pairs(r.Headers),
			scalar(r.Body), *r.GRPCStatus, r.Details))
	}
	if w.Forwarded != nil {
		add("forwarded", pairs(w.Forwarded))
	}
	if w.Response != nil {
		add("response", pairs(w.Response))
	}
	return all
}

func effects(w table.Want) []string {
	var all []string
	if len(w.Logs.Lines) > 0 {
		all = append(all, "logs: "+logs(w.Logs))
	}
	var calls []string
	for _, c := range w.Calls {
		calls = append(calls, fmt.Sprintf("{cluster: %s, headers: %s, timeout_ms: %d}", scalar(c.Cluster), pairs(c.Headers), c.TimeoutMS))
	}
	if len(calls) > 0 {
		all = append(all, "calls: ["+strings.Join(calls, ", ")+"]")
	}
	var metrics []string
	for _, m := range w.Metrics {
		metrics = append(metrics, fmt.Sprintf("%s: %d", m.Name, m.Value))
	}
	if len(metrics) > 0 {
		all = append(all, "metrics: {"+strings.Join(metrics, ", ")+"}")
	}
	if w.TickEvery != nil {
		all = append(all, fmt.Sprintf("tick_every: %q", w.TickEvery.String()))
	}
	return all
}

func logs(l table.Logs) string {
	var all []string
	for _, line := range l.Lines {
		all = append(all, fmt.Sprintf("{%s: %s}", line.Level, scalar(line.Text)))
	}
	return "[" + strings.Join(all, ", ") + "]"
}

func pairs(headers []table.Header) string {
	var all []string
	for _, h := range headers {
		all = append(all, fmt.Sprintf("[%s, %s]", scalar(h.Name), scalar(h.Value)))
	}
	return "[" + strings.Join(all, ", ") + "]"
}

func chunks(body [][]byte) string {
	var all []string
	for _, chunk := range body {
		all = append(all, scalar(string(chunk)))
	}
	return "[" + strings.Join(all, ", ") + "]"
}

// scalar is a byte string as the table reads it: a text in quotes, or hexadecimal digits.
func scalar(s string) string {
	for _, c := range []byte(s) {
		if c < 0x20 || c > 0x7e {
			return fmt.Sprintf("{hex: %q}", hex.EncodeToString([]byte(s)))
		}
	}
	return "'" + strings.ReplaceAll(s, "'", "''") + "'"
}

// comment is a text on one line.
func comment(s string) string {
	q := strconv.QuoteToASCII(s)
	return strings.ReplaceAll(q[1:len(q)-1], `\"`, `"`)
}
