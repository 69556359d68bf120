package bench

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/header-auth/header-auth/bench/verdict"
	"github.com/header-auth/header-auth/internal/units"
)

// The first screen: one table, a few sentences, one picture. It is the same in every form.

// best marks the best of a column, in every form alike.
const best = " ★"

// fewestPauses is of how many processes the median tells a build's pauses from the machine's.
const fewestPauses = 3

// comparable says whether there are two builds whose times can be compared.
func (v view) comparable() bool {
	for _, s := range v.f.BuildRows {
		if s.Build.Name != v.reference() && s.Time.N+s.Scenarios.N > 0 {
			return true
		}
	}
	return false
}

// first is the table with which a report begins. Its last columns are words; a terminal has
// them in a line of their own.
func (v view) first() grid {
	if len(v.f.BuildRows) == 0 {
		return grid{}
	}
	g := grid{Head: []string{"build"}}
	column := func(head string, value func(verdict.BuildRow) (float64, string)) { v.column(&g, head, value) }
	for _, s := range v.f.BuildRows {
		g.Rows = append(g.Rows, []cell{text(s.Build.Name)})
	}
	switch {
	case !v.f.Gate.Passed: // no times without a verdict on them
	case v.comparable():
		column("time ÷ "+v.reference()+"'s", func(s verdict.BuildRow) (float64, string) { return span(s.Time, units.Ratio) })
		v.byScenario(&g)
		v.withoutTime(&g)
	default:
		column("time", func(s verdict.BuildRow) (float64, string) {
			return s.Nanos.Mid, units.Short(units.Nanos(s.Nanos.Mid))
		})
	}
	column("worst pause", func(s verdict.BuildRow) (float64, string) {
		if v.r.Run.Plan.TailProcesses < fewestPauses {
			return math.NaN(), units.None
		}
		return span(verdict.Span{Low: s.Pause.High, High: s.Pause.High, N: s.Pause.N}, units.Nanos)
	})
	column("warm VM", func(s verdict.BuildRow) (float64, string) { return span(s.Memory, units.Bytes) })
	column("size", func(s verdict.BuildRow) (float64, string) {
		if s.Size == 0 {
			return math.NaN(), units.None
		}
		return float64(s.Size), units.Short(units.Bytes(float64(s.Size)))
	})
	column("start-up", func(s verdict.BuildRow) (float64, string) { return span(s.Startup, units.Nanos) })
	for _, words := range []struct {
		head  string
		value func(verdict.BuildRow) cell
	}{
		{"made with", whatCell}, {"leak", leakCell}, {"upkeep", upkeepCell},
		{"Envoy", func(s verdict.BuildRow) cell { return text(envoys(s)) }},
	} {
		v.words(&g, words.head, words.value)
	}
	return v.firstNotes(g)
}

// byScenario is the range of the ratios in single scenarios.
func (v view) byScenario(g *grid) {
	if len(v.f.Scenarios) < 2 {
		return
	}
	g.Head = append(g.Head, "by scenario")
	for i, s := range v.f.BuildRows {
		_, said := span(s.Scenarios, units.Ratio)
		if s.Build.Name == v.reference() {
			said = units.None
		}
		g.Rows[i] = append(g.Rows[i], text(said))
	}
}

// withoutTime says in the column of times why there is none.
func (v view) withoutTime(g *grid) {
	for i, s := range v.f.BuildRows {
		switch {
		case s.Missing.Any():
			g.Rows[i][1] = cell{"wrong answer", bad, ""}
		case s.Out.Fault == verdict.Leaks:
			g.Rows[i][1] = cell{"it leaks", bad, ""}
		}
	}
}

// column adds a column of numbers, of which less is better, and marks the best: of the builds that can be run. What
// no build has is no column.
func (v view) column(g *grid, head string, value func(verdict.BuildRow) (float64, string)) {
	values := make([]float64, len(v.f.BuildRows))
	said := make([]string, len(v.f.BuildRows))
	least, most, known := math.Inf(1), math.Inf(-1), false
	for i, s := range v.f.BuildRows {
		values[i], said[i] = value(s)
		known = known || units.Known(values[i])
		if runs(s) && units.Known(values[i]) {
			least, most = min(least, values[i]), max(most, values[i])
		}
	}
	if !known {
		return
	}
	g.Head = append(g.Head, head)
	for i, s := range v.f.BuildRows {
		c := text(said[i])
		if runs(s) && values[i] <= least*(1+verdict.Band) && most > least*(1+verdict.Band) {
			c = cell{said[i] + best, good, ""}
		}
		g.Rows[i] = append(g.Rows[i], c)
	}
}

