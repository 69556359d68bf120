// Package build makes the modules under test from builds.yaml, the one list of builds.
package build

import (
	"fmt"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"

	"github.com/header-auth/header-auth/internal/input"
	"github.com/header-auth/header-auth/internal/suggest"
	"github.com/header-auth/header-auth/internal/yamlcheck"
)

// File is the name of the list, in the repository's root.
const File = "builds.yaml"

// List is builds.yaml.
type List struct {
	Table  string  `yaml:"table"` // the folder with the cases that the builds must pass, relative to the list
	Builds []Build `yaml:"builds"`
}

// Build is one way to make a plugin: one entry of builds.yaml.
type Build struct {
	Name         string         `yaml:"name" json:"name"`
	Language     string         `yaml:"language" json:"language"`
	SDK          SDK            `yaml:"sdk" json:"sdk"`
	Compiler     string         `yaml:"compiler" json:"compiler"` // one of toolchain.Names, or a program on PATH
	Flags        []string       `yaml:"flags" json:"flags,omitempty"`
	Recipe       Recipe         `yaml:"recipe" json:"recipe"`
	Sources      []string       `yaml:"sources" json:"sources"` // patterns of the files whose change makes the module stale
	Wasm         string         `yaml:"wasm" json:"wasm"`       // always dist/NAME.wasm
	Table        string         `yaml:"table" json:"-"`         // the folder with its cases, if it has some of its own
	What         string         `yaml:"what" json:"-"`          // what the build is, in a few words
	Notes        string         `yaml:"notes" json:"-"`         // what a reader of a report has to know
	KnownFailing []KnownFailing `yaml:"known_failing" json:"-"`
	Leaks        string         `yaml:"leaks" json:"-"` // why it is known to leak memory; "": it is not known to
}

// SDK is the Proxy-Wasm library that the plugin uses.
type SDK struct {
	Name    string `yaml:"name" json:"name"`
	Version string `yaml:"version" json:"version"`
}

// Recipe is the command that writes the module. Its ${variables} are those of toolchain.Tool.Variables and root (the
// repository), out (the file to write), work (a folder kept for this build) and flags.
type Recipe struct {
	Env     map[string]string `yaml:"env" json:"env,omitempty"`
	Command []string          `yaml:"command" json:"command"`
	// Produces is the module's file, for a command that can't write to ${out}.
	Produces string `yaml:"produces" json:"produces,omitempty"`
}

// KnownFailing is a case that is expected to fail with a build, and why.
type KnownFailing struct {
	Case   string `yaml:"case"` // a case's id, or a pattern for path.Match
	Reason string `yaml:"reason"`
}

// ListError says what is wrong with builds.yaml, or with the builds selected from it.
type ListError struct{ Text string }

func (e *ListError) Error() string { return e.Text }

// Load reads builds.yaml. An unknown, repeated or missing key, or a wrong value, is a *ListError with file:line:column.
func Load(file string) (*List, error) {
	var list List
	d, err := read(file, "builds", &list)
	if err != nil {
		return nil, err
	}
	if len(list.Builds) == 0 {
		return nil, &ListError{file + ": no builds: expected at least one entry under builds"}
	}
	if err := d.check(list.Builds, "dist/"); err != nil {
		return nil, err
	}
	for i := range list.Builds {
		if b := &list.Builds[i]; b.Table == "" {
			b.Table = list.Table
		}
	}
	return &list, nil
}

// document is the text of a list, which gives errors their place.
type document struct {
	file string
	key  string // of the list: "builds"
	text *ast.File
}

// read puts a file's content into list. Messages name the file as it was given.
func read(file, key string, list any) (*document, error) {
	text, err := input.ReadRegular(file, yamlcheck.MaxSource)
	if err != nil {
		return nil, &ListError{fmt.Sprintf("read %s: %v", key, err)}
	}
	if f := yamlcheck.File(text); f != nil {
		return nil, &ListError{file + ":" + f.Error()}
	}
	doc, err := parser.ParseBytes(text, 0)
	if err != nil {
		return nil, errorAt(file, err)
	}
	if err := yaml.UnmarshalWithOptions(text, list, yaml.Strict()); err != nil {
		return nil, errorAt(file, err)
	}
	return &document{file, key, doc}, nil
}

