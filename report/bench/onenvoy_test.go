package bench

import (
	"bytes"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/header-auth/header-auth/bench/evidence"
	"github.com/header-auth/header-auth/bench/verdict"
	"github.com/header-auth/header-auth/internal/golden"
)

// onEnvoyFixture is an invented run on a real Envoy, with the modules of the usual fixture.
func onEnvoyFixture() *evidence.OnEnvoy {
	random := rand.New(rand.NewPCG(1, 1))
	wazero, _ := fixture(3, 3)
	r := &evidence.OnEnvoy{Schema: evidence.OnEnvoySchema, Builds: wazero.Builds, Machine: wazero.Machine,
		Envoy: evidence.EnvoyProgram{Version: "1.40.0", Origin: "PATH: /usr/bin/envoy"},
		Scenarios: []evidence.Scenario{{ID: "typical/allow", Decision: "allow"},
			{ID: "typical/refuse-missing", Decision: "refuse"}},
		Refused: []evidence.Refused{{Build: evidence.DynamicModule, Reason: "Envoy refuses it: no such symbol"}}}
	r.Run = evidence.EnvoyRun{RunHead: evidence.RunHead{Command: []string{"parity", "bench", "--engine", "envoy"},
		Started: time.Date(2026, 1, 2, 3, 4, 0, 0, time.UTC), Complete: true}, Pinned: true,
		Plan: evidence.EnvoyPlan{Name: "default", Processes: 6, Rounds: 4, Requests: 4000, Connections: 8}}
	over := map[string]float64{evidence.NativeRBAC: 1700, evidence.NullGuest: 2200, evidence.LuaFilter: 3100,
		evidence.ExtAuthz: 38_000, "rust": 5000, evidence.Twin: 5000, "tinygo": 7000, "tinygo-nottinygc": 5800}
	for n := range 6 {
		work := func(scenario, name string, nanos float64) {
			w := evidence.Work{Scenario: scenario, Contestant: name, Process: n}
			for range 4 {
				w.Nanos = append(w.Nanos, 16_000+nanos+100*random.NormFloat64())
				if name == evidence.ExtAuthz {
					w.Service = append(w.Service, 20_000+100*random.NormFloat64())
				}
			}
			r.Work = append(r.Work, w)
		}
		for _, s := range r.Scenarios {
			for _, name := range []string{evidence.NoFilter, evidence.NativeRBAC, evidence.NullGuest, evidence.LuaFilter,
				evidence.ExtAuthz, "rust", "tinygo", "tinygo-nottinygc", evidence.Twin} {
				if name != evidence.NullGuest || s.Decision == "allow" {
					work(s.ID, name, over[name])
				}
			}
		}
		for name, nanos := range map[string]float64{"proxy_get_header_map_value": 2000} {
			work(evidence.CrossingScenario, "empty", 2200)
			work(evidence.CrossingScenario, name, 2200+nanos)
			work(evidence.CrossingScenario, "proxy_get_header_map_pairs", 3600)
			work(evidence.CrossingScenario, anotherCallback, 2210)
		}
		for i, name := range []string{"empty", "proxy_get_header_map_value", "proxy_get_header_map_pairs", anotherCallback} {
			r.Crossings = append(r.Crossings, evidence.Crossing{Guest: name, What: "what " + name + " is", Instance: n,
				Nanos: []float64{200 + 100*float64(i), 201 + 100*float64(i)}})
		}
		r.Latencies = append(r.Latencies, evidence.Latency{Scenario: "typical/allow", Contestant: "rust", Process: n,
			Rate: 2000, Counts: [][2]int64{{80_000, 900}, {120_000, 99}, {900_000, 1}}, Max: 900_000})
	}
	for i, name := range []string{evidence.NoFilter, "rust", "tinygo"} {
		s := evidence.EnvoySoak{Contestant: name, Scenario: "typical/allow", Requests: 1_000_000}
		for k := range 51 {
			leaked := int64(0)
			if name == "tinygo" {
				leaked = int64(k) * 20_000 * 341
			}
			s.Points = append(s.Points, evidence.SoakPoint{Requests: k * 20_000, Bytes: int64(14+20*i)<<20 + leaked,
				Nanos: 16_000 + float64(leaked)/1e4, Longest: 300_000 + leaked/10})
		}
		r.Soaks = append(r.Soaks, s)
		for n := range 2 {
			r.Startups = append(r.Startups, evidence.ListenerTime{Build: name, Sample: n, Nanos: int64(1+100*i)*1e6 +
				int64(n)*1e5, Bytes: int64(i) << 20})
		}
	}
	return r
}

