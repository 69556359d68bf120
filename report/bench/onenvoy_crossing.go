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

// crossingCosts are the guests that do one thing, by name.
type crossingCosts map[string]verdict.Crossing

// of is the time of one, in ns and as a text; known is false when its interval does not tell it from nothing.
func (k crossingCosts) of(guest string) (nanos float64, took string, known bool) {
	c, ok := k[guest]
	return c.Envoy.Mid, units.Short(units.Nanos(c.Envoy.Mid)), ok && c.Envoy.Known() && c.Envoy.Low > 0
}

// crossingAdvice says what follows from the numbers. What an interval leaves open is not said.
func crossingAdvice(j *verdict.OnEnvoy) []string {
	costs := crossingCosts{}
	for _, c := range j.Crossings {
		costs[c.Guest] = c
	}
	nothing := j.Crossings[0]
	all := costs.sentence(nothing.Guest, "A plugin that does nothing takes %s of a request on Envoy: "+
		"no plugin can be below that.")
	all = append(all, costs.headerAdvice()...)
	all = append(all, costs.sentence("proxy_log, below the level", "A log line below Envoy's level takes %s, though it "+
		"is written nowhere: do not log what an ordinary request does.")...)
	all = append(all, costs.sentence("proxy_log, written", "A line that is written takes %s.")...)
	all = append(all, costs.sentence("proxy_get_property", "A property takes %s: what a header says as well is cheaper "+
		"there.")...)
	all = append(all, costs.callbackAdvice(nothing.Envoy.Mid)...)
	return append(all, beyondWazero(j.Crossings[1:])...)
}

// sentence says a time; none when it is not known.
func (k crossingCosts) sentence(guest, format string) []string {
	_, took, known := k.of(guest)
	if !known {
		return nil
	}
	return []string{fmt.Sprintf(format, took)}
}

// headerAdvice is about reading one header or all of them.
func (k crossingCosts) headerAdvice() (all []string) {
	one, oneText, oneKnown := k.of("proxy_get_header_map_value")
	whole, wholeText, wholeKnown := k.of("proxy_get_header_map_pairs")
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
	if size, sizeText, ok := k.of("proxy_get_header_map_size"); ok && oneKnown && one > 1.5*size {
		all = append(all, fmt.Sprintf("What gives the plugin a number takes %s, what gives it bytes %s: Envoy calls the "+
			"plugin's allocator for them. Ask once, and keep what is known.", sizeText, oneText))
	}
	return all
}

// callbackAdvice is about one empty callback more, beside the time of a plugin that has five.
func (k crossingCosts) callbackAdvice(five float64) []string {
	nanos, took, known := k.of(anotherCallback)
	c, there := k[anotherCallback]
	switch {
	case known && nanos < 0.1*five:
		return []string{fmt.Sprintf("A callback that is exported and does nothing takes %s: leaving exports away gains "+
			"little.", took)}
	case known:
		return []string{fmt.Sprintf("A callback that is exported and does nothing takes %s: export those that the plugin "+
			"needs.", took)}
	case there && c.Envoy.Contains(0) && c.Envoy.High < negligible:
		return []string{fmt.Sprintf("A callback more that does nothing cannot be told from none (%s): leaving exports "+
			"away gains nothing that can be measured.", over(c.Envoy))}
	}
	return nil
}

// beyondWazero says how many times as much most crossings cost on Envoy.
func beyondWazero(crossings []verdict.Crossing) []string {
	var factors []float64
	for _, c := range crossings {
		if c.Envoy.Known() && c.Envoy.Low > 0 && c.Wazero.Known() && c.Wazero.Low > 0 {
			factors = append(factors, c.Envoy.Mid/c.Wazero.Mid)
		}
	}
	if len(factors) <= 2 {
		return nil
	}
	slices.Sort(factors)
	factor := factors[len(factors)/2]
	said := fmt.Sprintf("Most crossings cost about %s times as much on Envoy as on wazero",
		units.Short(units.Ratio(factor)))
	if factor > 1.5 {
		said += "; builds make the same crossings, so they differ by a smaller factor there"
	}
	return []string{said + "."}
}
