package main

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/header-auth/header-auth/host/load"
	"github.com/header-auth/header-auth/host/wasmfile"
	"github.com/header-auth/header-auth/internal/units"
)

// How many exports are named unless all are asked for, then those that Envoy looks up; how many sections and imports;
// and how long a name is shown. A module may have a million of each.
const (
	mostExports = 100
	mostNamed   = 1000
	longestName = 200
)

// renderInspection writes what inspect has found: first the facts, then whether each Envoy would start the module.
func renderInspection(w io.Writer, file string, i *load.Inspection, all bool) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n\n", file)
	writeFacts(&b, i)
	writeSections(&b, i, all)
	writeImports(&b, i, all)
	writeExports(&b, i, all)
	if len(i.Warnings) > 0 {
		b.WriteString("\nWarnings\n")
		writeFaults(&b, "  ", i.Warnings)
	}
	writeVerdicts(&b, i)
	_, err := io.WriteString(w, b.String())
	return err
}

func columns(b *strings.Builder) *tabwriter.Writer { return tabwriter.NewWriter(b, 0, 0, 2, ' ', 0) }

func writeFacts(b *strings.Builder, i *load.Inspection) {
	t := columns(b)
	fact := func(name, value string) { fmt.Fprintf(t, "%s\t%s\n", name, value) }
	fact("size", fmt.Sprintf("%s bytes; %s without custom sections, which gzip -9 makes %s",
		units.Count(i.Size), units.Count(i.Stripped), units.Count(i.StrippedZipped)))
	fact("toolchain", toolchain(i.Toolchain))
	fact("ABI", abiVersion(i))
	fact("start", orNone(strings.Join(i.Start, ", then ")))
	fact("allocator", orNone(i.Allocator))
	fact("memory", memory(i.Memory))
	t.Flush()
}

func toolchain(t load.Toolchain) string {
	if t.Compiler == "" {
		return "unknown"
	}
	text := strings.TrimSpace(t.Compiler + " " + t.Version)
	if t.Language != t.Compiler {
		text += ", " + t.Language
	}
	if t.SDK != "" {
		text += ", " + t.SDK
	}
	return text + " (" + t.Evidence + ")"
}

func abiVersion(i *load.Inspection) string {
	if i.ABI != 0 {
		return i.ABI.String()
	}
	for _, e := range i.Exports {
		if strings.HasPrefix(e.Name, "proxy_abi_version_") {
			return "unknown: the module exports " + printable(e.Name)
		}
	}
	return "unknown: the module exports no version marker"
}

func memory(m *wasmfile.Limits) string {
	const page = 64 << 10
	switch {
	case m == nil:
		return "none"
	case m.HasMax:
		return fmt.Sprintf("%s bytes, at most %s", units.Count(int(m.Min)*page), units.Count(int(m.Max)*page))
	}
	return fmt.Sprintf("%s bytes at the start", units.Count(int(m.Min)*page))
}

func writeSections(b *strings.Builder, i *load.Inspection, all bool) {
	b.WriteString("\nSections\n")
	sections := slices.Clone(i.Sections)
	slices.SortStableFunc(sections, func(x, y wasmfile.Section) int { return y.Size - x.Size })
	t := tabwriter.NewWriter(b, 0, 0, 2, ' ', tabwriter.AlignRight)
	for n, s := range sections {
		if n == mostNamed && !all {
			break
		}
		name := s.Name
		if s.Custom() {
			name = shown(name) + " (custom)"
		}
		fmt.Fprintf(t, "%s\t%.1f %%\t  %s\n", units.Count(s.Size), 100*float64(s.Size)/float64(i.Size), name)
	}
	t.Flush()
	if more := len(sections) - mostNamed; more > 0 && !all {
		fmt.Fprintf(b, "  and %d smaller ones (--all names them)\n", more)
	}
}

