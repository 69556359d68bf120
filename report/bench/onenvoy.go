package bench

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/header-auth/header-auth/bench/evidence"
	"github.com/header-auth/header-auth/bench/verdict"
	"github.com/header-auth/header-auth/internal/units"
	"github.com/header-auth/header-auth/internal/words"
)

// envoyNames are the contestants that are no builds, as readers know them.
var envoyNames = map[string]string{
	evidence.NoFilter:      "no filter",
	evidence.NullGuest:     "an empty plugin",
	evidence.NativeRBAC:    "RBAC filter",
	evidence.LuaFilter:     "Lua script",
	evidence.DynamicModule: "dynamic module in C",
	evidence.ExtAuthz:      "ext_authz service",
}

func envoyName(contestant string) string {
	if name, ok := envoyNames[contestant]; ok {
		return name
	}
	return contestant
}

// EnvoyMarkdown writes what a run on a real Envoy found, for a document.
func EnvoyMarkdown(w io.Writer, j *verdict.OnEnvoy) error {
	out := &words.Writer{To: w}
	v := view{&evidence.Report{}, &verdict.Findings{Envoy: j}}
	for _, s := range v.envoySections() {
		fmt.Fprintf(out, "\n## %s\n", escape(s.Title))
		for _, lead := range s.Lead {
			fmt.Fprintf(out, "\n%s\n", escape(lead))
		}
		for _, g := range s.Grids {
			if g.Caption != "" {
				fmt.Fprintf(out, "\n**%s**\n", escape(g.Caption))
			}
			markdownGrid(out, g)
		}
	}
	return out.Err
}

// EnvoyText writes the same for a terminal.
func EnvoyText(w io.Writer, j *verdict.OnEnvoy, o TextOptions) error {
	out := &words.Writer{To: w}
	t := terminal{view{&evidence.Report{}, &verdict.Findings{Envoy: j}}, out, words.Paint{On: o.Color}, o.Width}
	for _, s := range t.onEnvoyAdvice() {
		t.prose("  · ", sentence(s))
	}
	for _, s := range t.envoySections() {
		t.section(s)
	}
	return out.Err
}

// envoySections are those of a run on a real Envoy; none without one.
func (v view) envoySections() []section {
	if v.f.Envoy == nil {
		return nil
	}
	all := []section{v.onEnvoy(), v.orders(), v.crossings()}
	return slices.DeleteFunc(all, func(s section) bool { return len(s.Lead) == 0 && len(s.Grids) == 0 })
}

// over writes a cost with the bounds of its interval.
func over(i verdict.Interval) string { return units.Interval(i.Low, i.Mid, i.High, units.Nanos) }

// onEnvoyAdvice is what a real Envoy says of the choice, in two sentences.
func (v view) onEnvoyAdvice() []string {
	j := v.f.Envoy
	if j == nil || len(j.Scenarios) == 0 {
		return nil
	}
	s := &j.Scenarios[0]
	var builds, others []string
	for _, c := range s.Costs {
		if c.Missing.Any() || !c.Over.Known() || c.Over.Low <= 0 {
			continue // the table says how little is known
		}
		took := units.Short(units.Nanos(c.Over.Mid))
		if c.Build {
			builds = append(builds, c.Contestant+" "+took)
		} else if c.Contestant != evidence.NullGuest {
			others = append(others, envoyName(c.Contestant)+" "+took)
		}
	}
	var all []string
	if !j.Gate.Passed {
		all = append(all, "On Envoy the A/A check failed: its numbers put no build before another.")
	}
	if len(builds) > 0 {
		all = append(all, fmt.Sprintf("On a real Envoy %s a request costs so much more of a worker's time with the plugin: %s.", j.Version, list(builds)))
	}
	if len(others) > 0 {
		all = append(all, fmt.Sprintf("The same check there without Wasm: %s. Without any filter a request takes %s.", list(others),
			units.Short(units.Nanos(s.Base.Mid))))
	}
	for _, m := range j.Soaks {
		if m.Verdict != verdict.Leak {
			continue
		}
		said := fmt.Sprintf("There %s leaks %s a request", m.Contestant, wholeBytes(m.PerRequest.Mid))
		if m.Pauses[0] > 0 && m.Pauses[1] > 1.5*m.Pauses[0] {
			said += fmt.Sprintf(", and the longest wait grows from %s to %s over %s requests", units.Short(units.Nanos(m.Pauses[0])),
				units.Short(units.Nanos(m.Pauses[1])), units.Count(m.Requests))
		}
		all = append(all, said+".")
	}
	if n := len(j.Orders); n > 0 {
		count := map[verdict.OrderState]int{}
		for _, o := range j.Orders {
			count[o.State]++
		}
		contradict := "in none"
		if n := count[verdict.OrdersDiffer]; n > 0 {
			contradict = fmt.Sprintf("in %d", n)
		}
		said := fmt.Sprintf("On which of two builds is faster, wazero and Envoy agree in %d of %s and contradict each other %s.",
			count[verdict.OrdersAgree], words.Plural(n, "comparison"), contradict)
		all = append(all, said)
	}
	return all
}

