package bench

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/header-auth/header-auth/bench/evidence"
	"github.com/header-auth/header-auth/bench/verdict"
	"github.com/header-auth/header-auth/internal/units"
	"github.com/header-auth/header-auth/internal/words"
)

func (v view) cost() section {
	making := grid{Caption: "making", Head: []string{"build", "build, nothing made before", "after a change of one line",
		"toolchain on disk", "dependencies", "lines of source"}}
	parts := grid{Caption: "what is chosen along with it", Head: []string{"part", "name", "version", "released", "state",
		"builds", "looked up", "source"}}
	list := grid{Caption: "dependencies by name", Head: []string{"build", "modules or crates"}, Detail: true}
	for _, c := range v.r.Costs {
		toolchain := "not measured"
		if c.ToolchainBytes > 0 {
			toolchain = units.Bytes(float64(c.ToolchainBytes))
		}
		making.Rows = append(making.Rows, []cell{text(c.Build), text(seconds(c.Cold)), text(seconds(c.Warm)), text(toolchain),
			text(fmt.Sprint(len(c.Dependencies))), text(units.Count(int64(c.Lines)))})
		if len(c.Dependencies) > 0 {
			list.Rows = append(list.Rows, []cell{text(c.Build), text(strings.Join(c.Dependencies, ", "))})
		}
	}
	for _, shared := range v.parts() {
		p := shared.Part
		parts.Rows = append(parts.Rows, []cell{text(p.Role), text(p.Name), text(p.Version), text(p.Date),
			{p.State, stateTone(p.State), ""}, text(strings.Join(shared.builds, ", ")), text(p.Checked),
			{p.Source, plain, address(p.Source)}})
	}
	s := section{ID: "cost", Title: "Cost of making and keeping it"}
	for _, g := range []grid{making, parts, list} {
		if len(g.Rows) > 0 {
			s.Grids = append(s.Grids, g)
		}
	}
	return s
}

// sharedPart is a part and the builds that have it.
type sharedPart struct {
	evidence.Part
	builds []string
}

// parts are those of all builds, each once.
func (v view) parts() []sharedPart {
	var all []sharedPart
	for _, c := range v.r.Costs {
		for _, p := range c.Parts {
			i := slices.IndexFunc(all, func(s sharedPart) bool { return s.Part == p })
			if i < 0 {
				i = len(all)
				all = append(all, sharedPart{Part: p})
			}
			all[i].builds = append(all[i].builds, c.Build)
		}
	}
	return all
}

// address is a source that a browser can open; "" for any other, a file say.
func address(source string) string {
	if strings.HasPrefix(source, "https://") || strings.HasPrefix(source, "http://") {
		return source
	}
	return ""
}

func stateTone(state string) tone {
	switch {
	case strings.HasPrefix(state, "maintained"), strings.HasPrefix(state, "active"):
		return good
	case strings.HasPrefix(state, "archived"), strings.HasPrefix(state, "given up"):
		return bad
	}
	return plain
}

// scaleFormula is how verdict.Scale is computed.
const scaleFormula = "cores = requests a second × time of a request; proxies = cores ÷ workers, rounded up; " +
	"GiB = proxies × (workers + 1) × resident memory of a VM. Envoy keeps a VM for each worker and one for its main " +
	"thread. It is the plugin's share alone: what Envoy itself needs comes on top, and more proxies mean more memory."

func (v view) scale() section {
	s := section{ID: "scale", Title: "Cost at scale"}
	at := map[string]int{}
	for _, c := range v.f.Scale {
		i, ok := at[c.Scenario]
		if !ok {
			i = len(s.Grids)
			at[c.Scenario] = i
			s.Grids = append(s.Grids, grid{Caption: v.about(c.Scenario), Detail: i > 0,
				Head: []string{"build", "requests a second", "cores", "proxies", "memory"}})
		}
		s.Grids[i].Rows = append(s.Grids[i].Rows, []cell{text(c.Build), text(units.Count(int64(c.Rate))),
			text(within(c.Cores, units.Digits)), text(fmt.Sprint(c.Proxies)), text(within(c.GiB, gibText))})
	}
	if len(s.Grids) > 0 {
		s.Lead = []string{fmt.Sprintf("With %s in each proxy: %s", words.Plural(v.f.Scale[0].Workers, "worker"),
			scaleFormula)}
	}
	return s
}

