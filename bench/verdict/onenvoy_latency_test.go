package verdict

import (
	"testing"

	"github.com/header-auth/header-auth/bench/evidence"
)

// TestEnvoyLatencies: a moment in which the machine stood still, in one Envoy of many, is in the longest wait alone.
func TestEnvoyLatencies(t *testing.T) {
	r := &evidence.OnEnvoy{}
	for n := range 16 {
		l := evidence.Latency{Scenario: "typical/allow", Contestant: evidence.NoFilter, Process: n, Rate: 2000,
			Counts: [][2]int64{{600_000, 950}, {1_500_000 + int64(n)*10_000, 50}}, Max: 1_700_000}
		if n == 7 {
			l.Counts, l.Max = append(l.Counts, [2]int64{150_000_000, 300}), 176_000_000
		}
		r.Latencies = append(r.Latencies, l)
	}
	all := envoyLatencies(r)
	if len(all) != 1 {
		t.Fatalf("got %d latencies, want 1", len(all))
	}
	l := all[0]
	if l.Half.Mid != 600_000 || !l.Most.Known() || l.Most.Low < 1_500_000 || l.Most.High > 1_700_000 ||
		l.Longest != 176_000_000 {
		t.Errorf("got %+v", l)
	}
	r.Latencies = r.Latencies[:5]
	if l = envoyLatencies(r)[0]; l.Most.Known() {
		t.Errorf("five Envoys: got the interval %+v, want none", l.Most)
	}
}