// onEnvoy is what everything costs there.
func (v view) onEnvoy() section {
	j := v.f.Envoy
	s := section{ID: "envoy", Title: "On a real Envoy " + j.Version, Lead: []string{
		"Listeners of one Envoy with one worker, in turns. A time is what the kernel counts for the worker's thread, divided by the " +
			"requests: by how much it is more than with no filter. The mean, a collector's work included; in brackets the 95 % interval, over Envoys that were started anew."}}
	s.Lead = append(s.Lead, v.envoyGate())
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
	lines := fmt.Sprintf("A/A check %s: a copy of %s costs more than itself by %s; wanted around 0, within %.0f %% of the worker's time.", state, j.Reference,
		list(differences), 100*verdict.EnvoyGateLimit)
	if len(differences) == 0 {
		lines = "No A/A check was made."
	}
	pinned := "the worker with a processor of its own"
	if !r.Run.Pinned {
		pinned = "the worker shares its processor"
	}
	lines += fmt.Sprintf(" Measured by %s, %s, on %s, %s, %s; %s, plan %s: %s × %d rounds × %d requests on %d connections.",
		strings.Join(r.Run.Command, " "), when(r.Run.Started), r.Machine.CPU, words.Plural(r.Machine.CPUs, "CPU"), pinned, r.Envoy.Origin,
		r.Run.Plan.Name, words.Plural(r.Run.Plan.Processes, "Envoy"), r.Run.Plan.Rounds, r.Run.Plan.Requests, r.Run.Plan.Connections)
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
				g.Notes = append(g.Notes, fmt.Sprintf("ext_authz asks a service on the same machine, a second Envoy, which takes %s of a processor besides.", over(c.Service)))
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
		g.Rows = append(g.Rows, []cell{text(envoyName(l.Contestant)), text(units.Nanos(l.P50)), text(units.Nanos(l.P99)), text(units.Nanos(l.Max))})
	}
	if len(g.Rows) > 0 {
		g.Notes = append(g.Notes, "From the time at which a request was to be sent; the load generator on the other processor is most of it.")
	}
	return g
}

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
			g.Notes = append(g.Notes, fmt.Sprintf("%s: ended after %s requests: %s", envoyName(m.Contestant), units.Count(m.Requests), sentence(words.OneLine(m.Ended))))
		case m.Verdict == verdict.Leak:
			g.Notes = append(g.Notes, fmt.Sprintf("%s: memory gains %s a request in the last half.", m.Contestant,
				units.Interval(m.PerRequest.Low, m.PerRequest.Mid, m.PerRequest.High, units.Bytes)))
		}
	}
	g.Caption = fmt.Sprintf("an Envoy's memory over %s requests to one build", units.Count(most))
	if len(g.Rows) > 0 {
		g.Notes = append(g.Notes, "Anonymous resident memory of the whole process. Wait: the longest from sending a request on each connection until all are answered; time: the worker's for a request; both in the first and the last fifth of the requests.")
	}
	return g
}

