package evidence

import (
	"bytes"
	"flag"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/header-auth/header-auth/internal/golden"
	"github.com/header-auth/header-auth/internal/schematest"
)

var update = flag.Bool("update", false, "write schema.json and the golden file anew")

// sample has one of everything.
func sample() *Report {
	return &Report{
		Schema: Schema,
		Run: Run{RunHead: RunHead{Command: []string{"parity", "bench"}, Revision: "0123456789abcdef",
			Started: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC), Seconds: 12.5, Complete: true, Seed: math.MaxUint64},
			Plan: Plan{Name: "tiny", Processes: 1, ResidentVMs: []int{1, 2}}},
		Table:     Table{Name: "header-auth", Folder: "conformance/cases", Digest: "ab"},
		Host:      Host{Wazero: "1.12.0", Engine: "compiler", Profile: "envoy-1.40", Allocator: "envoy"},
		Machine:   Machine{OS: "linux", Arch: "amd64", CPU: "a processor", CPUs: 2, LoadBefore: []float64{0.5, 0.25, 0.125}},
		Builds:    []Build{{Name: "rust", File: "dist/rust.wasm", SHA256: "cd", Label: "a \"quoted\" [label], {really}"}},
		Scenarios: []Scenario{{ID: "typical/allow", Why: "It is usual.", Decision: "allow", Status: 200}},
		Refused:   []Refused{{Build: "rust", Reason: "it is not conformant"}},
		Batches:   []Batches{{Scenario: "typical/allow", Contestant: "rust", Nanos: []float64{304, 304.5, 1e-9, 299}}},
		Tails: []Tail{{Scenario: "typical/allow", Contestant: "rust", Counts: [][2]int64{{300, 5}, {310, 1}}, Max: 310,
			Spikes: []Spike{{Request: 3, Nanos: 2000}}}},
		Startups: []Startup{{Build: "rust", Compile: 40e6}},
		Memory: []Memory{{Build: "rust", Allocator: "spec", Requests: 9, Curve: []Point{{0, 65536}, {9, 131072}},
			Ended: "out of memory"}},
		Resident: []Resident{{Build: "rust", VMs: []int{1, 2}, Bytes: []int64{5, 9}}},
		Sizes: []Size{{Build: "rust", Raw: 9, Sections: []Section{{"code", 7}},
			Profiles: []Loads{{Profile: "envoy-1.40", Loads: true}}}},
		Costs: []Cost{{Build: "rust", Dependencies: []string{"log v0.4"},
			Parts: []Part{{Role: "SDK", Name: "proxy-wasm"}}}},
		Witnesses: []Witness{{Build: "rust", Scenario: "typical/allow", ToGuest: 6}},
	}
}

func written(t *testing.T, r *Report) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := Write(&b, r); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestWriteAndParse(t *testing.T) {
	data := written(t, sample())
	golden.Check(t, "testdata/sample.json", data, *update)
	got, err := Parse(data)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(sample(), got, cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("what was written and read again differs (-want +got):\n%s", diff)
	}
	if again := written(t, got); !bytes.Equal(again, data) {
		t.Errorf("written again it differs:\n%s", cmp.Diff(string(data), string(again)))
	}
}

func TestWriteFillsLists(t *testing.T) {
	if data := string(written(t, &Report{Schema: Schema, Memory: make([]Memory, 1)})); strings.Contains(data, "null") {
		t.Errorf("a list is null:\n%s", data)
	}
}

func TestWriteRefusesWhatIsNoNumber(t *testing.T) {
	err := Write(new(bytes.Buffer), &Report{Batches: []Batches{{Nanos: []float64{math.NaN()}}}})
	if err == nil || !strings.HasPrefix(err.Error(), "write evidence: ") {
		t.Errorf("error %v, want one that says what could not be written", err)
	}
}

func TestParseRefuses(t *testing.T) {
	whole := string(written(t, sample()))
	for name, bad := range map[string]string{
		"another schema":   strings.Replace(whole, "bench/v1", "bench/v2", 1),
		"no schema":        `{}`,
		"an unknown key":   strings.Replace(whole, `"run": {`, `"score": 7, "run": {`, 1),
		"one further in":   strings.Replace(whole, `"rounds": 0`, `"rounds": 0, "circles": 0`, 1),
		"a key twice":      strings.Replace(whole, `"run": {`, `"refused": [], "run": {`, 1),
		"a wrong type":     strings.Replace(whole, `"rounds": 0`, `"rounds": "many"`, 1),
		"trailing data":    whole + "{}",
		"half of it":       whole[:len(whole)/2],
		"something else":   "conformant",
		"nothing":          "",
		"a report of ours": `{"schema": "header-auth/report/v1"}`,
	} {
		_, err := Parse([]byte(bad))
		if err == nil {
			t.Errorf("%s: parsed without an error", name)
		} else if strings.Contains(err.Error(), "\n") || !strings.HasPrefix(err.Error(), "parse evidence: ") {
			t.Errorf("%s: not one clear line: %v", name, err)
		}
	}
}

// TestSchema holds the checked-in schema, the types and the JSON together.
func TestSchema(t *testing.T) {
	generated := schematest.Generate(t, &Report{}, "https://github.com/header-auth/header-auth/bench/evidence/schema.json",
		Schema)
	golden.Check(t, "schema.json", generated, *update)
	validate := schematest.Compile(t, generated)
	for name, r := range map[string]*Report{"the sample": sample(), "an empty report": {Schema: Schema}} {
		if err := validate(written(t, r)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := validate(written(t, &Report{})); err == nil {
		t.Error("a report without a schema name is valid by the schema")
	}
	if err := validate([]byte(strings.Replace(string(written(t, sample())), `"seed"`, `"sed"`, 1))); err == nil {
		t.Error("an unknown key is valid by the schema")
	}
}
