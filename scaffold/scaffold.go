// Package scaffold makes a plugin of one's own: its source, its build, a table with two cases and a Makefile.
package scaffold

import (
	"bytes"
	"embed"
	"fmt"
	"io/fs"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"text/template"

	"github.com/header-auth/header-auth/conformance/cases"
)

//go:embed templates
var templates embed.FS

// Languages are those in which a plugin can begin.
func Languages() []string { return []string{"go", "rust"} }

// Options say what is written.
type Options struct {
	Name     string // of the plugin: lower-case letters, digits and dashes
	Language string // one of Languages
	Parity   string // the command, as the Makefile calls it
}

// Error is a mistake in what was asked for.
type Error struct{ Text string }

func (e *Error) Error() string { return e.Text }

func errorf(format string, args ...any) error { return &Error{fmt.Sprintf(format, args...)} }

var name = regexp.MustCompile(`^[a-z][a-z0-9-]*$`)

// NameOf makes a plugin's name of a folder's.
func NameOf(dir string) string {
	low := strings.ToLower(filepath.Base(dir))
	return strings.Trim(regexp.MustCompile(`[^a-z0-9]+`).ReplaceAllString(low, "-"), "-0123456789")
}

// Files are those of the plugin: their contents by their names, with slashes.
func Files(o Options) (map[string][]byte, error) {
	if !name.MatchString(o.Name) {
		return nil, errorf("%q is not a name: expected lower-case letters, digits and dashes, a letter first", o.Name)
	}
	if !slices.Contains(Languages(), o.Language) {
		return nil, errorf("%q: expected one of %s", o.Language, strings.Join(Languages(), ", "))
	}
	v := valuesOf(o)
	all := map[string][]byte{}
	for _, folder := range []string{"both", o.Language} {
		root := path.Join("templates", folder)
		err := fs.WalkDir(templates, root, func(file string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			to := strings.TrimSuffix(strings.TrimPrefix(file, root+"/"), ".tmpl")
			text, err := filled(file, v)
			switch to {
			case "gitignore": // a file .gitignore would hold for this repository
				to = ".gitignore"
			case "Cargo.lock":
				text = sortPackages(string(text))
			}
			all[to] = text
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	for _, schema := range []string{"schema.json", "contract.schema.json"} { // an editor completes with them
		text, err := fs.ReadFile(cases.Files, schema)
		if err != nil {
			return nil, err
		}
		all["table/"+schema] = text
	}
	return all, nil
}

// values are what the templates name.
type values struct{ Name, Build, Crate, Language, Source, Parity, Command string }

func valuesOf(o Options) values {
	v := values{Name: o.Name, Build: o.Name, Crate: strings.ReplaceAll(o.Name, "-", "_"), Parity: makeWord(o.Parity),
		Command: filepath.Base(o.Parity)}
	switch o.Language {
	case "go":
		v.Language, v.Source = "Go", "main.go"
	case "rust":
		v.Language, v.Source = "Rust", "src/lib.rs"
	}
	return v
}

// filled is a template with the values.
func filled(file string, v values) ([]byte, error) {
	text, err := fs.ReadFile(templates, file)
	if err != nil {
		return nil, err
	}
	t, err := template.New(file).Delims("<<", ">>").Option("missingkey=error").Parse(string(text))
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	err = t.Execute(&b, v)
	return b.Bytes(), err
}

// makeWord is a path as it stands in a Makefile for a shell: in quotes where the shell would cut it.
func makeWord(path string) string {
	if strings.ContainsAny(path, " \t'\"\\$&;()<>|*?[]#~`") {
		path = "'" + strings.ReplaceAll(path, "'", `'\''`) + "'"
	}
	return strings.NewReplacer("$", "$$", "#", `\#`).Replace(path)
}

// sortPackages orders the packages of a Cargo.lock by name, as Cargo does: with --locked it refuses any other order.
func sortPackages(lock string) []byte {
	const head = "[[package]]\n"
	parts := strings.Split(strings.TrimSuffix(lock, "\n")+"\n", "\n"+head)
	slices.Sort(parts[1:])
	return []byte(strings.Join(parts, "\n"+head))
}
