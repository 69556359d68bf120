package toolchain

import (
	_ "embed"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/goccy/go-yaml"
)

//go:embed versions.yaml
var versionsYAML []byte

// versions is toolchain/versions.yaml.
type versions struct {
	Go struct {
		AtLeast string `yaml:"at_least"`
	} `yaml:"go"`
	TinyGo struct {
		AtLeast string   `yaml:"at_least"`
		Below   string   `yaml:"below"`
		Build   string   `yaml:"build"`
		LLVM    string   `yaml:"llvm"`
		Debian  []string `yaml:"debian"`
	} `yaml:"tinygo"`
	Rust struct {
		AtLeast string   `yaml:"at_least"`
		Target  string   `yaml:"target"`
		Linker  string   `yaml:"linker"`
		Debian  []string `yaml:"debian"`
	} `yaml:"rust"`
	TimeLimits struct {
		Rustup time.Duration `yaml:"rustup"`
		Apt    time.Duration `yaml:"apt"`
		TinyGo time.Duration `yaml:"tinygo"`
	} `yaml:"time_limits"`
}

func loadVersions() (versions, error) {
	var v versions
	if err := yaml.UnmarshalWithOptions(versionsYAML, &v, yaml.Strict()); err != nil {
		return v, fmt.Errorf("read toolchain/versions.yaml: %w", err)
	}
	return v, nil
}

// older tells whether release version a ("1.26.8", "1.27rc1") comes before b.
func older(a, b string) bool {
	as, bs := numbers(a), numbers(b)
	for i := range as {
		if as[i] != bs[i] {
			return as[i] < bs[i]
		}
	}
	return false
}

// numbers reads major, minor and patch. Letters after a number ("rc1", "-dev") are ignored.
func numbers(version string) (n [3]int) {
	for i, part := range strings.SplitN(version, ".", 3) {
		digits := part
		if end := strings.IndexFunc(part, func(r rune) bool { return r < '0' || r > '9' }); end >= 0 {
			digits = part[:end]
		}
		n[i], _ = strconv.Atoi(digits) // no digits: 0
	}
	return n
}