// envoyStarts is how long a new listener takes.
func envoyStarts(j *verdict.OnEnvoy) grid {
	g := grid{Caption: "a listener that is added to a running Envoy", Head: []string{"build", "first answer after", "memory that it takes"}}
	for _, s := range j.Startups {
		g.Rows = append(g.Rows, []cell{text(envoyName(s.Build)), text(over(s.Time)),
			text(units.Interval(s.Bytes.Low, s.Bytes.Mid, s.Bytes.High, units.Bytes))})
	}
	if len(g.Rows) > 0 {
		g.Notes = append(g.Notes, "Envoy compiles the module in that time. Memory: two VMs, one for the main thread and one for the worker, and the compiled code.")
	}
	return g
}

// orders says where wazero and Envoy agree on which of two builds is faster.
func (v view) orders() section {
	j := v.f.Envoy
	if len(j.Orders) == 0 {
		return section{}
	}
	count := map[verdict.OrderState]int{}
	g := grid{Head: []string{"scenario", "build", "against", "wazero", "on Envoy", "order"}}
	for _, o := range j.Orders {
		count[o.State]++
		if o.Wazero == verdict.Unsteady && o.Envoy == verdict.Unsteady {
			continue // both know that one leaks
		}
		c := text(string(o.State))
		switch o.State {
		case verdict.OrdersAgree:
			c.Tone = good
		case verdict.OrdersDiffer:
			c.Tone = bad
		}
		_, scenario, _ := strings.Cut(o.Scenario, "/")
		g.Rows = append(g.Rows, []cell{text(scenario), text(o.A), text(o.B), text(envoyWord(o.Wazero, units.Ratio(o.Ratio)+" ×")),
			text(envoyWord(o.Envoy, signed(o.Difference.Mid))), c})
	}
	g.Notes = append(g.Notes, fmt.Sprintf("On wazero: the first build's time over the second's; on Envoy: by how much more or less of the worker's time. agree: both say the same; close: one finds a difference that the other knows to be small (within %.0f %%); undecided: one of them cannot say; "+
		"differ: they contradict each other.", 100*verdict.EnvoyBand))
	lead := fmt.Sprintf("Of %s of builds they agree on %d", words.Plural(len(j.Orders), "pair"), count[verdict.OrdersAgree])
	if n := len(j.Orders) - len(g.Rows); n > 0 {
		lead += fmt.Sprintf(", on %d of these that one of the two leaks", n)
	}
	lead += fmt.Sprintf(". They contradict each other on %d. On %d one sees a difference that the other knows to be small, on %d one is undecided.",
		count[verdict.OrdersDiffer], count[verdict.OrdersClose], count[verdict.OrdersOpen])
	return section{ID: "envoy-order", Title: "Do wazero and Envoy put the builds in the same order?", Lead: []string{lead}, Grids: []grid{g}}
}

// signed writes a difference of times with its sign.
func signed(x float64) string {
	if !units.Known(x) {
		return units.None
	}
	if x < 0 {
		return "−" + units.Nanos(-x)
	}
	return "+" + units.Nanos(x)
}

func envoyWord(w verdict.Word, by string) string {
	switch w {
	case verdict.Faster, verdict.Slower:
		return by
	case verdict.Unsteady:
		return "one leaks"
	case verdict.Refused:
		return "no verdict"
	}
	return string(w)
}

// crossings is what each thing costs that a plugin can do.
func (v view) crossings() section {
	j := v.f.Envoy
	if len(j.Crossings) == 0 {
		return section{}
	}
	what := map[string]string{}
	for _, c := range j.Report.Crossings {
		what[c.Guest] = c.What
	}
	g := grid{Head: []string{"a plugin that does only this", "on Envoy", "on wazero", "function"}, Fold: 1}
	for i, c := range j.Crossings {
		name, function := cmp.Or(what[c.Guest], c.Guest), c.Guest
		if i == 0 {
			function = "five callbacks that do nothing"
		}
		g.Rows = append(g.Rows, []cell{text(name), text(over(c.Envoy)), text(over(c.Wazero)), text(function)})
	}
	g.Notes = append(g.Notes, "The first row is the whole cost of a plugin that does nothing, on Envoy over no filter; each other row is what its plugin takes more than that.")
	return section{ID: "crossings", Title: "What does a crossing cost, and what should a plugin author avoid?", Lead: crossingAdvice(j), Grids: []grid{g}}
}

