package main

import (
	"context"
	"flag"
	"io"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"github.com/header-auth/header-auth/build"
	"github.com/header-auth/header-auth/conformance/mutants"
	"github.com/header-auth/header-auth/examples"
	"github.com/header-auth/header-auth/host/profile"
	"github.com/header-auth/header-auth/internal/suggest"
	compilers "github.com/header-auth/header-auth/toolchain"
)

// The words of every command: what --format takes, what stands without a flag, and the values of flags. Errors,
// completion and "did you mean" are made of them; tests compare them with the help texts.

// formats are those of --format, the default first.
var formats = map[string][]string{
	"check":   {"text", "json", "junit", "markdown", "github"},
	"trace":   {"text", "json"},
	"inspect": {"text", "json"},
	"doctor":  {"text", "json"},
	"flags":   {"text", "markdown"},
	"soak":    {"text", "json"},
	"worst":   {"text", "markdown", "json"},
	"render":  {"text", "markdown", "benchstat", "html", "json"},
}

// verbs are the commands of a command.
var verbs = map[string][]string{"image": {"push", "verify"}}

// format returns an error for one that a command does not have.
func format(command, value string) error {
	known := formats[command]
	if slices.Contains(known, value) {
		return nil
	}
	last := len(known) - 1
	return usagef("--format %q: expected %s or %s%s", value, strings.Join(known[:last], ", "), known[last],
		didYouMean(value, known))
}

// didYouMean is a question for the end of an error; "" when no known word is near.
func didYouMean(word string, known []string) string {
	if meant := suggest.Or(word, known, ""); meant != "" {
		return "; " + meant
	}
	return ""
}

// values are the words that may follow a flag of a command; nil for a file, a number or a name of the user's own.
func values(command, flag string, v *vocabulary) []string {
	switch flag {
	case "format":
		return formats[command]
	case "build":
		return v.builds()
	case "case":
		return v.cases()
	case "variant":
		return v.variants()
	case "engine":
		return []string{"wazero", "interpreter", "envoy"}
	case "allocator":
		return []string{"envoy", "spec"}
	case "profile":
		var all []string
		for _, p := range profile.All() {
			all = append(all, p.String())
		}
		return all
	case "lang":
		if command == "mutants" {
			return mutants.Languages()
		}
		return []string{"go", "rust"}
	}
	return nil
}

// arguments are the words that may stand without a flag.
func arguments(command string, before []string, v *vocabulary) []string {
	switch {
	case slices.Contains([]string{"trace", "check", "bench", "soak", "worst"}, command):
		return v.cases()
	case command == "build":
		return v.builds()
	case command == "exec" && len(before) == 0:
		return compilers.Names()
	case command == "completion" && len(before) == 0:
		return shells
	case command == "table" && len(before) == 0:
		return []string{"export"}
	case command == "try" && len(before) == 0:
		names, _ := examples.Names(filepath.Join(v.root(), "examples")) // there are none elsewhere
		return names
	case command == "deploy" && len(before) == 0:
		return slices.Sorted(maps.Keys(deployKinds))
	case len(before) == 0:
		return verbs[command]
	}
	return nil
}

// vocabulary is what the files here say: builds.yaml, variants.yaml and the table. What cannot be read has no words.
type vocabulary struct {
	folder string // of the table; "": the repository's
}

func (v *vocabulary) root() string {
	root, _ := build.FindRoot()
	return root
}

func (v *vocabulary) list() *build.List {
	list, err := build.Load(filepath.Join(v.root(), build.File))
	if err != nil {
		return &build.List{}
	}
	return list
}

func (v *vocabulary) builds() (names []string) {
	for _, b := range v.list().Builds {
		names = append(names, b.Name)
	}
	return names
}

func (v *vocabulary) variants() (names []string) {
	all, err := build.LoadVariants(filepath.Join(v.root(), build.VariantsFile), v.list())
	if err != nil {
		return nil
	}
	for _, one := range all {
		names = append(names, one.Name)
	}
	return names
}

// cases are the groups and the ids.
func (v *vocabulary) cases() (names []string) {
	s := selection{cases: v.folder, root: v.root()}
	t, _, err := s.loadTable()
	if err != nil {
		return nil
	}
	for _, g := range t.Groups {
		names = append(names, g.Name)
		for _, c := range g.Cases {
			names = append(names, c.ID)
		}
	}
	return names
}

// listFlags makes parseArgs list the flags of a command, one a line, and a = behind those that have a value.
const listFlags = "--list-the-flags-of-this-command"

// flagsOf are the flags of a command as it defines them; of one with verbs, those of the verb that the words
// begin with, or of all verbs.
func flagsOf(c command, words ...string) (flags []string) {
	mine := verbs[c.name]
	if len(mine) == 0 {
		return listed(c)
	}
	if len(words) > 0 && slices.Contains(mine, words[0]) {
		mine = words[:1]
	}
	for _, verb := range mine {
		flags = append(flags, listed(c, verb)...)
	}
	return flags
}

func listed(c command, verb ...string) []string {
	var list strings.Builder
	if c.run(context.Background(), append(verb, listFlags), &list, io.Discard) != 0 {
		return nil // it has none
	}
	return strings.Fields(list.String())
}

// flagWords are the flags that are defined, as they are typed.
func flagWords(flags *flag.FlagSet) (names []string) {
	flags.VisitAll(func(f *flag.Flag) { names = append(names, "--"+f.Name) })
	return names
}

// isSwitch says whether a flag has no value.
func isSwitch(f *flag.Flag) bool {
	b, ok := f.Value.(interface{ IsBoolFlag() bool })
	return ok && b.IsBoolFlag()
}