func onEnvoyFindings() (*evidence.Report, *verdict.Findings) {
	r, f := fixture(3, 3)
	f.Envoy = verdict.JudgeOnEnvoy(onEnvoyFixture(), r, f)
	return r, f
}

func TestOnEnvoy(t *testing.T) {
	_, f := onEnvoyFindings()
	var markdown, terminal bytes.Buffer
	if err := EnvoyMarkdown(&markdown, f.Envoy); err != nil {
		t.Fatal(err)
	}
	if err := EnvoyText(&terminal, f.Envoy, TextOptions{Width: 100}); err != nil {
		t.Fatal(err)
	}
	golden.Check(t, filepath.Join("testdata", "envoy.md"), markdown.Bytes(), *update)
	golden.Check(t, filepath.Join("testdata", "envoy.txt"), terminal.Bytes(), *update)
	for line := range strings.Lines(terminal.String()) {
		if n := utf8.RuneCountInString(strings.TrimSuffix(line, "\n")); n > 100 {
			t.Errorf("%d columns of 100: %s", n, line)
		}
	}
}

// TestOnEnvoyIsInEveryForm: the sentences and the section stand beside those of wazero.
func TestOnEnvoyIsInEveryForm(t *testing.T) {
	r, f := onEnvoyFindings()
	for name, write := range map[string]form{"text": inText(TextOptions{}), "markdown": Markdown, "html": HTML,
		"summary": inSummary} {
		var got bytes.Buffer
		if err := write(&got, r, f); err != nil {
			t.Fatal(err)
		}
		wanted := []string{"On a real Envoy 1.40.0 a request costs so much more", "RBAC filter 1.7 µs", "Lua script 3.1 µs"}
		if name != "summary" {
			wanted = append(wanted, "There tinygo leaks 341 B a request, and the longest wait grows from 7.1 ms to 34 ms",
				"Do wazero and Envoy put the builds in the same order?", "What does a crossing cost")
		}
		for _, want := range wanted {
			if !strings.Contains(got.String(), want) {
				t.Errorf("%s lacks %q", name, want)
			}
		}
	}
}

// TestOnEnvoyWithLittle: an interrupted run can be read.
func TestOnEnvoyWithLittle(t *testing.T) {
	for name, r := range map[string]*evidence.OnEnvoy{"nothing": {},
		"a scenario": {Scenarios: []evidence.Scenario{{ID: "typical/allow"}}, Builds: []evidence.Build{{Name: "rust"}}},
		"one Envoy": {Scenarios: []evidence.Scenario{{ID: "typical/allow"}}, Builds: []evidence.Build{{Name: "rust"}},
			Work: []evidence.Work{
				{Scenario: "typical/allow", Contestant: evidence.NoFilter, Nanos: []float64{1}},
				{Scenario: "typical/allow", Contestant: "rust", Nanos: []float64{2}}}}} {
		var got bytes.Buffer
		if err := EnvoyText(&got, verdict.JudgeOnEnvoy(r, nil, nil), TextOptions{Width: 80}); err != nil {
			t.Fatal(err)
		}
		if strings.Contains(got.String(), "NaN") || strings.Contains(got.String(), "%!") {
			t.Errorf("%s:\n%s", name, got.String())
		}
	}
}
