package main

import (
	"encoding/json"
	"io"

	"github.com/header-auth/header-auth/host/load"
	"github.com/header-auth/header-auth/host/wasmfile"
	"github.com/header-auth/header-auth/report"
	compilers "github.com/header-auth/header-auth/toolchain"
)

// The forms of trace, inspect and doctor for machines, with their schemas in schema/. Within a
// version fields are only added.

func writeJSON(w io.Writer, v any) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(v)
}

type (
	traceJSON struct {
		Schema  string       `json:"schema" jsonschema:"enum=header-auth/trace/v1"`
		Case    string       `json:"case"`
		Modules []moduleJSON `json:"modules"`
	}
	moduleJSON struct {
		Name  string     `json:"name"`
		Steps []stepJSON `json:"steps"`
		End   string     `json:"end,omitempty"`     // how the VM failed
		Why   []string   `json:"details,omitempty"` // what it wrote, and its stack
	}
	stepJSON struct {
		Title      string             `json:"title"`
		Step       int                `json:"step"` // 0: the start
		Repetition int                `json:"repetition"`
		Lines      []report.TraceLine `json:"lines"`
	}
)

func writeTraceJSON(w io.Writer, traces []traced) error {
	out := traceJSON{Schema: "header-auth/trace/v1"}
	for _, t := range traces {
		out.Case = t.id
		m := moduleJSON{Name: t.name, Steps: []stepJSON{}, End: t.end, Why: t.details}
		for _, s := range t.steps {
			m.Steps = append(m.Steps, stepJSON{t.title(s.Place), s.Step, s.Repetition, append([]report.TraceLine{}, s.Lines...)})
		}
		out.Modules = append(out.Modules, m)
	}
	return writeJSON(w, out)
}

type (
	inspectJSON struct {
		Schema         string              `json:"schema" jsonschema:"enum=header-auth/inspect/v1"`
		File           string              `json:"file"`
		Size           int                 `json:"size"` // bytes
		Stripped       int                 `json:"stripped"`
		StrippedZipped int                 `json:"stripped_zipped"`
		Language       string              `json:"language,omitempty"`
		Compiler       string              `json:"compiler,omitempty"`
		Version        string              `json:"compiler_version,omitempty"`
		SDK            string              `json:"sdk,omitempty"`
		Evidence       string              `json:"evidence,omitempty"` // of the compiler: where it was found
		ABI            string              `json:"abi,omitempty"`      // missing: the module has no marker
		Start          []string            `json:"start"`
		Allocator      string              `json:"allocator,omitempty"`
		Memory         *memoryJSON         `json:"memory,omitempty"`
		Sections       []sectionJSON       `json:"sections"`
		Imports        map[string][]string `json:"imports"` // names by module
		Exports        []exportJSON        `json:"exports"`
		Warnings       []faultJSON         `json:"warnings"`
		Envoys         []envoyJSON         `json:"envoys"`
	}
	memoryJSON struct { // pages of 64 KiB
		Min uint64  `json:"min"`
		Max *uint64 `json:"max,omitempty"`
	}
	sectionJSON struct {
		Name   string `json:"name"`
		Custom bool   `json:"custom,omitempty"`
		Size   int    `json:"size"`
	}
	exportJSON struct {
		Name string `json:"name"`
		Kind string `json:"kind"`
	}
	faultJSON struct {
		What string `json:"what"`
		Cure string `json:"cure,omitempty"`
	}
	envoyJSON struct {
		Envoy    string      `json:"envoy"`
		Loads    bool        `json:"loads"`
		Faults   []faultJSON `json:"faults"`
		Warnings []faultJSON `json:"warnings"`
	}
)

func writeInspectJSON(w io.Writer, file string, i *load.Inspection) error {
	out := inspectJSON{Schema: "header-auth/inspect/v1", File: file, Size: i.Size, Stripped: i.Stripped,
		StrippedZipped: i.StrippedZipped, Language: i.Toolchain.Language, Compiler: i.Toolchain.Compiler,
		Version: i.Toolchain.Version, SDK: i.Toolchain.SDK, Evidence: i.Toolchain.Evidence,
		Start: append([]string{}, i.Start...), Allocator: i.Allocator, Imports: map[string][]string{},
		Sections: []sectionJSON{}, Exports: []exportJSON{}, Warnings: faultsJSON(i.Warnings), Envoys: []envoyJSON{}}
	if i.ABI != 0 {
		out.ABI = i.ABI.String()
	}
	if i.Memory != nil {
		out.Memory = &memoryJSON{Min: i.Memory.Min}
		if i.Memory.HasMax {
			out.Memory.Max = &i.Memory.Max
		}
	}
	for _, s := range i.Sections {
		out.Sections = append(out.Sections, sectionJSON{s.Name, s.Custom(), s.Size})
	}
	for _, g := range i.Imports {
		out.Imports[g.Module] = g.Names
	}
	for _, e := range i.Exports {
		out.Exports = append(out.Exports, exportJSON{e.Name, kindName(e.Kind)})
	}
	for _, v := range i.Verdicts {
		out.Envoys = append(out.Envoys, envoyJSON{v.Profile.String(), len(v.Faults) == 0, faultsJSON(v.Faults),
			faultsJSON(v.Warnings)})
	}
	return writeJSON(w, out)
}

func kindName(k wasmfile.Kind) string {
	if k == wasmfile.KindFunction {
		return "function"
	}
	return k.String()
}

func faultsJSON(faults []load.Fault) []faultJSON {
	out := []faultJSON{}
	for _, f := range faults {
		out = append(out, faultJSON(f))
	}
	return out
}

type (
	doctorJSON struct {
		Schema    string         `json:"schema" jsonschema:"enum=header-auth/doctor/v1"`
		Compilers []compilerJSON `json:"compilers"`
	}
	compilerJSON struct {
		Name    string   `json:"name"`
		Found   bool     `json:"found"`
		Version string   `json:"version,omitempty"`
		Origin  string   `json:"origin,omitempty"`
		Problem string   `json:"problem,omitempty"`
		Plan    string   `json:"plan,omitempty"`    // what make conformance would do; missing: it can't obtain it here
		Install []string `json:"install,omitempty"` // commands; a line that starts with # explains
	}
)

func writeDoctorJSON(w io.Writer, findings []compilers.Finding) error {
	out := doctorJSON{Schema: "header-auth/doctor/v1", Compilers: []compilerJSON{}}
	for _, f := range findings {
		c := compilerJSON{Name: f.Name, Found: f.Tool != nil}
		if f.Tool != nil {
			c.Version, c.Origin = f.Tool.Version, f.Tool.Origin
		} else {
			c.Problem, c.Plan, c.Install = f.Problem, f.Plan, f.Commands
		}
		out.Compilers = append(out.Compilers, c)
	}
	return writeJSON(w, out)
}