// check looks at every build of the list; their modules lie in folder.
func (d *document) check(builds []Build, folder string) error {
	seen := map[string]int{}
	for i, b := range builds {
		if first, ok := seen[b.Name]; ok {
			return d.at(i, "name", fmt.Sprintf("%q is also the name of %s %d", b.Name, d.one(), first+1))
		}
		seen[b.Name] = i
		if key, what := b.invalid(folder); what != "" {
			return d.at(i, key, what)
		}
	}
	return nil
}

var buildName = regexp.MustCompile(`^[a-z0-9][a-z0-9-]*$`)

// invalid names a key and what is wrong with its value.
func (b Build) invalid(folder string) (key, what string) {
	switch {
	case !buildName.MatchString(b.Name):
		return "name", fmt.Sprintf("%q is not a name: expected lower-case letters, digits and dashes", b.Name)
	case b.Language == "":
		return "language", "expected the language the plugin is written in"
	case b.SDK.Name == "" || b.SDK.Version == "":
		return "sdk", "expected name and version"
	case b.Compiler == "":
		return "compiler", "expected go, tinygo, rust or a program on PATH"
	case len(b.Recipe.Command) == 0:
		return "recipe", "expected a command"
	case len(b.Sources) == 0:
		return "sources", "expected at least one pattern: the module is built again when a source changes"
	case b.Wasm != folder+b.Name+".wasm":
		return "wasm", fmt.Sprintf("%q: expected %s%s.wasm", b.Wasm, folder, b.Name)
	}
	for _, k := range b.KnownFailing {
		if _, err := path.Match(k.Case, ""); k.Case == "" || err != nil {
			return "known_failing", fmt.Sprintf("%q is not a pattern of cases", k.Case)
		}
		if k.Reason == "" {
			return "known_failing", fmt.Sprintf("%q has no reason", k.Case)
		}
	}
	return "", ""
}

// one is what an entry of the list is called.
func (d *document) one() string { return strings.TrimSuffix(d.key, "s") }

// at is an error at the place of a key of the i-th entry, or of the entry itself where the key is missing.
func (d *document) at(i int, key, what string) error {
	where := d.file
	for _, p := range []string{fmt.Sprintf("$.%s[%d].%s", d.key, i, key), fmt.Sprintf("$.%s[%d]", d.key, i)} {
		if place, err := yaml.PathString(p); err == nil {
			if node, err := place.FilterFile(d.text); err == nil && node != nil {
				pos := start(node)
				where = fmt.Sprintf("%s:%d:%d", d.file, pos.line, pos.column)
				break
			}
		}
	}
	return &ListError{fmt.Sprintf("%s: %s %d: %s: %s", where, d.one(), i+1, key, what)}
}

type position struct{ line, column int }

// start is where a node begins: goccy puts a mapping's token at its first colon.
func start(node ast.Node) position {
	if m, ok := node.(*ast.MappingNode); ok && len(m.Values) > 0 {
		node = m.Values[0].Key
	}
	p := node.GetToken().Position
	return position{p.Line, p.Column}
}

// errorAt puts the place of goccy's error before its message.
func errorAt(file string, err error) error {
	return &ListError{file + ":" + yamlcheck.Message(err).Error()}
}

// Select returns the named builds in the list's order; no names select all.
func (l *List) Select(names []string) ([]Build, error) {
	if len(names) == 0 {
		return l.Builds, nil
	}
	var known []string
	for _, b := range l.Builds {
		known = append(known, b.Name)
	}
	for _, name := range names {
		if !slices.Contains(known, name) {
			return nil, &ListError{fmt.Sprintf("select build %q: expected one of %[3]s, the builds of %[2]s%[4]s", name, File,
				strings.Join(known, ", "), suggestion(name, known))}
		}
	}
	var chosen []Build
	for _, b := range l.Builds {
		if slices.Contains(names, b.Name) {
			chosen = append(chosen, b)
		}
	}
	return chosen, nil
}

func suggestion(name string, known []string) string {
	if meant := suggest.Or(name, known, ""); meant != "" {
		return "; " + meant
	}
	return ""
}

// FindRoot is the folder of the project: the nearest one with builds.yaml, from here upwards.
func FindRoot() (string, error) {
	here, err := os.Getwd()
	if err != nil {
		return "", fmt.Errorf("find %s: %w", File, err)
	}
	for dir := here; ; dir = filepath.Dir(dir) {
		if _, err := os.Stat(filepath.Join(dir, File)); err == nil {
			return dir, nil
		}
		if dir == filepath.Dir(dir) {
			return "", &ListError{fmt.Sprintf("find %s: not in %s and not above it: run the command inside a project, "+
				"or begin one with parity new", File, here)}
		}
	}
}
