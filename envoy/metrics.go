package envoy

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/header-auth/header-auth/conformance/table"
	"github.com/header-auth/header-auth/envoy/rewrite"
)

// customStat is what Envoy puts before the names of plugins' metrics.
const customStat = "wasmcustom."

// Kinds of a metric, as numbers.
var kinds = []string{"Counter", "Gauge"}

// counters are the metrics of plugins that the Envoy has now: kind and value by name.
func (l *lane) counters(ctx context.Context) (map[string][2]int64, error) {
	found := map[string][2]int64{}
	for kind, of := range kinds {
		body, err := l.process.Admin(ctx, "/stats?format=json&filter=^wasmcustom&type="+of+"s")
		if err != nil {
			return nil, l.gone(err)
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

// forgotten waits until the metrics of the case before are gone, so that those of this one begin anew. The
// VM ends on the worker, which the main thread hears of and tells the worker, so each is asked once more
// when nothing is to be seen.
func (r *run) forgotten(ctx context.Context) error {
	l := r.lane
	for began := time.Now(); l.counted; {
		now, err := l.counters(ctx)
		if err != nil {
			return err
		}
		l.counted = len(now) > len(l.baseCounters) && time.Since(began) < patience
		if err := l.mark(ctx); err != nil {
			return err
		}
	}
	var err error
	r.known, err = l.counters(ctx)
	return err
}

// metrics are those that are new, or whose value has changed, since the last call.
func (r *run) metrics(ctx context.Context) ([]table.Metric, error) {
	now, err := r.lane.counters(ctx)
	if err != nil {
		return nil, err
	}
	var changes []table.Metric
	for name, m := range now {
		if before, there := r.known[name]; !there || before != m {
			changes = append(changes, table.Metric{Kind: kinds[m[0]], Name: name, Value: m[1]})
		}
	}
	slices.SortFunc(changes, func(a, b table.Metric) int {
		return cmp.Compare(a.Name+"\x00"+a.Kind, b.Name+"\x00"+b.Kind)
	})
	r.known = now
	r.lane.counted = r.lane.counted || len(now) > len(r.lane.baseCounters)
	return changes, nil
}
