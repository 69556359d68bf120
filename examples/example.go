package examples

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/goccy/go-yaml"

	"github.com/header-auth/header-auth/internal/input"
	"github.com/header-auth/header-auth/internal/yamlcheck"
)

// Example is one folder.
type Example struct {
	Name     string
	Dir      string
	Commands []Command
	Services map[string][]Answer // by cluster; upstream is where requests go
}

// Command is a line to type, and what it prints.
type Command struct {
	Line, Answer string
}

// Answer is what a service says to a request that has the headers of When, each once.
type Answer struct {
	When    map[string]string
	Status  int // 0: 200
	Headers map[string]string
	Body    string
}

// Names are the examples of a folder.
func Names(dir string) ([]string, error) {
	files, err := filepath.Glob(filepath.Join(dir, "*", "plugin.json"))
	if err != nil || len(files) == 0 {
		return nil, fmt.Errorf("%s has no example (%v): expected folders with a plugin.json", dir, err)
	}
	for i, file := range files {
		files[i] = filepath.Base(filepath.Dir(file))
	}
	return files, nil
}

// Load reads an example.
func Load(dir string) (*Example, error) {
	e := &Example{Name: filepath.Base(dir), Dir: dir}
	services := filepath.Join(dir, "services.yaml")
	text, err := input.ReadRegular(services, yamlcheck.MaxSource)
	if err != nil {
		return nil, err
	}
	if f := yamlcheck.File(text); f != nil {
		return nil, fmt.Errorf("read %s:%w", services, f)
	}
	if err := yaml.UnmarshalWithOptions(text, &e.Services, yaml.Strict()); err != nil {
		return nil, fmt.Errorf("read %s:%w", services, yamlcheck.Message(err))
	}
	readme := filepath.Join(dir, "README.md")
	if text, err = os.ReadFile(readme); err != nil {
		return nil, err
	}
	if e.Commands = commands(string(text)); len(e.Commands) == 0 {
		return nil, fmt.Errorf("%s has no command: expected a block of ```console with lines that begin with $", readme)
	}
	return e, nil
}

var console = regexp.MustCompile("(?s)```console\n(.*?)```")

// commands are those of the console in a README.
func commands(readme string) []Command {
	var all []Command
	for _, block := range console.FindAllStringSubmatch(readme, -1) {
		for line := range strings.Lines(block[1]) {
			if typed, ok := strings.CutPrefix(line, "$ "); ok {
				all = append(all, Command{Line: strings.TrimSpace(typed)})
			} else if len(all) > 0 {
				all[len(all)-1].Answer += line
			}
		}
	}
	return all
}

// documented is the address in the commands of the READMEs.
const documented = "localhost:8080"

// At is a command with the address where the example runs.
func (c Command) At(address string) string { return strings.ReplaceAll(c.Line, documented, address) }
