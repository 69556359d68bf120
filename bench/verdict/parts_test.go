package verdict

import (
	"math"
	"strings"
	"testing"

	"github.com/header-auth/header-auth/bench/evidence"
)

// whole is a report with every part: rust, and three of Go of which one leaks and one rests on an archived collector.
func whole() *evidence.Report {
	r := drawn(plan{10, 2, 10}, shape{3, []float64{600, 1800, 1400, 3000}}, steady)
	names := []string{"rust", "go-good", "go-leaks", "go-archived"}
	for i := range r.Builds {
		r.Builds[i].Name = names[i]
		r.Builds[i].Language, _, _ = strings.Cut(names[i], "-")
	}
	for i, s := range r.Speed {
		if n, ok := strings.CutPrefix(s.Entrant, "build"); ok {
			r.Speed[i].Entrant = names[n[0]-'0']
		}
	}
	for i, name := range names {
		for sample := range 6 {
			r.Startups = append(r.Startups,
				evidence.Startup{Build: name, Sample: sample, Compile: int64(40e6*(i+1)) + int64(sample)*1e5, Instantiate: 1e5, Configure: 1e5, First: 1e4},
				evidence.Startup{Build: name, Sample: sample, Cached: true, Compile: 2e6, Instantiate: 1e5, Configure: 1e5, First: 1e4})
		}
		for sample := range 3 {
			per := int64(1+i)*1_000_000 + int64(sample)*1000
			r.Resident = append(r.Resident, evidence.Resident{Build: name, Sample: sample, VMs: []int{1, 10, 40}, Bytes: []int64{5e6 + per, 5e6 + 10*per, 5e6 + 40*per}})
		}
		r.Sizes = append(r.Sizes, evidence.Size{Build: name, Raw: 150_000 * (i + 1)})
		cost := evidence.Cost{Build: name, Parts: []evidence.Part{{Role: "SDK", Name: "sdk", State: "maintained"}}}
		if name == "go-archived" {
			cost.Parts = append(cost.Parts, evidence.Part{Role: "collector", Name: "old", State: "archived in May 2024", Source: "https://example", Checked: "2026-11-21"})
		}
		r.Costs = append(r.Costs, cost)
		for _, order := range []string{"envoy", "spec"} {
			m := soak(200_000, 2*page, leaking(1000, 0), byDoubling)
			if name == "go-leaks" && order == "envoy" {
				m = soak(200_000, 2*page, leaking(1000, 341), byDoubling)
			}
			m.Build, m.Allocator = name, order
			r.Memory = append(r.Memory, m)
		}
		r.Tails = append(r.Tails, evidence.Tail{Scenario: "typical/s0", Entrant: name, Counts: [][2]int64{{1000, 199_000}, {9000, 1000}}, Max: 9000},
			evidence.Tail{Scenario: "typical/s0", Entrant: name, Process: 1, Counts: [][2]int64{{1010, 199_000}, {9100, 1000}}, Max: 9100})
	}
	return r
}

func TestHeadline(t *testing.T) {
	f := Judge(whole(), Options{})
	var said []string
	for _, c := range f.Headline {
		said = append(said, c.Text)
		if c.Topic == "" || c.Evidence == "" || !strings.HasSuffix(c.Text, ".") {
			t.Errorf("%+v", c)
		}
		t.Logf("%s: %s [%s]", c.Topic, c.Text, c.Evidence)
	}
	for i, want := range []string{
		"Choose rust where speed decides: of the 2 builds that can be chosen it is the fastest in 3 of 3 scenarios. Left out: go-leaks (leaks) and go-archived (its collector is archived).",
		"If it is to be Go, choose go-good: no other build of that language can be.",
		"go-leaks leaks 341 bytes a request in Envoy: do not run it. The cause is which export gives the host memory: by the specification's order it does not leak.",
		"go-good takes 3.00 times as long as rust for typical/s0; 3.00 to 3.00 times in the others.",
	} {
		if i >= len(said) || said[i] != want {
			t.Errorf("claim %d:\n  got  %q\n  want %q", i, said[i], want)
		}
	}
	all := strings.Join(said, "\n")
	for _, want := range []string{"From its bytes to its first answer rust takes 40.", "A warm VM of rust takes", "The smallest module is that of rust, 146 KiB", "go-archived needs old as its collector, which is archived"} {
		if !strings.Contains(all, want) {
			t.Errorf("nothing says %q in:\n%s", want, all)
		}
	}
}