// words adds a column of words, below the row where there is little room. What no build has is no column.
func (v view) words(g *grid, head string, value func(verdict.BuildRow) cell) {
	var cells []cell
	known := false
	for _, s := range v.f.BuildRows {
		c := value(s)
		cells, known = append(cells, c), known || c.Text != units.None
	}
	if !known {
		return
	}
	g.Head = append(g.Head, head)
	g.Fold++
	for i := range g.Rows {
		g.Rows[i] = append(g.Rows[i], cells[i])
	}
}

// runs says whether a build may be run at all.
func runs(s verdict.BuildRow) bool {
	return s.Out.Fault != verdict.Leaks && s.Out.Fault != verdict.NotConformant && !s.Missing.Any()
}

// span writes the values of several machines, and gives their middle to compare.
func span(s verdict.Span, write func(float64) string) (float64, string) {
	if s.N == 0 {
		return math.NaN(), units.None
	}
	if s.High == 0 {
		return 0, "none"
	}
	if s.Low <= 0 {
		return s.High / 2, "up to " + units.Short(write(s.High))
	}
	if s.High < s.Low*(1+verdict.Band) {
		return s.Mid(), units.Short(write(s.Mid()))
	}
	return s.Mid(), units.Span(s.Low, s.High, write)
}

// firstNotes say how to read the table.
func (v view) firstNotes(g grid) grid {
	var how []string
	if n := len(v.f.Scenarios); v.f.Gate.Passed && v.comparable() && n > 1 {
		how = append(how, fmt.Sprintf("time: the mean over %d scenarios", n))
	}
	if names := v.counting(); len(names) > 1 {
		how = append(how, fmt.Sprintf("from … to: from machine to machine (%s)", list(names)))
	} else if len(v.f.Scenarios) > 0 {
		if t, ok := v.f.Scenarios[0].Timing(v.reference()); ok && !t.Missing.Any() && v.f.Gate.Passed && v.comparable() {
			how = append(how, fmt.Sprintf("%s takes %s for %s", v.reference(), units.Short(units.Nanos(t.Time.Mid)),
				v.f.Scenarios[0].ID))
		}
	}
	if slices.Contains(g.Head, "worst pause") {
		how = append(how, "worst pause: by how much the slowest request took longer than the slowest one of a guest that does nothing")
	}
	if len(how) > 0 {
		g.Notes = append(g.Notes, sentence(strings.Join(how, "; ")))
	}
	if said := v.confirmation(); said != "" {
		g.Notes = append(g.Notes, said)
	}
	if strings.Contains(fmt.Sprint(g.Rows), best) {
		g.Notes = append(g.Notes, "★ is the best of a column, of the builds that can be run, and what is within 3 % of it.")
	}
	return g
}

// counting are the machines whose times count.
func (v view) counting() []string {
	var names []string
	if v.f.Machines != nil {
		for _, m := range v.f.Machines.Counting() {
			names = append(names, v.machineShort(m.Name))
		}
	}
	return names
}

// machineNames are those of all machines, without what they have in common.
func (v view) machineNames() []string {
	var names []string
	for _, m := range v.f.Machines.Machines {
		names = append(names, m.Name)
	}
	return short(names)
}

// short drops the ends that machines' names have in common: "AMD EPYC, amd64, 2 CPUs" to "AMD EPYC".
func short(names []string) []string {
	for len(names) > 1 {
		_, end, ok := cutLast(names[0], ", ")
		if !ok {
			break
		}
		cut := make([]string, len(names))
		same := true
		for i, n := range names {
			start, e, ok := cutLast(n, ", ")
			cut[i], same = start, same && ok && e == end
		}
		if !same {
			break
		}
		names = cut
	}
	return names
}

func cutLast(s, separator string) (before, after string, ok bool) {
	i := strings.LastIndex(s, separator)
	if i < 0 {
		return s, "", false
	}
	return s[:i], s[i+len(separator):], true
}
