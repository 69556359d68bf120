package bench

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/goccy/go-yaml"

	"github.com/header-auth/header-auth/bench/evidence"
	"github.com/header-auth/header-auth/build"
)

// TestPartsAreThoseOfTheBuilds compares parts.yaml with the places where versions are pinned.
func TestPartsAreThoseOfTheBuilds(t *testing.T) {
	list, err := build.Load("../" + build.File)
	if err != nil {
		t.Fatal(err)
	}
	goMod, err := os.ReadFile("../go.mod")
	if err != nil {
		t.Fatal(err)
	}
	var pinned struct {
		TinyGo struct{ Build string } `yaml:"tinygo"`
	}
	text, err := os.ReadFile("../toolchain/versions.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if err := yaml.Unmarshal(text, &pinned); err != nil || pinned.TinyGo.Build == "" {
		t.Fatalf("TinyGo %q in versions.yaml, %v", pinned.TinyGo.Build, err)
	}
	all, err := loadParts()
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, b := range list.Builds {
		names = append(names, b.Name)
		roles := map[string]part{}
		for _, p := range all[b.Name] {
			roles[p.Role] = p
		}
		if sdk := roles["SDK"]; sdk.Name != b.SDK.Name || sdk.Version != b.SDK.Version {
			t.Errorf("%s: SDK %s %s, builds.yaml has %s %s", b.Name, sdk.Name, sdk.Version, b.SDK.Name, b.SDK.Version)
		}
		if roles["compiler"].Name == "" || !roles["compiler"].Bundled {
			t.Errorf("%s: no compiler among its parts", b.Name)
		}
		if b.Compiler == "tinygo" && roles["compiler"].Version != pinned.TinyGo.Build {
			t.Errorf("%s: TinyGo %s, versions.yaml builds %s", b.Name, roles["compiler"].Version, pinned.TinyGo.Build)
		}
		if b.Language == "go" && roles["collector"].Name == "" {
			t.Errorf("%s: no collector among its parts", b.Name)
		}
		for _, p := range all[b.Name] {
			if strings.HasPrefix(p.Name, "github.com/") && !strings.Contains(string(goMod), p.Name+" "+p.Version+"\n") {
				t.Errorf("%s: %s %s is not what go.mod requires", b.Name, p.Name, p.Version)
			}
		}
	}
	for name := range all {
		if !slices.Contains(names, name) {
			t.Errorf("%s is in parts.yaml and not in %s", name, build.File)
		}
	}
}

func TestPartsAreComplete(t *testing.T) {
	all, err := loadParts()
	if err != nil {
		t.Fatal(err)
	}
	address := regexp.MustCompile(`^https://\S+$`)
	for name, parts := range all {
		for _, p := range parts {
			if !slices.Contains([]string{"SDK", "collector", "compiler"}, p.Role) || p.Version == "" || p.State == "" ||
				!address.MatchString(p.Source) {
				t.Errorf("%s: %+v", name, p)
			}
			date, err := time.Parse(time.DateOnly, p.Date)
			checked, err2 := time.Parse(time.DateOnly, p.Checked)
			if err != nil || err2 != nil || checked.Before(date) {
				t.Errorf("%s: %s of %s, checked %s", name, p.Name, p.Date, p.Checked)
			}
		}
	}
}

// TestSourcesAreForReaders: a source is a page for people. What a package registry serves to programs is none.
func TestSourcesAreForReaders(t *testing.T) {
	all, err := loadParts()
	if err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob("result/*.json")
	if err != nil || len(files) == 0 {
		t.Fatalf("%d published results, %v", len(files), err)
	}
	sources := map[string]string{}
	for name, parts := range all {
		for _, p := range parts {
			sources[p.Source] = "parts.yaml, " + name
		}
	}
	for _, file := range files {
		published, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		r, err := evidence.Parse(published)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range r.Costs {
			for _, p := range c.Parts {
				sources[p.Source] = file + ", " + c.Build
			}
		}
	}
	if len(sources) < 5 {
		t.Fatalf("%d sources, expected more: %v", len(sources), sources)
	}
	// A registry's own pages, on crates.io and pkg.go.dev, are for people.
	registry := regexp.MustCompile(`^https?://(proxy\.golang\.org|sum\.golang\.org|index\.golang\.org|(index|static)\.crates\.io|` +
		`crates\.io/api|registry\.[^/]+|files\.pythonhosted\.org|static\.rust-lang\.org)(/|$)`)
	for source, where := range sources {
		if registry.MatchString(source) {
			t.Errorf("%s: the source %s is no page for people", where, source)
		}
	}
	for _, bad := range []string{"https://proxy.golang.org/a/@v/v1.info", "https://static.crates.io/crates/a",
		"https://registry.npmjs.org/a", "https://crates.io/api/v1/crates/a"} {
		if !registry.MatchString(bad) {
			t.Errorf("%s is not taken for a registry's", bad)
		}
	}
}

// TestPartsOf: a compiler that is installed in another version than the one looked up has no date.
func TestPartsOf(t *testing.T) {
	parts, err := partsOf("go-wasip1", "9.9.9")
	if err != nil || len(parts) != 3 {
		t.Fatalf("%v, %v", parts, err)
	}
	for _, p := range parts {
		if bundled := p.Role != "SDK"; bundled != (p.Version == "9.9.9") || bundled != (p.Date == "") {
			t.Errorf("%+v", p)
		}
	}
	if parts, err := partsOf("unknown", "1"); err != nil || parts != nil {
		t.Errorf("%v, %v", parts, err)
	}
}
