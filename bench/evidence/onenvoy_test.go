package evidence

import (
	"bytes"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/header-auth/header-auth/internal/golden"
	"github.com/header-auth/header-auth/internal/schematest"
)

// onEnvoy has one of everything.
func onEnvoy() *OnEnvoy {
	return &OnEnvoy{Schema: OnEnvoySchema,
		Run: EnvoyRun{RunHead: RunHead{Command: []string{"parity", "bench"},
			Started: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC),
			Seconds: 300.5, Complete: true, Notes: []string{"no C compiler"}}, Pinned: true,
			Plan: EnvoyPlan{Name: "default", Processes: 6}},
		Table: Table{Name: "header-auth"}, Envoy: EnvoyProgram{Version: "1.40.0", Origin: "PATH: /usr/bin/envoy",
			SHA256: "ab"},
		Machine: Machine{OS: "linux", CPUs: 2, LoadBefore: []float64{0.5}, LoadAfter: []float64{0.5}},
		Builds:  []Build{{Name: "rust", SHA256: "cd"}}, Scenarios: []Scenario{{ID: "typical/allow", Decision: "allow"}},
		Refused: []Refused{{Build: LuaFilter, Reason: "it is refused"}},
		Work: []Work{{Scenario: "typical/allow", Contestant: ExtAuthz, Nanos: []float64{16_000.5},
			Service: []float64{20_000}}},
		Latencies: []Latency{{Scenario: "typical/allow", Contestant: "rust", Rate: 2000, Counts: [][2]int64{{80_000, 9}},
			Max: 80_000}},
		Soaks: []EnvoySoak{{Contestant: "rust", Requests: 20_000,
			Points: []SoakPoint{{Bytes: 1 << 20}, {20_000, 1 << 20, 16_000, 300_000}}, Ended: "envoy: signal: killed"}},
		Startups:  []ListenerTime{{Build: "rust", Nanos: 1e8, Bytes: 1 << 20}},
		Crossings: []Crossing{{Guest: "empty", What: "nothing", Nanos: []float64{160}}}}
}

// TestOnEnvoy: what was written is read again, and is as the checked-in schema says.
func TestOnEnvoy(t *testing.T) {
	generated := schematest.Generate(t, &OnEnvoy{},
		"https://github.com/header-auth/header-auth/bench/evidence/schema-envoy.json", OnEnvoySchema)
	golden.Check(t, "schema-envoy.json", generated, *update)
	validate := schematest.Compile(t, generated)
	for name, r := range map[string]*OnEnvoy{"the sample": onEnvoy(), "an empty report": {Schema: OnEnvoySchema}} {
		var text bytes.Buffer
		if err := WriteOnEnvoy(&text, r); err != nil {
			t.Fatal(err)
		}
		if err := validate(text.Bytes()); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if SchemaOf(text.Bytes()) != OnEnvoySchema {
			t.Errorf("%s: its schema is not told", name)
		}
		again, err := ParseOnEnvoy(text.Bytes())
		if err != nil {
			t.Fatal(err)
		}
		var second bytes.Buffer
		if err := WriteOnEnvoy(&second, again); err != nil || second.String() != text.String() {
			t.Errorf("%s changes when it is read and written: %v\n%s", name, err, cmp.Diff(text.String(), second.String()))
		}
		if _, err := Parse(text.Bytes()); err == nil {
			t.Errorf("%s was read as a report of wazero", name)
		}
	}
	if SchemaOf([]byte("nothing")) != "" {
		t.Error("nothing has a schema")
	}
}
