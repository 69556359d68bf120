package bench

import (
	"fmt"

	"github.com/header-auth/header-auth/bench/evidence"
	"github.com/header-auth/header-auth/bench/verdict"
	"github.com/header-auth/header-auth/internal/units"
	"github.com/header-auth/header-auth/internal/words"
)

func (v view) startups() section {
	s := section{ID: "startup", Title: "Start-up"}
	for _, cached := range []bool{false, true} {
		g := grid{Caption: "nothing compiled before", Head: []string{"build"}}
		if cached {
			g.Caption = "compiled code read from wazero's cache"
		}
		for _, start := range v.f.Startups {
			if start.Cached != cached {
				continue
			}
			row := []cell{text(start.Build)}
			for _, phase := range start.Phases {
				if len(g.Rows) == 0 {
					g.Head = append(g.Head, phase.Name)
				}
				row = append(row, text(units.Nanos(phase.Time.Mid)))
			}
			g.Rows = append(g.Rows, append(row, text(within(start.Total, units.Nanos))))
		}
		if len(g.Rows) > 0 {
			g.Head = append(g.Head, "whole")
			s.Grids = append(s.Grids, g)
		}
	}
	if len(s.Grids) > 0 {
		s.Lead = []string{"From a module's bytes to its first answer, each sample in a process of its own."}
	}
	return s
}

func (v view) memory() section {
	g := grid{Head: []string{"build", "allocator order", "worst in", "requests", "configured", "end", "leaks, a request",
		"verdict"}}
	each := grid{Caption: "every scenario", Head: g.Head[:2:2], Detail: true}
	each.Head = append(append(each.Head, "scenario"), g.Head[3:]...)
	soaked := 0
	for _, m := range v.f.Memory {
		g.Rows = append(g.Rows, memoryRow(m))
		soaked = max(soaked, len(m.Each))
		if why := words.Join(" ", MemoryCourse(m, "request"), sentence(m.Ended)); why != "" &&
			(m.Verdict != verdict.Flat || m.Ended != "") {
			g.Notes = append(g.Notes, fmt.Sprintf("%s, %s: %s", m.Build, m.Allocator, why))
		}
		for _, one := range m.Each {
			each.Rows = append(each.Rows, memoryRow(one))
		}
	}
	if len(g.Rows) == 0 {
		return section{}
	}
	s := section{ID: "memory", Title: "Memory of one VM over many requests", Grids: []grid{g}, Lead: []string{
		"Linear memory, which never shrinks. The allocator order says which export gives the host memory in the guest: " +
			"Envoy asks for malloc first, the specification for proxy_on_memory_allocate.",
		soakedText(soaked) + " Where no leak was found, the number is what a leak would have had to be to " +
			"show: a smaller one would not."}}
	if soaked > 1 {
		s.Grids = append(s.Grids, each)
	}
	return s
}

// soakedText says what was soaked.
func soakedText(scenarios int) string {
	if scenarios <= 1 {
		return "One VM took all requests."
	}
	return fmt.Sprintf("Each of the %d scenarios has a VM of its own; the row is that of the worst.", scenarios)
}

func memoryRow(m verdict.Memory) []cell {
	tones := map[verdict.Growth]tone{verdict.Leak: bad, verdict.Plateau: good, verdict.Flat: good, verdict.Unclear: warn}
	scenario := m.Scenario
	if scenario == "" {
		scenario = "allowed and refused in turn"
	}
	rate := within(m.PerRequest, units.Bytes)
	if m.Verdict != verdict.Leak && units.Known(m.PerRequest.High) && m.PerRequest.High > 0 {
		rate = "< " + units.Bytes(m.PerRequest.High)
	}
	return []cell{text(m.Build), text(m.Allocator), text(scenario), text(units.Count(int64(m.Requests))),
		text(units.Bytes(float64(m.Ready))), text(units.Bytes(float64(m.End))), text(rate),
		{string(m.Verdict), tones[m.Verdict], ""}}
}

func (v view) resident() section {
	g := grid{Head: []string{"build", "for each VM", "once"}}
	for _, m := range v.f.Resident {
		g.Rows = append(g.Rows, []cell{text(m.Build), text(within(m.PerVM, units.Bytes)), text(within(m.Fixed, units.Bytes))})
	}
	if len(g.Rows) == 0 {
		return section{}
	}
	return section{ID: "resident", Title: "Resident memory", Grids: []grid{g}, Lead: []string{
		"Anonymous memory of the process with warm VMs: a fixed part and one for each VM, fitted over several numbers of " +
			"them. Envoy runs one VM on each worker and one on its main thread."}}
}

// hostedLimit is the largest plugin, with its configuration, that Google's Service Extensions take
// (https://cloud.google.com/service-extensions/quotas), in bytes.
const hostedLimit = 5 << 20

func (v view) sizes() section {
	g := grid{Caption: "modules", Head: []string{"build", "file", "gzip", "stripped", "gzip", "code", "data", "image",
		"compiled, on disk", "of 5 MiB"}}
	loads := grid{Caption: "which Envoy loads it", Head: []string{"build"}}
	for _, s := range v.r.Sizes {
		share := cell{Text: units.Percent(float64(s.Raw) / hostedLimit)}
		if s.Raw > hostedLimit {
			share.Tone = bad
		}
		g.Rows = append(g.Rows, []cell{text(s.Build), text(size(s.Raw)), text(size(s.Zip)), text(size(s.Stripped)),
			text(size(s.StrippedZip)), text(size(sectionSize(s, "code"))), text(size(sectionSize(s, "data"))),
			text(size(s.Image)), text(size(s.CacheOnDisk)), share})
		row := []cell{text(s.Build)}
		for _, p := range s.Profiles {
			if len(loads.Rows) == 0 {
				loads.Head = append(loads.Head, p.Profile)
			}
			if p.Loads {
				row = append(row, cell{"loads", good, ""})
				continue
			}
			row = append(row, cell{"does not load", bad, ""})
			loads.Notes = append(loads.Notes, fmt.Sprintf("%s, %s: %s", s.Build, p.Profile, sentence(p.Reason)))
		}
		loads.Rows = append(loads.Rows, row)
	}
	if len(g.Rows) == 0 {
		return section{}
	}
	s := section{ID: "size", Title: "Size", Grids: []grid{g}, Lead: []string{
		"Stripped is without custom sections: names and debug information, which no host needs. 5 MiB is what a hosted " +
			"service takes at most (Google Service Extensions)."}}
	if len(loads.Head) > 1 {
		s.Grids = append(s.Grids, loads)
	}
	return s
}

func sectionSize(s evidence.Size, name string) int {
	sum := 0
	for _, have := range s.Sections {
		if have.Name == name {
			sum += have.Bytes
		}
	}
	return sum
}
