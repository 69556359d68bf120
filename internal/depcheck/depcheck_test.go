// Package depcheck tests which package may know which.
package depcheck

import (
	"os/exec"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/header-auth/header-auth"

// running are the packages that running a plugin needs: host and what it is made of.
var running = []string{"host", "host/abi", "host/callbacks", "host/envoy", "host/headermap", "host/linearmemory",
	"host/load", "host/process", "host/profile", "host/property", "host/trace", "host/wasi", "host/wasmfile",
	"host/wasmtest"}

// with adds packages to those that running a plugin needs.
func with(more ...string) []string { return slices.Concat(running, more) }

// TestImportsGoOneWay keeps the parts usable by themselves: builds.yaml -> build, cases -> table, host knows nothing of
// the table, table knows only what a header is, suite knows both and fills a report, report is data that its renderers
// read, bench measures and bench/verdict judges, cmd/parity knows all.
func TestImportsGoOneWay(t *testing.T) {
	rules := []struct {
		pkg     string
		ours    []string // packages of this module it may need, however indirectly
		without []string // modules it must do without
	}{
		{"host/wasmfile", nil, []string{"github.com/"}},
		{"host/headermap", nil, []string{"github.com/"}},
		{"host/callbacks", []string{"host/abi", "host/profile", "host/wasmfile", "host/wasmtest"}, []string{"github.com/"}},
		{"host/profile", nil, []string{"github.com/"}},
		{"host/abi", []string{"host/profile", "host/wasmfile"}, []string{"github.com/"}},
		{"host/wasi", []string{"host/abi", "host/profile", "host/wasmfile"}, []string{"github.com/"}},
		// it runs nothing
		{"host/load", []string{"host/abi", "host/profile", "host/wasi", "host/wasmfile"}, []string{"github.com/"}},
		{"host/property", []string{"host/headermap"}, []string{"github.com/"}},
		{"host/envoy", []string{"host/headermap"}, []string{"github.com/"}},
		{"host/process", []string{"host/abi", "host/profile", "host/wasmfile"}, []string{"github.com/"}},
		{"host/trace", []string{"host/abi", "host/headermap", "host/profile", "host/wasmfile"}, []string{"github.com/"}},
		{"host/linearmemory", nil, []string{"github.com/goccy"}},
		{"host", running, []string{"github.com/goccy", "github.com/jedib0t", "cel.dev/"}},
		{"host/cel", with("host"), []string{"github.com/envoyproxy"}},
		{"conformance/table", []string{"host/headermap", "internal/suggest", "internal/yamlcheck"},
			[]string{"github.com/tetratelabs"}},
		{"conformance/suite", with("conformance/table", "report"), []string{"github.com/jedib0t"}},
		{"conformance/wordtable", []string{"host/wasmtest"}, []string{"github.com/"}},
		{"conformance/suite/suitetest", with("conformance/suite", "conformance/table", "internal/diff", "internal/units",
			"internal/words", "report",
			"report/conformance"), nil},
		{"conformance/apart", with("conformance/suite", "conformance/table", "internal/sandbox", "report"),
			[]string{"github.com/jedib0t"}},
		{"conformance/record", with("conformance/casefile", "conformance/suite", "conformance/table", "report"),
			[]string{"github.com/jedib0t"}},
		{"conformance/casefile", nil, []string{"github.com/"}},
		{"conformance/textpb", []string{"conformance/casefile"}, []string{"github.com/"}},
		{"conformance/dictionary", []string{"host/wasmfile"}, []string{"github.com/"}},
		// it knows the contract and no plugin
		{"conformance/model", []string{"conformance/table", "host/headermap"}, []string{"github.com/tetratelabs"}},
		{"report", nil, []string{"github.com/"}},
		{"report/conformance", []string{"internal/diff", "internal/units", "internal/words", "report"},
			[]string{"github.com/tetratelabs", "github.com/goccy"}},
		{"bench/stats", nil, []string{"github.com/tetratelabs"}},
		{"bench/evidence", nil, []string{"github.com/tetratelabs", "github.com/goccy"}},
		// it measures nothing
		{"bench/verdict", []string{"bench/evidence", "bench/stats", "internal/input", "internal/yamlcheck"},
			[]string{"github.com/tetratelabs"}},
		{"bench/guest", with("host/wasmtest"), []string{"github.com/jedib0t"}},
		{"bench", with("bench/evidence", "bench/guest", "bench/stats", "build", "conformance/suite", "conformance/table",
			"host/wasmtest",
			// it judges nothing
			"image", "internal/clock", "internal/input", "internal/sandbox", "report", "toolchain"),
			[]string{"github.com/jedib0t"}},
		{"bench/soak", with("bench/evidence", "bench/stats", "bench/verdict", "conformance/suite", "conformance/table",
			"internal/clock", "internal/input", "report"), []string{"github.com/jedib0t"}},
		{"bench/worst", with("bench/stats", "conformance/suite", "conformance/table", "internal/clock", "report"),
			[]string{"github.com/jedib0t"}},
		{"report/bench", []string{"bench/evidence", "bench/stats", "bench/verdict", "internal/input", "internal/units",
			"internal/words", "internal/yamlcheck"}, []string{"github.com/tetratelabs"}},
		{"envoy/obtain", []string{"toolchain"}, []string{"github.com/envoyproxy", "github.com/tetratelabs"}},
		{"envoy/wire", []string{"host/headermap"}, []string{"github.com/envoyproxy"}},
		{"envoy/proxy", nil, []string{"github.com/tetratelabs"}},
		{"envoy/cost", with("bench/evidence", "bench/guest", "conformance/suite", "conformance/table", "envoy/obtain",
			"envoy/proxy", "host/wasmtest",
			"internal/clock", "report", "toolchain"), []string{"github.com/jedib0t"}}, // it judges nothing
		{"envoy/obtain/obtaintest", []string{"envoy/obtain", "toolchain"}, []string{"github.com/envoyproxy",
			"github.com/tetratelabs"}},
		{"envoy/probe", with("envoy/proxy", "envoy/wire", "host/cel", "host/property", "host/wasmtest", "internal/diff"),
			nil},
		{"envoy/rewrite", []string{"conformance/table", "host/headermap", "host/wasmfile", "host/wasmtest"},
			[]string{"github.com/envoyproxy"}},
		{"toolchain", nil, []string{"github.com/tetratelabs"}},
		{"build", []string{"internal/input", "internal/suggest", "internal/yamlcheck", "toolchain"},
			[]string{"github.com/tetratelabs"}},
		{"image", nil, []string{"github.com/tetratelabs"}},
		{"internal/sandbox", nil, []string{"github.com/tetratelabs", "github.com/goccy"}}, // it knows nothing of modules
		{"internal/redteam", []string{"host/wasmtest"}, []string{"github.com/"}},
		{"deploy", running, []string{"github.com/jedib0t", "github.com/goccy"}},
		{"examples", []string{"envoy/proxy", "internal/input", "internal/yamlcheck"}, []string{"github.com/jedib0t",
			"github.com/tetratelabs", "k8s.io/", "istio.io/"}},
		{"internal/input", nil, []string{"github.com/"}},
		{"internal/suggest", nil, []string{"github.com/"}},
		{"internal/yamlcheck", nil, []string{"github.com/tetratelabs"}},
		{"internal/units", nil, []string{"github.com/"}},
		{"scaffold", []string{"conformance/cases"}, []string{"github.com/"}},
		{"internal/diff", nil, []string{"github.com/"}},
	}
	for _, rule := range rules {
		t.Run(rule.pkg, func(t *testing.T) {
			for _, dep := range dependencies(t, module+"/"+rule.pkg) {
				if own, ok := strings.CutPrefix(dep, module+"/"); ok {
					throughTable := (own == "internal/suggest" || own == "internal/yamlcheck") && slices.Contains(rule.ours,
						"conformance/table")
					if own != rule.pkg && !slices.Contains(rule.ours, own) && !throughTable {
						t.Errorf("it needs %s, which it should not know", own)
					}
					continue
				}
				for _, prefix := range rule.without {
					if strings.HasPrefix(dep, prefix) {
						t.Errorf("it needs %s, which belongs elsewhere", dep)
					}
				}
			}
		})
	}
}

// TestCommandNeedsNoTesting: package testing belongs to suitetest and the tests alone.
func TestCommandNeedsNoTesting(t *testing.T) {
	if slices.Contains(dependencies(t, module+"/cmd/parity"), "testing") {
		t.Error("cmd/parity needs testing")
	}
}

// TestNothingNeedsTheCommand: what is in cmd/parity cannot be used, or tested, from anywhere else.
func TestNothingNeedsTheCommand(t *testing.T) {
	// The overlay hides Dockerfile.go, which Go takes for a faulty source file: README.md tells readers to use it.
	list := exec.Command("go", "list", "-overlay=toolchain/overlay.json", "-f", "{{.ImportPath}} {{join .Imports \" \"}}",
		"./...")
	list.Dir = "../.."
	out, err := list.Output()
	if err != nil {
		t.Fatalf("list packages: %v", err)
	}
	if !strings.Contains(string(out), module+"/cmd/parity ") {
		t.Fatalf("cmd/parity is not among the packages:\n%s", out)
	}
	for line := range strings.Lines(string(out)) {
		pkg, imports, _ := strings.Cut(strings.TrimSpace(line), " ")
		if strings.Contains(imports, module+"/cmd/") {
			t.Errorf("%s imports a command", pkg)
		}
	}
}

func dependencies(t *testing.T, pkg string) []string {
	t.Helper()
	out, err := exec.Command("go", "list", "-deps", pkg).Output()
	if err != nil {
		t.Fatalf("list dependencies of %s: %v", pkg, err)
	}
	return strings.Fields(string(out))
}

// TestHeavyDependenciesStayApart: the API types of Envoy, Istio, Envoy Gateway and Kubernetes and the load generator
// are large, and a user of any other package need not have them.
func TestHeavyDependenciesStayApart(t *testing.T) {
	list := exec.Command("go", "list", "-overlay=toolchain/overlay.json", "-f", "{{.ImportPath}} {{join .Deps \" \"}}",
		"./...")
	list.Dir = "../.."
	out, err := list.Output()
	if err != nil {
		t.Fatalf("list packages: %v", err)
	}
	for _, heavy := range []struct {
		module string   // or the beginning of several
		home   string   // a package that needs it
		may    []string // folders whose packages may need it
	}{
		{"github.com/envoyproxy/go-control-plane/", "envoy/proxy", []string{"envoy", "deploy", "examples"}},
		{"github.com/tsenart/", "envoy/cost", []string{"envoy"}},
		{"github.com/envoyproxy/gateway/", "deploy", []string{"deploy"}},
		{"istio.io/", "deploy", []string{"deploy"}},
		{"k8s.io/", "deploy", []string{"deploy"}},
	} {
		found := false
		for line := range strings.Lines(string(out)) {
			pkg, deps, _ := strings.Cut(strings.TrimSpace(line), " ")
			needs := strings.Contains(" "+deps, " "+heavy.module)
			own, _ := strings.CutPrefix(pkg, module+"/")
			folder, _, _ := strings.Cut(own, "/")
			switch {
			case own == heavy.home:
				found = needs
			case needs && folder != "cmd" && !slices.Contains(heavy.may, folder):
				t.Errorf("%s needs %s", pkg, heavy.module)
			}
		}
		if !found {
			t.Errorf("%s does not need %s: look for it elsewhere", heavy.home, heavy.module)
		}
	}
}
