package obtain

import (
	_ "embed"
	"fmt"
	"strings"

	"github.com/goccy/go-yaml"
)

//go:embed releases.yaml
var releasesYAML []byte

// release is an entry of releases.yaml.
type release struct {
	Version string `yaml:"version"`
	Wheels  []struct {
		Arch   string `yaml:"arch"`
		SHA256 string `yaml:"sha256"`
	} `yaml:"wheels"`
}

// digest is the sha256 of the wheel for a processor, in hex; "": there is no wheel for it.
func (r *release) digest(arch string) string {
	for _, w := range r.Wheels {
		if w.Arch == arch {
			return w.SHA256
		}
	}
	return ""
}

func releases() ([]release, error) {
	var all []release
	if err := yaml.UnmarshalWithOptions(releasesYAML, &all, yaml.Strict()); err != nil {
		return nil, fmt.Errorf("read envoy/obtain/releases.yaml: %w", err)
	}
	return all, nil
}

// Versions are the releases that can be obtained, the default first, such as "1.40.0".
func Versions() []string {
	all, err := releases()
	if err != nil {
		panic(err) // the file is part of the program, and a test reads it
	}
	versions := make([]string, len(all))
	for i, r := range all {
		versions[i] = r.Version
	}
	return versions
}

// find gives the release for "1.40.0", "1.40" or "", which is the default.
func find(version string) (release, error) {
	all, err := releases()
	if err != nil {
		return release{}, err
	}
	for _, r := range all {
		if version == "" || r.Version == version || strings.HasPrefix(r.Version, version+".") {
			return r, nil
		}
	}
	return release{}, fmt.Errorf("Envoy %q: expected one of %s, or its first two numbers", version,
		strings.Join(Versions(), ", "))
}

// Known says whether a version is one of Versions, or the first two numbers of one.
func Known(version string) bool {
	_, err := find(version)
	return err == nil && version != ""
}
