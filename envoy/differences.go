package envoy

import (
	_ "embed"
	"fmt"

	"github.com/goccy/go-yaml"

	"github.com/header-auth/header-auth/conformance/suite"
)

//go:embed differences.yaml
var differencesYAML []byte

// Differences are the cases that a real Envoy can't be shown, or where it is not as they want, with the
// reasons. listenerUpdates says that updates go by LDS.
func Differences(listenerUpdates bool) ([]suite.Known, error) {
	var entries []struct {
		Reason  string   `yaml:"reason"`
		Cases   []string `yaml:"cases"`
		Updates string   `yaml:"updates"` // "lds": only with updates that go so
	}
	if err := yaml.UnmarshalWithOptions(differencesYAML, &entries, yaml.Strict()); err != nil {
		return nil, fmt.Errorf("read envoy/differences.yaml: %w", err)
	}
	var all []suite.Known
	for _, e := range entries {
		if e.Updates == "lds" && !listenerUpdates {
			continue
		}
		for _, c := range e.Cases {
			all = append(all, suite.Known{Pattern: c, Reason: e.Reason})
		}
	}
	return all, nil
}