// anotherCallback is the guest with one empty callback more.
const anotherCallback = "proxy_on_response_headers, empty"

// negligible is a time, in ns, that no author of a plugin need care for.
const negligible = 500

// crossingAdvice says what follows from the numbers. What an interval leaves open is not said.
func crossingAdvice(j *verdict.OnEnvoy) []string {
	cost := map[string]verdict.Crossing{}
	for _, c := range j.Crossings {
		cost[c.Guest] = c
	}
	is := func(name string) (float64, string, bool) {
		c, ok := cost[name]
		return c.Envoy.Mid, units.Short(units.Nanos(c.Envoy.Mid)), ok && c.Envoy.Known() && c.Envoy.Low > 0
	}
	var all []string
	if _, took, ok := is(j.Crossings[0].Guest); ok {
		all = append(all, fmt.Sprintf("A plugin that does nothing takes %s of a request on Envoy: no plugin can be below that.", took))
	}
	one, oneText, oneKnown := is("proxy_get_header_map_value")
	whole, wholeText, wholeKnown := is("proxy_get_header_map_pairs")
	if oneKnown && wholeKnown {
		then := "Read single headers where few are needed."
		switch {
		case whole <= 1.2*one:
			then = "Read them all once, and look up in the copy."
		case whole < 2*one:
			then = "From the second header on, read them all."
		}
		all = append(all, fmt.Sprintf("Reading one header takes %s, reading all of a browser's request %s. %s", oneText, wholeText, then))
	}
	if size, sizeText, ok := is("proxy_get_header_map_size"); ok && oneKnown && one > 1.5*size {
		all = append(all, fmt.Sprintf("What gives the plugin a number takes %s, what gives it bytes %s: Envoy calls the plugin's allocator for them. Ask once, and keep what is known.", sizeText, oneText))
	}
	if _, took, ok := is("proxy_log, below the level"); ok {
		all = append(all, fmt.Sprintf("A log line below Envoy's level takes %s, though it is written nowhere: do not log what an ordinary request does.", took))
	}
	if _, took, ok := is("proxy_log, written"); ok {
		all = append(all, fmt.Sprintf("A line that is written takes %s.", took))
	}
	if _, took, ok := is("proxy_get_property"); ok {
		all = append(all, fmt.Sprintf("A property takes %s: what a header says as well is cheaper there.", took))
	}
	if _, took, ok := is(anotherCallback); ok {
		then := "export those that the plugin needs."
		if cost[anotherCallback].Envoy.Mid < 0.1*j.Crossings[0].Envoy.Mid {
			then = "leaving exports away gains little."
		}
		all = append(all, fmt.Sprintf("A callback that is exported and does nothing takes %s: %s", took, then))
	} else if c, there := cost[anotherCallback]; there && c.Envoy.Contains(0) && c.Envoy.High < negligible {
		all = append(all, fmt.Sprintf("A callback more that does nothing cannot be told from none (%s): leaving exports away gains nothing that can be measured.", over(c.Envoy)))
	}
	var factors []float64
	for _, c := range j.Crossings[1:] {
		if c.Envoy.Known() && c.Envoy.Low > 0 && c.Wazero.Known() && c.Wazero.Low > 0 {
			factors = append(factors, c.Envoy.Mid/c.Wazero.Mid)
		}
	}
	if len(factors) > 2 {
		slices.Sort(factors)
		factor := factors[len(factors)/2]
		said := fmt.Sprintf("Most crossings cost about %s times as much on Envoy as on wazero", units.Short(units.Ratio(factor)))
		if factor > 1.5 {
			said += "; builds make the same crossings, so they differ by a smaller factor there"
		}
		all = append(all, said+".")
	}
	return all
}