func gibText(gib float64) string { return units.Bytes(gib * (1 << 30)) }

func (v view) budgets() section {
	head := []string{"line", "build", "what", "limit", "measured", "kept"}
	open := grid{Caption: "not kept", Head: append(head[:len(head):len(head)], "why")}
	all := grid{Caption: "all of them", Head: head, Detail: true}
	leaking := 0
	for _, b := range v.f.Budgets {
		write := in(b.Unit)
		kept := cell{"kept", good, ""}
		switch {
		case b.State == verdict.NoSteadyTime:
			kept = cell{"it leaks", warn, ""}
			leaking++
		case b.Broken():
			kept = cell{"broken", bad, ""}
		case b.State == verdict.KnownAbove:
			kept = cell{"known", warn, ""}
		}
		row := []cell{text(b.Where), text(b.Build), text(words.Join(" ", b.What, b.Scenario)), text(write(b.Limit)),
			text(within(b.Got, write)), kept}
		all.Rows = append(all.Rows, row)
		if kept.Tone != good && b.State != verdict.NoSteadyTime {
			open.Rows = append(open.Rows, append(row[:len(row):len(row)], text(orNone(words.OneLine(budgetReason(b))))))
		}
	}
	if len(all.Rows) == 0 {
		return section{}
	}
	s := section{ID: "budgets", Title: "Budgets", Lead: []string{
		fmt.Sprintf("%d of %s kept.", len(all.Rows)-len(open.Rows)-leaking, words.Plural(len(all.Rows), "limit"))}}
	if leaking > 0 {
		s.Lead[0] += fmt.Sprintf(" %d on the time of a build that leaks are not judged: its time grows with every request, "+
			"and the limit on what it leaks counts.",
			leaking)
	}
	if len(open.Rows) > 0 {
		s.Grids = append(s.Grids, open)
	}
	s.Grids = append(s.Grids, all)
	return s
}

func (v view) witnesses() section {
	g := grid{Head: []string{"scenario", "build", "calls into the guest", "calls into the host", "bytes to the guest",
		"bytes to the host", "pages", "instructions"}}
	counted := false
	for _, w := range v.r.Witnesses {
		instructions := units.None
		if w.Instructions > 0 {
			instructions, counted = units.Count(int64(w.Instructions)), true
		}
		g.Rows = append(g.Rows, []cell{text(w.Scenario), text(w.Build), text(fmt.Sprint(w.ToGuest)),
			text(fmt.Sprint(w.ToHost)), text(units.Count(int64(w.BytesToGuest))), text(units.Count(int64(w.BytesToHost))),
			text(fmt.Sprint(w.Pages)), text(instructions)})
	}
	if len(g.Rows) == 0 {
		return section{}
	}
	if !counted {
		g.Notes = []string{"Instructions were not counted: callgrind was not found, or not asked for."}
	}
	return section{ID: "witnesses", Title: "What can be counted exactly", Grids: []grid{g}, Detail: true,
		Lead: []string{"Counts of one request in a warm VM: a busy machine does not change them. Instructions include the " +
			"host's, and are not a time."}}
}

func (v view) refused() section {
	g := grid{Head: []string{"build", "scenario", "why"}}
	for _, r := range v.r.Refused {
		scenario := r.Scenario
		if scenario == "" {
			scenario = "all"
		}
		g.Rows = append(g.Rows, []cell{text(r.Build), text(scenario), {words.OneLine(r.Reason), bad, ""}})
	}
	if len(g.Rows) == 0 {
		return section{}
	}
	return section{ID: "refused", Title: "Without a number", Grids: []grid{g},
		Lead: []string{"A build has a number only where its answers are right."}}
}

