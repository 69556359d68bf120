package bench

import (
	"fmt"
	"strings"

	"github.com/header-auth/header-auth/bench/verdict"
	"github.com/header-auth/header-auth/internal/units"
	"github.com/header-auth/header-auth/internal/words"
)

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
		g.Rows = append(g.Rows, []cell{text(scenario), text(o.A), text(o.B), text(envoyWord(o.Wazero, units.Ratio(o.Ratio)+
			" ×")),
			text(envoyWord(o.Envoy, signed(o.Difference.Mid))), c})
	}
	g.Notes = append(g.Notes, fmt.Sprintf("On wazero: the first build's time over the second's; on Envoy: by how much "+
		"more or less of the worker's time. agree: both say the same; close: one finds a difference that the other knows "+
		"to be small (within %.0f %%); undecided: one of them cannot say; differ: they contradict each other.",
		100*verdict.EnvoyBand))
	lead := fmt.Sprintf("Of %s of builds they agree on %d", words.Plural(len(j.Orders), "pair"),
		count[verdict.OrdersAgree])
	if n := len(j.Orders) - len(g.Rows); n > 0 {
		lead += fmt.Sprintf(", on %d of these that one of the two leaks", n)
	}
	lead += fmt.Sprintf(". They contradict each other on %d. On %d one sees a difference that the other knows to be "+
		"small, on %d one is undecided.",
		count[verdict.OrdersDiffer], count[verdict.OrdersClose], count[verdict.OrdersOpen])
	return section{ID: "envoy-order", Title: "Do wazero and Envoy put the builds in the same order?", Lead: []string{lead},
		Grids: []grid{g}}
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
