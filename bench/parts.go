package bench

import (
	_ "embed"
	"fmt"
	"sync"

	"github.com/goccy/go-yaml"

	"github.com/header-auth/header-auth/bench/evidence"
)

//go:embed parts.yaml
var partsYAML []byte

// part is an entry of parts.yaml.
type part struct {
	Role    string `yaml:"role"`
	Name    string `yaml:"name"`
	Version string `yaml:"version"`
	Date    string `yaml:"date"`
	State   string `yaml:"state"`
	Source  string `yaml:"source"`
	Checked string `yaml:"checked"`
	// Bundled says that the part is the compiler or comes with it: its version is the installed one.
	Bundled bool `yaml:"bundled"`
}

// loadParts reads parts.yaml: the parts of each build, by its name.
var loadParts = sync.OnceValues(func() (map[string][]part, error) {
	var file struct {
		Parts  map[string]part   `yaml:"parts"`
		Builds map[string][]part `yaml:"builds"`
	}
	if err := yaml.UnmarshalWithOptions(partsYAML, &file, yaml.Strict()); err != nil {
		return nil, fmt.Errorf("read bench/parts.yaml: %w", err)
	}
	return file.Builds, nil
})

// partsOf are the parts of a build; none for a build that parts.yaml does not name. compiler is the version installed
// here: where parts.yaml has another one, the date of the installed one is not known.
func partsOf(name, compiler string) ([]evidence.Part, error) {
	all, err := loadParts()
	if err != nil {
		return nil, err
	}
	var parts []evidence.Part
	for _, p := range all[name] {
		if p.Bundled && compiler != "" && p.Version != compiler {
			p.Version, p.Date = compiler, ""
		}
		parts = append(parts, evidence.Part{
			Role: p.Role, Name: p.Name, Version: p.Version, Date: p.Date, State: p.State, Source: p.Source, Checked: p.Checked,
		})
	}
	return parts, nil
}