// TestTheLeastOfSeveral: what can't be told from it is named with it.
func TestTheLeastOfSeveral(t *testing.T) {
	around := func(build string, mid, half float64) measure {
		return measure{build, Interval{Low: mid - half, Mid: mid, High: mid + half, N: 5}}
	}
	format := "%s takes %s, the least%s, and %s %s, the most."
	for _, test := range []struct {
		second measure
		want   string
	}{
		{around("b", 110, 5), "a takes 100 ns, the least (b: too close to tell), and c 300 ns, the most."},
		{around("b", 120, 5), "a takes 100 ns, the least, and c 300 ns, the most."},
	} {
		claims := extremes("x", format, []measure{around("c", 300, 10), test.second, around("a", 100, 8)}, nanos)
		if len(claims) != 1 || claims[0].Text != test.want {
			t.Errorf("%+v, want %q", claims, test.want)
		}
	}
}

// TestSmallDifferences are worded as such, and unknown ones as unknown.
func TestSmallDifferences(t *testing.T) {
	for _, test := range []struct {
		second float64
		want   string
	}{
		{640, "build1 takes 7 % longer than build0 for typical/s0, which is small: another correct harness may disagree."},
		{601, "the same time for typical/s0, within 3 %."},
		{618, "is undecided."},
	} {
		f := Judge(drawn(plan{10, 2, 10}, shape{1, []float64{600, test.second}}, steady), Options{})
		last := f.Headline[len(f.Headline)-1].Text
		if !strings.HasSuffix(last, test.want) {
			t.Errorf("%v: %q, expected %q", test.second, last, test.want)
		}
	}
	r := whole()
	without(r, evidence.Twin, "")
	for _, c := range Judge(r, Options{}).Headline {
		if c.Topic == "speed" && !strings.HasPrefix(c.Text, "No verdict on speed") {
			t.Errorf("the gate failed, and yet: %q", c.Text)
		}
	}
}

func TestPartsOfFindings(t *testing.T) {
	f := Judge(whole(), Options{})
	if len(f.Startups) != 8 || f.Startups[0].Cached || !f.Startups[1].Cached || len(f.Startups[0].Phases) != 4 || !f.Startups[0].Total.Contains(40_460_000) {
		t.Errorf("start-up: %+v", f.Startups[0])
	}
	rust := f.Resident[0]
	if math.Abs(rust.PerVM.Mid-1_001_000) > 1 || !rust.PerVM.Known() || math.Abs(rust.Fixed.Mid-5e6) > 1 {
		t.Errorf("resident: %+v", rust)
	}
	if len(f.Scale) != 12 {
		t.Fatalf("scale: %d rows", len(f.Scale))
	}
	for _, s := range f.Scale {
		if s.Build == "go-archived" && s.Rate == 1e6 { // 3 µs a request: 3 cores of 4 workers, one proxy of five VMs
			if math.Abs(s.Cores.Mid-3) > 0.05 || s.Proxies != 1 || math.Abs(s.GiB.Mid-5*4_001_000./(1<<30)) > 1e-6 {
				t.Errorf("scale: %+v", s)
			}
		}
	}
	two := Judge(whole(), Options{Workers: 2})
	if s := two.Scale[len(two.Scale)-1]; s.Proxies != 2 || math.Abs(s.GiB.Mid-2*3*4_001_000./(1<<30)) > 1e-6 {
		t.Errorf("scale of two workers: %+v", s)
	}
}