// changes are what may change the verdict, as far as the report shows it.
func (v view) changes() []string {
	var all []string
	say := func(format string, args ...any) { all = append(all, fmt.Sprintf(format, args...)) }
	switch {
	case len(v.r.Refused) > 0:
		say("Right answers: a build has a number only where its answers are right.")
	case !v.r.Run.Complete:
		say("A whole run: this one was interrupted.")
	case !v.f.Gate.Passed:
		say("%s", cure(v.f.Gate))
	}
	undecided, most := 0, 0
	for _, scenario := range v.f.Scenarios {
		for _, p := range scenario.Pairs {
			if p.Word == verdict.Undecided {
				undecided++
				if p.More < verdict.TooMany {
					most = max(most, p.More)
				}
			}
		}
	}
	if undecided > 0 && most > 0 {
		say("More processes: %s undecided, and about %d more would probably decide those that can be decided.",
			words.Plural(undecided, "comparison"), most)
	} else if undecided > 0 {
		say("A wider or narrower equivalence band: %s undecided, and more processes would probably not decide that.",
			words.Plural(undecided, "comparison"))
	}
	for _, m := range v.f.Memory {
		for _, n := range v.f.Memory {
			if m.Build == n.Build && m.Verdict == verdict.Leak && n.Verdict != verdict.Leak && n.Verdict != verdict.Unclear {
				say("Another allocator order: %s leaks in the order “%s” and not in “%s”. In Envoy, Envoy's order counts.", m.Build,
					m.Allocator, n.Allocator)
			}
		}
	}
	for _, w := range v.mixed() {
		say("%s", w)
	}
	if n := v.depends(); n > 0 {
		say("Another processor: %s of two builds in a scenario came out otherwise on another machine.", words.Plural(n,
			"comparison"))
	}
	say("Your own traffic: what was measured is %s; a plugin that does much more than check "+
		"headers will have other ratios.", words.Plural(len(v.r.Scenarios), "scenario"))
	if v.r.Host.Engine != "" {
		say("Another engine: the modules ran on wazero %s (%s), Envoy runs them on V8, whose compiler may rank builds with "+
			"similar times in another order.",
			v.r.Host.Wazero, v.r.Host.Engine)
	}
	return all
}

// mixed names the pairs of builds of which one is faster in some scenarios and slower in others.
func (v view) mixed() []string {
	if v.f.Machines == nil {
		return nil
	}
	type score struct{ faster, slower []string }
	scores := map[[2]string]*score{}
	var order [][2]string
	for _, p := range v.f.Machines.Pairs {
		key := [2]string{p.A, p.B}
		if scores[key] == nil {
			scores[key] = new(score)
			order = append(order, key)
		}
		switch p.Word {
		case verdict.Faster:
			scores[key].faster = append(scores[key].faster, p.Scenario)
		case verdict.Slower:
			scores[key].slower = append(scores[key].slower, p.Scenario)
		}
	}
	var all []string
	for _, key := range order {
		if s := scores[key]; len(s.faster) > 0 && len(s.slower) > 0 {
			all = append(all, fmt.Sprintf("Another mix of requests: %s is faster than %s for %s, and slower for %s.",
				key[0], key[1], strings.Join(s.faster, ", "), strings.Join(s.slower, ", ")))
		}
	}
	return all
}

// depends counts the comparisons that depend on the processor.
func (v view) depends() (n int) {
	if v.f.Machines == nil {
		return 0
	}
	for _, p := range v.f.Machines.Pairs {
		if p.Word == verdict.Depends {
			n++
		}
	}
	return n
}

// when writes a point in time.
func when(t time.Time) string {
	if t.IsZero() {
		return "unknown"
	}
	return t.UTC().Format("2006-01-02 15:04 UTC")
}
