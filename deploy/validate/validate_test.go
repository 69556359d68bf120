package validate

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	_ "github.com/envoyproxy/gateway/api/v1alpha1" // its module has the definitions
	"istio.io/istio/pilot/pkg/config/kube/crd"
	"k8s.io/apimachinery/pkg/util/json"
	"sigs.k8s.io/yaml"
)

// TestManifests: the manifests that parity deploy writes break no rule.
func TestManifests(t *testing.T) {
	k := definitions(t)
	var files []string
	for _, pattern := range []string{"../../examples/*/istio.yaml", "../../examples/*/envoy-gateway.yaml",
		"../testdata/istio*.yaml", "../testdata/envoy-gateway*.yaml"} {
		found, err := filepath.Glob(pattern)
		if err != nil || len(found) == 0 {
			t.Fatalf("%s: no file (%v)", pattern, err)
		}
		files = append(files, found...)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, fault := range faultsOf(t, k, string(text)) {
			t.Errorf("%s: %s", file, fault)
		}
	}
}

// TestFaultsAreFound: the rules are in force.
func TestFaultsAreFound(t *testing.T) {
	k := definitions(t)
	for _, c := range []struct{ file, old, new, says string }{
		{"../../examples/token/istio.yaml", "phase: AUTHN", "phase: EARLY", "phase"},
		{"../../examples/token/istio.yaml", "phase: AUTHN", "stage: AUTHN", "unknown field spec.stage"},
		{"../../examples/token/istio.yaml", "  url: oci://", "  url: ftp://", "scheme"},
		{"../testdata/istio-gateway.yaml", "kind: Gateway", "kind: Service", "targetRef"},
		{"../testdata/istio-outside.yaml", "resolution: DNS", "resolution: FAST", "resolution"},
		{"../testdata/istio-outside.yaml", "  - tokens.example.com", "  - 'tokens example'", "tokens example"},
		{"../../examples/token/envoy-gateway.yaml", "type: Image", "type: HTTP", "code"},
		{"../../examples/token/envoy-gateway.yaml", "kind: Secret", "kind: ConfigMap", "only support Secret kind"},
		{"../../examples/token/envoy-gateway.yaml", "failOpen: false", "failShut: true", "unknown field"},
		{"../../examples/token/envoy-gateway.yaml", "op: add", "op: put", "op"},
	} {
		text, err := os.ReadFile(c.file)
		if err != nil {
			t.Fatal(err)
		}
		broken := strings.Replace(string(text), c.old, c.new, 1)
		if broken == string(text) {
			t.Fatalf("%s has no %q", c.file, c.old)
		}
		if all := strings.Join(faultsOf(t, k, broken), "\n"); !strings.Contains(all, c.says) {
			t.Errorf("%s with %q: %q; expected %q", c.file, c.new, all, c.says)
		}
	}
}

// faultsOf are those of all objects of a file.
func faultsOf(t *testing.T, k kinds, text string) []string {
	t.Helper()
	var faults []string
	for _, one := range strings.Split(text, "\n---\n") {
		object := map[string]any{}
		asJSON, err := yaml.YAMLToJSON([]byte(one))
		if err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(asJSON, &object); err != nil { // as Kubernetes does: whole numbers stay whole
			t.Fatal(err)
		}
		if strings.Contains(object["apiVersion"].(string), "istio.io/") {
			if _, unknown, err := crd.ParseInputs(one); err != nil {
				faults = append(faults, "Istio: "+err.Error())
			} else if len(unknown) > 0 {
				faults = append(faults, "Istio does not know it")
			}
		}
		faults = append(faults, k.faults(object)...)
	}
	return faults
}

// definitions are those of the modules that go.mod names.
func definitions(t *testing.T) kinds {
	t.Helper()
	k := kinds{}
	for module, pattern := range map[string]string{
		"istio.io/istio":                "manifests/charts/base/files/crd-all.gen.yaml",
		"github.com/envoyproxy/gateway": "charts/gateway-crds-helm/templates/generated/gateway.envoyproxy.io_envoy*.yaml",
	} {
		dir, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", module).Output()
		if err != nil {
			t.Fatal(err)
		}
		files, err := filepath.Glob(filepath.Join(strings.TrimSpace(string(dir)), pattern))
		if err != nil || len(files) == 0 {
			t.Fatalf("%s: no definitions (%v)", module, err)
		}
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err == nil {
				err = k.read(string(text))
			}
			if err != nil {
				t.Fatalf("%s: %v", file, err)
			}
		}
	}
	return k
}
