package envoy

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/header-auth/header-auth/conformance/table"
	"github.com/header-auth/header-auth/envoy/rewrite"
)

// customStat is what Envoy puts before the names of plugins' metrics.
const customStat = "wasmcustom."

// Kinds of a metric, as numbers.
var kinds = []string{"Counter", "Gauge"}

// counters are the metrics of plugins that the Envoy has now: kind and value by name.
func (r *run) counters(ctx context.Context) (map[string][2]int64, error) {
	found := map[string][2]int64{}
	for kind, of := range kinds {
		body, err := r.lane.process.Admin(ctx, "/stats?format=json&filter=^wasmcustom&type="+of+"s")
		if err != nil {
			return nil, r.lane.gone(err)
		}
		var stats struct {
			Stats []struct {
				Name  string `json:"name"`
				Value int64  `json:"value"`
			} `json:"stats"`
		}
		if err := json.Unmarshal([]byte(body), &stats); err != nil {
			return nil, fmt.Errorf("read Envoy's statistics: %w", err)
		}
		for _, s := range stats.Stats {
			if name := strings.TrimPrefix(s.Name, customStat); name != rewrite.FaultMetric {
				found[name] = [2]int64{int64(kind), s.Value}
			}
		}
	}
	return found, nil
}

// metrics are those that are new, or whose value has changed, since the last call.
func (r *run) metrics(ctx context.Context) ([]table.Metric, error) {
	now, err := r.counters(ctx)
	if err != nil {
		return nil, err
	}
	var changes []table.Metric
	for name, m := range now {
		if before, there := r.known[name]; !there || before != m {
			changes = append(changes, table.Metric{Kind: kinds[m[0]], Name: name, Value: m[1]})
		}
	}
	slices.SortFunc(changes, func(a, b table.Metric) int { return cmp.Compare(a.Name+"\x00"+a.Kind, b.Name+"\x00"+b.Kind) })
	r.known = now
	return changes, nil
}
