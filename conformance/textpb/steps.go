package textpb

import (
	"slices"

	"github.com/header-auth/header-auth/conformance/casefile"
)

// The phases of an exchange in which a test expects lines.
const (
	atRequestHeaders = iota // and what comes before them
	atRequestBody
	atResponse
	atEnd
	phases
)

// phaseLogs are the wanted lines of each phase; nil: none are expected.
type phaseLogs [phases]casefile.Map

// logsByPhase are the lines that a test expects, with the number of phases that have some, and the last of these.
func (c *converter) logsByPhase(t *Test) (logs phaseLogs, used, last int, err error) {
	var expected [phases][]Matcher
	add := func(phase int, e *Expectation) {
		if e != nil {
			expected[phase] = append(expected[phase], e.Log...)
		}
	}
	add(atRequestHeaders, t.StreamInit)
	if t.RequestHeaders != nil {
		add(atRequestHeaders, &t.RequestHeaders.Result)
	}
	for i := range t.RequestBody {
		add(atRequestBody, &t.RequestBody[i].Result)
	}
	if t.ResponseHeaders != nil {
		add(atResponse, &t.ResponseHeaders.Result)
	}
	for i := range t.ResponseBody {
		add(atResponse, &t.ResponseBody[i].Result)
	}
	add(atEnd, t.Teardown)
	for i, matchers := range expected {
		if logs[i], err = c.logs(matchers); err != nil {
			return logs, 0, 0, err
		}
		if logs[i] != nil {
			used, last = used+1, i
		}
	}
	return logs, used, last, nil
}

// step adds its want, with the lines of a phase, to a step. Another step has the rest of the want, too.
func (l *phaseLogs) step(step, want casefile.Map, phase int) casefile.Map {
	if l[phase] != nil {
		want = append(slices.Clip(want), casefile.Entry{Key: "logs", Value: l[phase]})
	}
	return append(step, casefile.Entry{Key: "want", Value: want})
}

// steps are one exchange in one step; in several, when lines are expected of several phases.
func (c *converter) steps(t *Test, request, want casefile.Map) (casefile.Block, error) {
	logs, used, last, err := c.logsByPhase(t)
	if err != nil {
		return nil, err
	}
	refused := want[0].Value == "refuse"
	if used == 0 || used == 1 && (last != atEnd || refused) {
		return casefile.Block{logs.step(casefile.Map{{Key: "request", Value: request}}, want, last)}, nil
	}
	const stream = "exchange"
	open := casefile.Map{{Key: "stream", Value: stream}, {Key: "request", Value: request}}
	closed := casefile.Map{{Key: "close", Value: stream}}
	if refused {
		return casefile.Block{logs.step(open, want, atRequestHeaders), logs.step(closed, want, atEnd)}, nil
	}
	anything := casefile.Map{{Key: "decision", Value: "allow"}, {Key: "forwarded", Value: "any"},
		{Key: "forwarded_body", Value: anyValue}} // a later step looks at it
	all := casefile.Block{}
	if len(t.RequestBody) > 0 {
		open.Add("send", "headers")
		all = append(all, logs.step(open, anything, atRequestHeaders),
			logs.step(casefile.Map{{Key: "upload", Value: stream}}, anything, atRequestBody))
	} else {
		all = append(all, logs.step(open, anything, atRequestHeaders))
	}
	return append(all, logs.step(casefile.Map{{Key: "respond", Value: stream}}, want, atResponse),
		logs.step(closed, want, atEnd)), nil
}
