package bench

import (
	"bytes"
	"testing"

	"golang.org/x/perf/benchfmt"

	"github.com/header-auth/header-auth/bench/evidence"
)

// TestBenchstatReadsIt reads the form with the package that benchstat reads with.
func TestBenchstatReadsIt(t *testing.T) {
	for name, build := range map[string]string{"a usual name": "tinygo", "one like GOMAXPROCS": "rust-2",
		"one with blanks": "my own/build"} {
		t.Run(name, func(t *testing.T) {
			r, _ := fixture(2, 2)
			r.Builds[1].Name = build
			for i := range r.Batches {
				if r.Batches[i].Contestant == "tinygo" {
					r.Batches[i].Contestant = build
				}
			}
			var form bytes.Buffer
			if err := Benchfmt(&form, r); err != nil {
				t.Fatal(err)
			}
			counts := map[string]int{}
			reader := benchfmt.NewReader(&form, "bench.txt")
			for reader.Scan() {
				result, ok := reader.Result().(*benchfmt.Result)
				if !ok {
					t.Fatalf("not a result: %v", reader.Result())
				}
				if v, ok := result.Value("sec/op"); !ok || v <= 0 || v > 1 {
					t.Errorf("%s: %v s/op", result.Name, v)
				}
				_, parts := result.Name.Parts()
				if len(parts) < 2 {
					t.Fatalf("name %s has %d parts", result.Name, len(parts))
				}
				counts[string(parts[0])+string(parts[1])]++
				if got := result.GetConfig("cpu"); got != r.Machine.CPU {
					t.Errorf("cpu %q, want %q", got, r.Machine.CPU)
				}
			}
			if err := reader.Err(); err != nil {
				t.Fatal(err)
			}
			for _, key := range []string{"/scenario=allow/build=rust", "/scenario=allow/build=" + part(build),
				"/scenario=refuse-missing/build=" + evidence.Floor} {
				if counts[key] != 10 {
					t.Errorf("%d lines of %s, want 5 processes × 2 instances: %v", counts[key], key, counts)
				}
			}
		})
	}
}
