package bench

import (
	"fmt"
	"strings"

	"github.com/header-auth/header-auth/internal/units"
	"github.com/header-auth/header-auth/internal/words"
)

// provenance is where the numbers come from: all that is needed to measure them again.
func (v view) provenance() section {
	r := v.r
	revision := words.Short(r.Run.Revision)
	if r.Run.Dirty {
		revision += ", with changes that are in no commit"
	}
	took := units.Nanos(r.Run.Seconds * 1e9)
	if r.Run.Seconds >= 120 {
		took = fmt.Sprintf("%.0f min", r.Run.Seconds/60)
	}
	if !r.Run.Complete {
		took += ", not complete"
	}
	quoted := make([]string, len(r.Run.Command))
	for i, arg := range r.Run.Command {
		quoted[i] = words.QuoteArg(arg)
	}
	p := r.Run.Plan
	facts := grid{Caption: "the run", Head: []string{"what", "value"}}
	for _, fact := range [][2]string{
		{"command", strings.Join(quoted, " ")},
		{"revision", revision},
		{"started", when(r.Run.Started)},
		{"measured for", took},
		{"plan", fmt.Sprintf("%s: %d processes × %d instances × %d rounds × %d requests; seed %d", p.Name, p.Processes,
			p.Instances, p.Rounds, p.Requests, r.Run.Seed)},
		{"table", words.Join(", ", r.Table.Name, r.Table.Folder, "sha256 "+words.Short(r.Table.Digest))},
		{"host", fmt.Sprintf("wazero %s (%s), as %s, allocator order %s", r.Host.Wazero, r.Host.Engine, r.Host.Profile,
			r.Host.Allocator)},
		{"machine", words.Join(", ", r.Machine.CPU, words.Plural(r.Machine.CPUs, "CPU"), r.Machine.OS+"/"+r.Machine.Arch,
			r.Machine.Kernel, microcode(r.Machine.Microcode), r.Machine.Go)},
		{"load before", loads(r.Machine.LoadBefore)},
		{"load after", loads(r.Machine.LoadAfter)},
		{"steal", units.Percent(r.Machine.Steal)},
	} {
		facts.Rows = append(facts.Rows, []cell{text(fact[0]), text(fact[1])})
	}
	builds := grid{Caption: "the builds", Head: []string{"build", "language", "toolchain", "SDK", "sha256 of the module"}}
	recipes := grid{Caption: "how they are made", Head: []string{"build", "file", "recipe"}, Detail: true}
	for _, b := range r.Builds {
		builds.Rows = append(builds.Rows, []cell{text(b.Name), text(orNone(b.Language)), text(orNone(b.Toolchain)),
			text(orNone(b.SDK)), text(b.SHA256)})
		recipes.Rows = append(recipes.Rows, []cell{text(b.Name), text(b.File), text(orNone(words.OneLine(b.Recipe)))})
		if label := sentence(b.Label); label != "" {
			builds.Notes = append(builds.Notes, b.Name+": "+label)
		}
	}
	s := section{ID: "provenance", Title: "Where this comes from", Grids: []grid{facts, builds, recipes}}
	for _, note := range r.Run.Notes {
		s.Lead = append(s.Lead, "Not measured: "+sentence(note))
	}
	return s
}

func orNone(s string) string {
	if s == "" {
		return units.None
	}
	return s
}

func microcode(s string) string {
	if s == "" {
		return ""
	}
	return "microcode " + s
}

func loads(averages []float64) string {
	if len(averages) == 0 {
		return "unknown"
	}
	parts := make([]string, len(averages))
	for i, a := range averages {
		parts[i] = fmt.Sprintf("%.2f", a)
	}
	return strings.Join(parts, ", ") + " over 1, 5, 15 minutes"
}
