package verdict

import (
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/header-auth/header-auth/bench/evidence"
)

func TestChange(t *testing.T) {
	for _, test := range []struct {
		name      string
		then, now Interval
		want      ChangeWord
	}{
		{"worse", Interval{Low: 99, Mid: 100, High: 101, N: 9}, Interval{Low: 108, Mid: 110, High: 112, N: 9}, Worse},
		{"better", Interval{Low: 99, Mid: 100, High: 101, N: 9}, Interval{Low: 88, Mid: 90, High: 92, N: 9}, Better},
		{"the same", Interval{Low: 99, Mid: 100, High: 101, N: 9}, Interval{Low: 99.5, Mid: 100.5, High: 101.5, N: 9},
			NoChange},
		{"apart, and too little", Interval{Low: 99.9, Mid: 100, High: 100.1, N: 9},
			Interval{Low: 101, Mid: 101.1, High: 101.2, N: 9}, NoChange},
		{"wide", Interval{Low: 80, Mid: 100, High: 120, N: 2}, Interval{Low: 90, Mid: 120, High: 150, N: 2}, Unsure},
		{"none", Interval{Mid: 100, N: 1, Low: math.NaN(), High: math.NaN()}, Interval{Low: 1, Mid: 1, High: 1, N: 1},
			Unsure},
		{"from nothing", Interval{N: 1}, Interval{Low: 1, Mid: 1, High: 1, N: 1}, Worse},
		{"nothing still", Interval{N: 1}, Interval{N: 1}, NoChange},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := (Change{Then: test.then, Now: test.now, Ratio: over(test.then, test.now, 0)}).word(); got != test.want {
				t.Errorf("%s, expected %s", got, test.want)
			}
		})
	}
}

func TestCompare(t *testing.T) {
	for _, test := range []struct {
		name     string
		change   func(*evidence.Report)
		same     bool
		note     Note
		has, not []string // "build what scenario word"
	}{
		{"nothing changed", func(*evidence.Report) {}, true, Note{Kind: SameModules},
			[]string{"rust time typical/s0 no change", "rust size  no change", "rust resident  no change",
				"go-leaks bytes_per_request  no change"},
			[]string{"worse", "better", "go-leaks time", "go-leaks p99"}},
		{"a slower build", func(r *evidence.Report) { slow(r, "go-good", "typical/s1", 1.2) }, true, Note{Kind: SameModules},
			[]string{"go-good time typical/s1 worse", "go-good ratio_to_floor typical/s1 worse",
				"go-good time typical/s0 no change"}, []string{"better"}},
		{"a new leak", func(r *evidence.Report) { r.Memory[2].Curve = leak("").Curve }, true, Note{Kind: SameModules},
			[]string{"go-good bytes_per_request  worse"}, []string{"better"}},
		{"another machine", func(r *evidence.Report) { r.Machine.CPU = "Other"; slow(r, "", "", 0.5) }, false,
			Note{Kind: OtherMachine, What: "processor", Now: "Other"},
			[]string{"rust ratio_to_floor typical/s0", "rust time typical/s0", "rust size", "rust bytes_per_request"},
			[]string{"no change", "better", "worse", "undecided"}},
		{"another plan", func(r *evidence.Report) { r.Run.Plan.Requests *= 2 }, false,
			Note{Kind: OtherPlan, What: "number of requests in a batch", Then: "500", Now: "1000"},
			[]string{"rust time typical/s0"}, []string{"no change", "better", "worse", "undecided"}},
		{"another engine", func(r *evidence.Report) { r.Host.Wazero = "v2" }, false,
			Note{Kind: OtherMachine, What: "wazero", Now: "v2"}, nil, []string{"no change"}},
		{"another module", func(r *evidence.Report) {
			r.Builds[0].SHA256 = "b"
			slow(r, "rust", "", 1.3)
			slow(r, evidence.Twin, "", 1.3)
		}, true, Note{Kind: SameModule, Build: "go-good"},
			[]string{"rust time typical/s0 worse", "rust time typical/s2 worse"}, nil},
		{"another kernel", func(r *evidence.Report) { r.Machine.Kernel = "7" }, true,
			Note{Kind: OtherSurroundings, What: "kernel", Now: "7"}, []string{"rust time typical/s0 no change"}, nil},
		{"a failed gate", func(r *evidence.Report) { without(r, evidence.Twin, "") }, true, Note{Kind: GateFailedNow},
			[]string{"rust size  no change"}, []string{" time ", "ratio_to_floor"}},
		{"a build less", func(r *evidence.Report) { r.Builds = r.Builds[:3] }, true,
			Note{Kind: OnlyThen, Build: "go-archived"}, nil, []string{"go-archived"}},
		{"scenarios less", func(r *evidence.Report) { r.Scenarios = r.Scenarios[:1] }, true,
			Note{Kind: OnlyThen, Scenario: "typical/s2"}, nil, []string{"typical/s1"}},
		{"refused", func(r *evidence.Report) { r.Refused = []evidence.Refused{{Build: "go-good", Reason: "no"}} }, true,
			Note{Kind: RefusedNow, Build: "go-good", Now: "no"}, []string{"rust size  no change"}, []string{"go-good"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			now := whole()
			test.change(now)
			got := Compare(whole(), now, "old.json")
			var lines []string
			for _, c := range got.Changes {
				lines = append(lines, strings.Join([]string{c.Build, c.What, c.Scenario, string(c.Word)}, " "))
			}
			all := strings.Join(lines, "\n")
			if !slices.Contains(got.Notes, test.note) || got.Same != test.same {
				t.Errorf("same: %t, notes %+v", got.Same, got.Notes)
			}
			for _, want := range test.has {
				if !strings.Contains(all, want) {
					t.Errorf("no %q in\n%s", want, all)
				}
			}
			for _, no := range test.not {
				if strings.Contains(all, no) {
					t.Errorf("%q in\n%s", no, all)
				}
			}
		})
	}
}

