package bench

import (
	"fmt"
	"io"
	"slices"

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
		markdownBody(out, s)
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

// onEnvoyAdvice is what a real Envoy says of the choice: what the plugin costs there, and what else would do.
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
		all = append(all, fmt.Sprintf("On a real Envoy %s a request costs so much more of a "+
			"worker's time with the plugin: %s.", j.Version, list(builds)))
	}
	if len(others) > 0 {
		all = append(all, fmt.Sprintf("The same check there without Wasm: %s. Without any filter a request takes %s.",
			list(others), units.Short(units.Nanos(s.Base.Mid))))
	}
	return all
}

// onEnvoyMore is what else a run on a real Envoy has found.
func (v view) onEnvoyMore() []string {
	j := v.f.Envoy
	if j == nil {
		return nil
	}
	var all []string
	for _, m := range j.Soaks {
		if m.Verdict != verdict.Leak {
			continue
		}
		said := fmt.Sprintf("There %s leaks %s a request", m.Contestant, wholeBytes(m.PerRequest.Mid))
		if m.Pauses[0] > 0 && m.Pauses[1] > 1.5*m.Pauses[0] {
			said += fmt.Sprintf(", and the longest wait grows from %s to %s over %s requests",
				units.Short(units.Nanos(m.Pauses[0])), units.Short(units.Nanos(m.Pauses[1])), units.Count(m.Requests))
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
		said := fmt.Sprintf("On which of two builds is faster, wazero and Envoy agree in %d of %s "+
			"and contradict each other %s.",
			count[verdict.OrdersAgree], words.Plural(n, "comparison"), contradict)
		all = append(all, said)
	}
	return all
}
