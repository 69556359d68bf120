package fuzz

import (
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
		if s.HeadersOnly {
			b.WriteString("send: headers\n        ")
		}
		if s.Plugin != "" {
			fmt.Fprintf(&b, "plugin: %s\n        ", s.Plugin)
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
	case s.Upload != "":
		fmt.Fprintf(&b, "      - upload: %s\n", s.Upload)
	case s.Respond != "":
		fmt.Fprintf(&b, "      - respond: %s\n", s.Respond)
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
		plugin := ""
		if s.Configure.Plugin != "" {
			plugin = "plugin: " + s.Configure.Plugin + ", "
		}
		fmt.Fprintf(&b, "      - configure: {%sconfig: %s}\n", plugin, scalar(string(s.Configure.Config)))
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
