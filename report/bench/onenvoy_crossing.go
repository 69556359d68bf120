package bench

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/header-auth/header-auth/bench/verdict"
	"github.com/header-auth/header-auth/internal/units"
)

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
	g.Notes = append(g.Notes, "The first row is the whole cost of a plugin that does nothing, on Envoy over no filter; "+
		"each other row is what its plugin takes more than that.")
	return section{ID: "crossings", Title: "What does a crossing cost, and what should a plugin author avoid?",
		Lead: crossingAdvice(j), Grids: []grid{g}}
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
		all = append(all, fmt.Sprintf("A plugin that does nothing takes %s of a request on Envoy: "+
			"no plugin can be below that.", took))
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
		all = append(all, fmt.Sprintf("Reading one header takes %s, reading all of a browser's request %s. %s", oneText,
			wholeText, then))
	}
	if size, sizeText, ok := is("proxy_get_header_map_size"); ok && oneKnown && one > 1.5*size {
		all = append(all, fmt.Sprintf("What gives the plugin a number takes %s, what gives it bytes %s: Envoy calls the "+
			"plugin's allocator for them. Ask once, and keep what is known.", sizeText, oneText))
	}
	if _, took, ok := is("proxy_log, below the level"); ok {
		all = append(all, fmt.Sprintf("A log line below Envoy's level takes %s, though it is written nowhere: do not log "+
			"what an ordinary request does.", took))
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
		all = append(all, fmt.Sprintf("A callback more that does nothing cannot be told from none (%s): leaving exports "+
			"away gains nothing that can be measured.", over(c.Envoy)))
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
		said := fmt.Sprintf("Most crossings cost about %s times as much on Envoy as on wazero",
			units.Short(units.Ratio(factor)))
		if factor > 1.5 {
			said += "; builds make the same crossings, so they differ by a smaller factor there"
		}
		all = append(all, said+".")
	}
	return all
}