// TestRegressions: what fails a pipeline, and what the first screen tells of it.
func TestRegressions(t *testing.T) {
	for _, test := range []struct {
		name   string
		change func(*evidence.Report)
		share  float64
		fails  []string
		claims int
	}{
		{"nothing changed", func(*evidence.Report) {}, 0.05, nil, 0},
		{"30 % slower", func(r *evidence.Report) { slow(r, "go-good", "", 1.3) }, 0.05, []string{"go-good time",
			"go-good time", "go-good time"}, 1},
		{"10 % slower, and that is allowed", func(r *evidence.Report) { slow(r, "go-good", "", 1.1) }, 0.15, nil, 1},
		{"larger", func(r *evidence.Report) { r.Sizes[0].Raw += r.Sizes[0].Raw / 10 }, 0.05, []string{"rust size"}, 1},
		{"larger by 4 %", func(r *evidence.Report) { r.Sizes[0].Raw += r.Sizes[0].Raw / 25 }, 0.05, nil, 1},
		{"it leaks now", func(r *evidence.Report) { r.Memory[2].Curve = leak("").Curve }, 0.05,
			[]string{"go-good bytes_per_request"}, 1},
		{"slower on another machine", func(r *evidence.Report) { r.Machine.CPU = "Other"; slow(r, "go-good", "", 1.3) },
			0.05, nil, 0},
		{"scenarios are gone", func(r *evidence.Report) { r.Scenarios = r.Scenarios[:1] }, 0.05, nil, 1},
	} {
		t.Run(test.name, func(t *testing.T) {
			now := whole()
			for i := range now.Builds {
				now.Builds[i].SHA256 = "other"
			}
			test.change(now)
			a := Compare(whole(), now, "old.json")
			var fails []string
			for _, c := range a.Regressions(test.share) {
				fails = append(fails, c.Build+" "+c.What)
			}
			if claims := a.Headline(); !slices.Equal(fails, test.fails) || len(claims) != test.claims {
				t.Errorf("fails %v, claims %+v", fails, claims)
			}
		})
	}
}

// TestTheSameAgain: two runs of the same modules on one machine, each with its own noise from run to run: seldom is
// anything said to have changed.
func TestTheSameAgain(t *testing.T) {
	random := rand.New(rand.NewPCG(10, 1))
	w := usualWorld(build{nanos: 600}, collects, collects.slower(1.1))
	w.noise.run = RunNoise
	wrong, all := 0, 0
	for range reports(t, 20) / 2 {
		then, now := w.draw(random), w.draw(random)
		for i := range then.Builds {
			then.Builds[i].SHA256, now.Builds[i].SHA256 = "a", "a"
		}
		for _, c := range Compare(then, now, "old.json").Changes {
			if c.What == "time" || c.What == "ratio_to_floor" {
				all++
				if c.Word != NoChange {
					wrong++
				}
			}
		}
	}
	if float64(wrong) > 0.05*float64(all) {
		t.Errorf("%d of %d changes are none", wrong, all)
	}
}
