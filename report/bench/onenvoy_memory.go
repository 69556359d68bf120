package bench

import (
	"fmt"

	"github.com/header-auth/header-auth/bench/verdict"
	"github.com/header-auth/header-auth/internal/units"
	"github.com/header-auth/header-auth/internal/words"
)

// envoyMemory is what many requests did.
func envoyMemory(j *verdict.OnEnvoy) grid {
	g := grid{Head: []string{"build", "at first", "at the end", "growth", "wait, first", "last", "time, first", "last"}}
	most := 0
	for _, m := range j.Soaks {
		most = max(most, m.Requests)
		growth := cell{Text: "undecided", Tone: warn}
		switch m.Verdict {
		case verdict.Leak:
			growth = cell{Text: "leaks " + wholeBytes(m.PerRequest.Mid), Tone: bad}
		case verdict.Flat:
			growth = text("no leak")
		}
		row := []cell{text(envoyName(m.Contestant)), text(units.Bytes(m.Ready)), text(units.Bytes(m.End)), growth}
		for _, x := range []float64{m.Pauses[0], m.Pauses[1], m.Times[0], m.Times[1]} {
			c := text(units.None)
			if x > 0 {
				c = text(units.Nanos(x))
			}
			row = append(row, c)
		}
		g.Rows = append(g.Rows, row)
		switch {
		case m.Ended != "":
			g.Notes = append(g.Notes, fmt.Sprintf("%s: ended after %s requests: %s", envoyName(m.Contestant),
				units.Count(m.Requests), sentence(words.OneLine(m.Ended))))
		case m.Verdict == verdict.Leak:
			g.Notes = append(g.Notes, fmt.Sprintf("%s: memory gains %s a request in the last half.", m.Contestant,
				units.Interval(m.PerRequest.Low, m.PerRequest.Mid, m.PerRequest.High, units.Bytes)))
		}
	}
	g.Caption = fmt.Sprintf("an Envoy's memory over %s requests to one build", units.Count(most))
	if len(g.Rows) > 0 {
		g.Notes = append(g.Notes, "Anonymous resident memory of the whole process. Wait: the longest from sending a "+
			"request on each connection until all are answered; time: the worker's for a request; both in the first and the "+
			"last fifth of the requests.")
	}
	return g
}

// envoyStarts is how long a new listener takes.
func envoyStarts(j *verdict.OnEnvoy) grid {
	g := grid{Caption: "a listener that is added to a running Envoy", Head: []string{"build", "first answer after",
		"memory that it takes"}}
	for _, s := range j.Startups {
		g.Rows = append(g.Rows, []cell{text(envoyName(s.Build)), text(over(s.Time)),
			text(units.Interval(s.Bytes.Low, s.Bytes.Mid, s.Bytes.High, units.Bytes))})
	}
	if len(g.Rows) > 0 {
		g.Notes = append(g.Notes, "Envoy compiles the module in that time. Memory: two VMs, one for the main thread and "+
			"one for the worker, and the compiled code.")
	}
	return g
}