func writeImports(b *strings.Builder, i *load.Inspection, all bool) {
	b.WriteString("\nImports\n")
	if len(i.Imports) == 0 {
		b.WriteString("  none\n")
	}
	named := 0
	for n, g := range i.Imports {
		names := g.Names
		if room := mostNamed - named; !all && len(names) > room {
			names = names[:room]
		}
		fmt.Fprintf(b, "  %s (%d)\n", shown(g.Module), len(g.Names))
		writeWords(b, names)
		if named += len(names); len(names) < len(g.Names) || named == mostNamed && !all && n < len(i.Imports)-1 {
			b.WriteString("  and others (--all names them)\n")
			break
		}
	}
}

func writeExports(b *strings.Builder, i *load.Inspection, all bool) {
	var names []string
	for _, e := range i.Exports {
		name := e.Name
		if e.Kind != wasmfile.KindFunction {
			name += " (" + e.Kind.String() + ")"
		}
		if all || len(i.Exports) <= mostExports || envoyLooksUp(i, e) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	if len(names) > mostNamed && !all {
		names = names[:mostNamed]
	}
	fmt.Fprintf(b, "\nExports (%d)\n", len(i.Exports))
	writeWords(b, names)
	if more := len(i.Exports) - len(names); more > 0 {
		fmt.Fprintf(b, "    and %d more%s (--all names them)\n", more, pick(len(names) < mostNamed,
			", which Envoy does not look up", ""))
	}
}

func envoyLooksUp(i *load.Inspection, e wasmfile.Export) bool {
	return e.Kind == wasmfile.KindMemory || strings.HasPrefix(e.Name, "proxy_") || e.Name == i.Allocator ||
		slices.Contains(i.Start, e.Name)
}

// writeWords writes words in indented lines of at most 100 columns.
func writeWords(b *strings.Builder, words []string) {
	const indent, width = "    ", 100
	line := indent
	for n, word := range words {
		word = shown(word)
		if len(line)+1+len(word) > width && line != indent {
			b.WriteString(line + "\n")
			line = indent
		}
		if line != indent {
			line += " "
		}
		line += word
		if n < len(words)-1 {
			line += ","
		}
	}
	if line != indent {
		b.WriteString(line + "\n")
	}
}

// writeVerdicts groups neighbouring releases with the same verdict: "envoy-1.40, envoy-1.39: yes".
func writeVerdicts(b *strings.Builder, i *load.Inspection) {
	b.WriteString("\nWould it load and start?\n")
	verdicts := i.Verdicts
	for len(verdicts) > 0 {
		first := verdicts[0]
		var names []string
		for len(verdicts) > 0 && slices.Equal(verdicts[0].Faults, first.Faults) &&
			slices.Equal(verdicts[0].Warnings, first.Warnings) {
			names = append(names, verdicts[0].Profile.String())
			verdicts = verdicts[1:]
		}
		answer := "yes"
		if len(first.Faults) > 0 {
			answer = "NO"
		}
		fmt.Fprintf(b, "  %s: %s\n", strings.Join(names, ", "), answer)
		writeFaults(b, "    ", slices.Concat(first.Faults, first.Warnings))
	}
}

// writeFaults writes faults in their order. A cure that several in a row have is written once, behind the last.
func writeFaults(b *strings.Builder, indent string, faults []load.Fault) {
	for n, f := range faults {
		fmt.Fprintf(b, "%s- %s\n", indent, printable(f.What))
		if f.Cure != "" && (n+1 == len(faults) || faults[n+1].Cure != f.Cure) {
			fmt.Fprintf(b, "%s  cure: %s\n", indent, printable(f.Cure))
		}
	}
}

func orNone(s string) string {
	if s == "" {
		return "none"
	}
	return printable(s)
}

func pick(condition bool, yes, no string) string {
	if condition {
		return yes
	}
	return no
}

// shown is a name, or the beginning of a long one.
func shown(name string) string {
	if len(name) > longestName {
		name = strings.ToValidUTF8(name[:longestName], "") + "…"
	}
	return printable(name)
}

// printable replaces control characters, so that a name in a module can't control the terminal.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r >= 0x7f && r < 0xa0 {
			return '?'
		}
		return r
	}, s)
}
