package build

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// VariantsFile is the name of the list of variants, in the repository's root.
const VariantsFile = "variants.yaml"

const variantsFolder = "dist/variants/"

// Variant is a build with other flags: one entry of variants.yaml, filled in from the build that it differs from.
type Variant struct {
	Build
	Of          string            // the build of builds.yaml
	Change      []string          // what stands in the command in place of, or besides, the build's flags
	Environment map[string]string // of the VM, which is no part of the module
}

// variantEntry is an entry of variants.yaml as it is written. What it does not say is as in the build.
type variantEntry struct {
	Name    string            `yaml:"name"`
	Of      string            `yaml:"variant_of"`
	Replace map[string]string `yaml:"replace"` // a flag of the build, and what stands in its place; "": nothing
	Add     []string          `yaml:"add"`
	Env     map[string]string `yaml:"environment"`
	Notes   string            `yaml:"notes"`
	Leaks   string            `yaml:"leaks"`

	// Together, for a program that works on the build's module: its name on PATH, its flags, its command, in which
	// ${module} is that module.
	Compiler string   `yaml:"compiler"`
	Flags    []string `yaml:"flags"`
	Recipe   Recipe   `yaml:"recipe"`
}

// LoadVariants reads variants.yaml against the list of builds. An unknown, repeated or missing key, or a
// wrong value, is a *ListError with file:line:column.
func LoadVariants(file string, builds *List) ([]Variant, error) {
	var list struct {
		Variants []variantEntry `yaml:"variants"`
	}
	d, err := read(file, "variants", &list)
	if err != nil {
		return nil, err
	}
	if len(list.Variants) == 0 {
		return nil, &ListError{file + ": no variants: expected at least one entry under variants"}
	}
	var variants []Variant
	var filled []Build
	for i, e := range list.Variants {
		if slices.ContainsFunc(builds.Builds, func(b Build) bool { return b.Name == e.Name }) {
			return nil, d.at(i, "name", fmt.Sprintf("%q is also the name of a build of %s", e.Name, File))
		}
		of, err := builds.Select([]string{e.Of})
		if err != nil {
			return nil, d.at(i, "variant_of", err.Error())
		}
		v, key, what := e.fill(of[0])
		if what != "" {
			return nil, d.at(i, key, what)
		}
		variants, filled = append(variants, v), append(filled, v.Build)
	}
	if err := d.check(filled, variantsFolder); err != nil {
		return nil, err
	}
	return variants, nil
}

// fill makes the variant of a build, or names a key and what is wrong with its value.
func (e *variantEntry) fill(of Build) (v Variant, key, what string) {
	v = Variant{Build: of, Of: of.Name, Environment: e.Env}
	v.Name, v.What, v.Notes, v.Leaks, v.KnownFailing = e.Name, "", e.Notes, e.Leaks, nil
	v.Wasm = variantsFolder + e.Name + ".wasm"
	if e.Compiler != "" {
		if len(e.Replace) > 0 || len(e.Add) > 0 {
			return v, "compiler", "expected either a compiler with flags and a recipe of its own, or replace and add"
		}
		v.Compiler, v.Flags, v.Recipe, v.Sources = e.Compiler, e.Flags, Recipe{Env: e.Recipe.Env}, []string{of.Wasm}
		for _, arg := range e.Recipe.Command {
			v.Recipe.Command = append(v.Recipe.Command, strings.ReplaceAll(arg, "${module}", of.Wasm))
		}
		v.Change = append(append([]string{e.Compiler}, e.Flags...), e.variables()...)
		return v, "", ""
	}
	if len(e.Flags) > 0 || len(e.Recipe.Command) > 0 {
		return v, "name", "flags and recipe are those of a compiler of its own: expected replace and add, or a compiler"
	}
	v.Flags = nil
	for _, flag := range of.Flags {
		instead, ok := e.Replace[flag]
		switch {
		case !ok:
			v.Flags = append(v.Flags, flag)
		case instead != "":
			v.Flags, v.Change = append(v.Flags, instead), append(v.Change, instead)
		default:
			v.Change = append(v.Change, "no "+flag)
		}
	}
	for _, flag := range slices.Sorted(maps.Keys(e.Replace)) {
		if !slices.Contains(of.Flags, flag) {
			return v, "replace", fmt.Sprintf("%q is no flag of %s, which has %s", flag, of.Name, strings.Join(of.Flags, ", "))
		}
	}
	v.Flags, v.Change = append(v.Flags, e.Add...), slices.Concat(v.Change, e.Add, e.variables())
	if len(v.Change) == 0 {
		return v, "name", "nothing differs from " + of.Name + ": expected replace, add, environment or a compiler"
	}
	return v, "", ""
}

// variables are the VM's environment as NAME=VALUE.
func (e *variantEntry) variables() []string {
	var all []string
	for _, name := range slices.Sorted(maps.Keys(e.Env)) {
		all = append(all, name+"="+e.Env[name])
	}
	return all
}
