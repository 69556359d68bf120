package bench

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/header-auth/header-auth/bench/evidence"
	"github.com/header-auth/header-auth/bench/verdict"
)

// TestHostileResults: a file of results may say anything. Each value of a real one is replaced by others that no run
// writes; what can be read can be judged, and written in every form.
func TestHostileResults(t *testing.T) {
	files, err := filepath.Glob("../../bench/result/*.json")
	if err != nil || len(files) == 0 {
		t.Fatalf("no results: %v", err)
	}
	source, err := os.ReadFile(files[0])
	if err != nil {
		t.Fatal(err)
	}
	whole, err := evidence.Parse(source)
	if err != nil {
		t.Fatal(err)
	}
	var sample any
	if err := json.Unmarshal(small(t, whole), &sample); err != nil {
		t.Fatal(err)
	}
	tried, judged := 0, 0
	mutate(sample, "", func(path string) {
		text, err := json.Marshal(sample)
		if err != nil {
			t.Fatal(err)
		}
		tried++
		r, err := evidence.Parse(text)
		if err != nil {
			if strings.Contains(err.Error(), "\n") {
				t.Errorf("%s: not one line: %v", path, err)
			}
			return
		}
		judged++
		judge(t, path, r)
	})
	t.Logf("%d of %d could be judged", judged, tried)
	if judged < tried/4 {
		t.Errorf("%d of %d could be judged: the replacements are too wild", judged, tried)
	}
}

// judge makes all forms of a report.
func judge(t *testing.T, path string, r *evidence.Report) {
	t.Helper()
	defer func() {
		if fault := recover(); fault != nil {
			t.Errorf("%s: %v", path, fault)
		}
	}()
	_, f := verdict.JudgeAll([]*evidence.Report{r})
	f.Against = verdict.Compare(r, r, "old.json")
	for _, write := range []func() error{
		func() error { return Text(io.Discard, r, f, TextOptions{Width: 100}) },
		func() error { return Markdown(io.Discard, r, f) },
		func() error { return HTML(io.Discard, r, f) },
		func() error { return Benchfmt(io.Discard, r) },
	} {
		if err := write(); err != nil && strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %v", path, err)
		}
	}
}

// small is a report with two builds, one scenario, and little of all else.
func small(t *testing.T, r *evidence.Report) []byte {
	t.Helper()
	builds := map[string]bool{evidence.Floor: true, evidence.Twin: true}
	for _, b := range r.Builds[:2] {
		builds[b.Name] = true
	}
	scenario := r.Scenarios[0].ID
	r.Builds, r.Scenarios = r.Builds[:2], r.Scenarios[:1]
	r.Batches = slices.DeleteFunc(r.Batches, func(b evidence.Batches) bool {
		return !builds[b.Contestant] || b.Scenario != scenario || b.Process > 2 || b.Instance > 1
	})
	r.Tails = slices.DeleteFunc(r.Tails, func(x evidence.Tail) bool {
		return !builds[x.Contestant] || x.Scenario != scenario || x.Process > 1
	})
	for i := range r.Tails {
		x := &r.Tails[i]
		x.Counts, x.Spikes = x.Counts[:min(5, len(x.Counts))], x.Spikes[:min(3, len(x.Spikes))]
	}
	r.Startups = slices.DeleteFunc(r.Startups, func(x evidence.Startup) bool { return !builds[x.Build] || x.Sample > 2 })
	r.Memory = slices.DeleteFunc(r.Memory, func(x evidence.Memory) bool { return !builds[x.Build] })
	for i := range r.Memory {
		r.Memory[i].Curve = r.Memory[i].Curve[:min(3, len(r.Memory[i].Curve))]
	}
	r.Resident = slices.DeleteFunc(r.Resident, func(x evidence.Resident) bool { return !builds[x.Build] || x.Sample > 2 })
	r.Sizes = slices.DeleteFunc(r.Sizes, func(x evidence.Size) bool { return !builds[x.Build] })
	r.Costs = slices.DeleteFunc(r.Costs, func(x evidence.Cost) bool { return !builds[x.Build] })
	r.Witnesses = slices.DeleteFunc(r.Witnesses, func(x evidence.Witness) bool {
		return !builds[x.Build] || x.Scenario != scenario
	})
	text, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// mutate calls do with each value of a tree replaced by several others. Of a list the first two entries
// and the last are changed.
func mutate(v any, path string, do func(path string)) {
	switch v := v.(type) {
	case map[string]any:
		for _, key := range slices.Sorted(maps.Keys(v)) {
			was := v[key]
			for i, other := range others(was) {
				v[key] = other
				do(fmt.Sprintf("%s.%s, replacement %d", path, key, i))
			}
			v[key] = was
			mutate(was, path+"."+key, do)
		}
	case []any:
		for i := range v {
			if i > 1 && i < len(v)-1 {
				continue
			}
			was := v[i]
			for n, other := range others(was) {
				v[i] = other
				do(fmt.Sprintf("%s[%d], replacement %d", path, i, n))
			}
			v[i] = was
			mutate(was, fmt.Sprintf("%s[%d]", path, i), do)
		}
	}
}

// others are values of the same type that a run does not write.
func others(v any) []any {
	switch v := v.(type) {
	case float64:
		return []any{0, -1, int64(math.MaxInt64), math.MaxFloat64}
	case string:
		return []any{"", "\x1b[31m\r\n\x00" + strings.Repeat("<b>%d", 100)}
	case []any:
		all := []any{[]any{}, append(slices.Clone(v), v...)}
		if len(v) > 1 {
			all = append(all, v[1:], v[:1], slices.Repeat(v[:1], len(v)))
		}
		return all
	case map[string]any:
		return []any{map[string]any{}}
	case bool:
		return []any{!v}
	}
	return nil
}
