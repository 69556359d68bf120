package bench

import (
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"

	"github.com/header-auth/header-auth/bench/evidence"
	"github.com/header-auth/header-auth/bench/stats"
	"github.com/header-auth/header-auth/internal/words"
)

// Benchfmt writes what was timed in the format of Go benchmarks (https://go.dev/design/14313-benchmark-format), for
// golang.org/x/perf/cmd/benchstat. A line is one instance of a build, because instances are independent samples and the
// batches within one are not. Its value is the median of the batches.
//
//	benchstat -col /build bench.txt
func Benchfmt(w io.Writer, r *evidence.Report) error {
	out := &words.Writer{To: w}
	for _, c := range [][2]string{
		{"goos", r.Machine.OS}, {"goarch", r.Machine.Arch}, {"cpu", r.Machine.CPU}, {"pkg",
			"github.com/header-auth/header-auth"},
		{"table", words.Short(r.Table.Digest)}, {"host", "wazero-" + r.Host.Wazero + "-" + r.Host.Engine},
		{"profile", r.Host.Profile}, {"allocator", r.Host.Allocator},
	} {
		if c[1] != "" {
			fmt.Fprintf(out, "%s: %s\n", c[0], words.OneLine(printable(c[1])))
		}
	}
	contestants := contestantsOf(r)
	suffix := ""
	if slices.ContainsFunc(contestants, looksNumbered.MatchString) {
		suffix = "-1"
	}
	for _, contestant := range contestants {
		for _, s := range r.Batches {
			if s.Contestant == contestant && len(s.Nanos) > 0 {
				fmt.Fprintf(out, "BenchmarkRequest/scenario=%s/build=%s%s\t%d\t%.5g ns/op\n", part(plainScenario(r, s.Scenario)),
					part(contestant), suffix, len(s.Nanos)*max(1, r.Run.Plan.Requests), stats.Median(s.Nanos))
			}
		}
	}
	for _, contestant := range contestants {
		for _, s := range r.Startups {
			if s.Build == contestant {
				cache := map[bool]string{false: "cold", true: "cached"}[s.Cached]
				fmt.Fprintf(out, "BenchmarkStart/cache=%s/build=%s%s\t1\t%d ns/op\n", cache, part(contestant), suffix,
					s.Compile+s.Instantiate+s.Configure+s.First)
			}
		}
	}
	return out.Err
}

// looksNumbered finds names whose end would be read as GOMAXPROCS. If there is one, all lines end with a real
// GOMAXPROCS, -1.
var looksNumbered = regexp.MustCompile(`-[0-9]+$`)

// contestantsOf are the builds, then the other contestants: benchstat compares with the first that it reads.
func contestantsOf(r *evidence.Report) []string {
	var all []string
	for _, b := range r.Builds {
		all = append(all, b.Name)
	}
	for _, s := range r.Batches {
		if !slices.Contains(all, s.Contestant) {
			all = append(all, s.Contestant)
		}
	}
	return all
}

// plainScenario is a scenario's id without its group, if all scenarios are in the same group.
func plainScenario(r *evidence.Report, id string) string {
	group, name, ok := strings.Cut(id, "/")
	for _, s := range r.Scenarios {
		if !strings.HasPrefix(s.ID, group+"/") {
			return id
		}
	}
	if !ok {
		return id
	}
	return name
}

// part makes a text fit into a benchmark's name: white space would end the name, a slash the part.
func part(s string) string {
	return strings.NewReplacer(" ", "_", "/", ".", "=", "_").Replace(words.OneLine(printable(s)))
}
