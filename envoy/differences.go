package envoy

import (
	_ "embed"
	"fmt"
	"strings"

	"github.com/goccy/go-yaml"

	"github.com/header-auth/header-auth/conformance/suite"
)

//go:embed differences.yaml
var differencesYAML []byte

// Differences are the cases that a real Envoy of a version can't be shown, or where it is not as they want, with the
// reasons.
func Differences(version string) ([]suite.Known, error) {
	var entries []struct {
		Reason string   `yaml:"reason"`
		Cases  []string `yaml:"cases"`
		Not    string   `yaml:"not"` // "1.36": the release that it is not seen on
	}
	if err := yaml.UnmarshalWithOptions(differencesYAML, &entries, yaml.Strict()); err != nil {
		return nil, fmt.Errorf("read envoy/differences.yaml: %w", err)
	}
	var all []suite.Known
	for _, e := range entries {
		if e.Not != "" && strings.HasPrefix(version, e.Not+".") {
			continue
		}
		for _, c := range e.Cases {
			all = append(all, suite.Known{Pattern: c, Reason: e.Reason})
		}
	}
	return all, nil
}
