package bench

import (
	"fmt"
	"slices"
	"strings"

	"github.com/header-auth/header-auth/bench/verdict"
	"github.com/header-auth/header-auth/internal/units"
	"github.com/header-auth/header-auth/internal/words"
)

// onEnvoy is what everything costs there.
func (v view) onEnvoy() section {
	j := v.f.Envoy
	s := section{ID: "envoy", Title: "On a real Envoy " + j.Version, Lead: []string{
		"Listeners of one Envoy with one worker, in turns. A time is what the kernel counts for the " +
			"worker's thread, divided by the requests: by how much it is more than with no filter. The mean, a collector's " +
			"work included; in brackets the 95 % interval, over Envoys that were started anew."}}
	s.Lead = append(append(s.Lead, v.envoyGate()), v.onEnvoyMore()...)
	s.Grids = append(s.Grids, envoyCosts(j))
	if g := envoyWaits(j); len(g.Rows) > 0 {
		s.Grids = append(s.Grids, g)
	}
	if g := envoyMemory(j); len(g.Rows) > 0 {
		s.Grids = append(s.Grids, g)
	}
	if g := envoyStarts(j); len(g.Rows) > 0 {
		s.Grids = append(s.Grids, g)
	}
	return s
}

// envoyGate is the A/A check and where the numbers come from.
func (v view) envoyGate() string {
	j := v.f.Envoy
	r := j.Report
	var differences []string
	for i, d := range j.Gate.Differences {
		differences = append(differences, fmt.Sprintf("%s for %s", over(d), j.Scenarios[i].ID))
	}
	state := "passed"
	if !j.Gate.Passed {
		state = "failed, no verdict on builds"
	}
	lines := fmt.Sprintf("A/A check %s: a copy of %s costs more than itself by %s; wanted around 0, within "+
		"%.0f %% of the worker's time.", state, j.Reference,
		list(differences), 100*verdict.EnvoyGateLimit)
	if len(differences) == 0 {
		lines = "No A/A check was made."
	}
	pinned := "the worker with a processor of its own"
	if !r.Run.Pinned {
		pinned = "the worker shares its processor"
	}
	lines += fmt.Sprintf(" Measured by %s, %s, on %s, %s, %s; %s, plan %s: %s × %d rounds × %d requests "+
		"on %d connections.",
		strings.Join(r.Run.Command, " "), when(r.Run.Started), r.Machine.CPU, words.Plural(r.Machine.CPUs, "CPU"), pinned,
		r.Envoy.Origin, r.Run.Plan.Name, words.Plural(r.Run.Plan.Processes, "Envoy"), r.Run.Plan.Rounds, r.Run.Plan.Requests,
		r.Run.Plan.Connections)
	if !r.Run.Complete {
		lines += " The run was interrupted: these are its numbers until then."
	}
	for _, n := range r.Run.Notes {
		lines += " " + sentence(n)
	}
	return lines
}

// envoyCosts is the worker's time of every contestant, in each scenario.
func envoyCosts(j *verdict.OnEnvoy) grid {
	g := grid{Caption: "worker's time over that with no filter", Head: []string{"who checks"}}
	for _, s := range j.Scenarios {
		_, name, _ := strings.Cut(s.ID, "/")
		g.Head = append(g.Head, name)
	}
	if len(j.Scenarios) > 0 {
		g.Head = append(g.Head, "÷ "+j.Reference+"'s")
	}
	var names []string
	for _, s := range j.Scenarios {
		for _, c := range s.Costs {
			if !slices.Contains(names, c.Contestant) {
				names = append(names, c.Contestant)
			}
		}
	}
	var base []string
	for _, s := range j.Scenarios {
		base = append(base, fmt.Sprintf("%s for %s", over(s.Base), s.ID))
	}
	for _, name := range names {
		row := []cell{text(envoyName(name))}
		ratio := text(units.None)
		for i := range j.Scenarios {
			c, ok := j.Scenarios[i].Cost(name)
			if !ok {
				row = append(row, text(units.None))
				continue
			}
			row = append(row, envoyCost(c))
			if i == 0 && c.Ratio.N > 0 {
				ratio = text(units.Interval(c.Ratio.Low, c.Ratio.Mid, c.Ratio.High, units.Ratio))
			}
			if i == 0 && name == j.Reference {
				ratio = text("1")
			}
			if c.Service.N > 0 && i == 0 {
				g.Notes = append(g.Notes, fmt.Sprintf("ext_authz asks a service on the same machine, a second Envoy, which "+
					"takes %s of a processor besides.", over(c.Service)))
			}
		}
		g.Rows = append(g.Rows, append(row, ratio))
	}
	if len(base) > 0 {
		g.Notes = append(g.Notes, "No filter, Envoy answers 200 itself: "+list(base)+".")
	}
	for _, r := range j.Report.Refused {
		where := ""
		if r.Scenario != "" {
			where = " for " + r.Scenario
		}
		g.Notes = append(g.Notes, fmt.Sprintf("%s%s: %s", envoyName(r.Build), where, sentence(words.OneLine(r.Reason))))
	}
	return g
}

func envoyCost(c verdict.EnvoyCost) cell {
	switch {
	case c.Missing.Any():
		return cell{Text: "not measured", Tone: bad}
	case c.Leaks:
		return cell{Text: "it leaks", Tone: bad}
	}
	return text(over(c.Over))
}

// envoyWaits is how long clients waited.
func envoyWaits(j *verdict.OnEnvoy) grid {
	g := grid{Head: []string{"who checks", "half within", "99 % within", "longest"}}
	for _, l := range j.Latencies {
		g.Caption = fmt.Sprintf("a client's wait at %s requests a second, %s", units.Count(l.Rate), l.Scenario)
		g.Rows = append(g.Rows, []cell{text(envoyName(l.Contestant)), text(over(l.Half)), text(over(l.Most)),
			text(units.Nanos(l.Longest))})
	}
	if len(g.Rows) > 0 {
		g.Notes = append(g.Notes,
			"From the time at which a request was to be sent; the load generator on the other processor is most of it. The "+
				"median over the Envoys, in brackets its 95 % interval; longest: of all requests.")
	}
	return g
}
