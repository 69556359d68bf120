package host

import (
	"slices"
	"strings"
	"sync"

	"github.com/header-auth/header-auth/host/abi"
)

// Metrics are the metrics that VMs define. In Envoy all VMs of a process share them.
type Metrics struct {
	mu      sync.Mutex
	byName  map[metricKey]*metric
	changes uint64
}

type metricKey struct {
	kind abi.MetricType
	name string
}

type metric struct {
	set   *Metrics
	key   metricKey
	value uint64
	count uint64
}

// change adds to the value, or sets it.
func (m *metric) change(value uint64, add bool) {
	m.set.mu.Lock()
	defer m.set.mu.Unlock()
	m.set.changes++
	if add {
		value += m.value
	}
	m.value = value
	if m.key.kind == abi.Histogram {
		m.count++
	}
}

// Metric is a metric's state. Envoy's name for it is "wasmcustom." and Name.
type Metric struct {
	Type  abi.MetricType
	Name  string
	Value uint64 // of a histogram: the sum of what was recorded
	Count uint64 // of a histogram: how often something was recorded
}

// NewMetrics makes an empty set.
func NewMetrics() *Metrics { return &Metrics{byName: map[metricKey]*metric{}} }

// All are copies of the metrics, by name.
func (m *Metrics) All() []Metric {
	m.mu.Lock()
	defer m.mu.Unlock()
	var all []Metric
	for _, v := range m.byName {
		all = append(all, Metric{v.key.kind, v.key.name, v.value, v.count})
	}
	slices.SortFunc(all, func(a, b Metric) int {
		if c := strings.Compare(a.Name, b.Name); c != 0 {
			return c
		}
		return int(a.Type) - int(b.Type)
	})
	return all
}

// Value is the value of the metric of that type and name; false when nobody defined it.
func (m *Metrics) Value(t abi.MetricType, name string) (uint64, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	v := m.byName[metricKey{t, name}]
	if v == nil {
		return 0, false
	}
	return v.value, true
}

func (m *Metrics) define(key metricKey) *metric {
	m.mu.Lock()
	defer m.mu.Unlock()
	v := m.byName[key]
	if v == nil {
		v = &metric{set: m, key: key}
		m.changes++
		m.byName[key] = v
	}
	return v
}

// Changes counts the metrics that were defined and the values that were changed: as long as it stays, All gives the same.
func (m *Metrics) Changes() uint64 {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.changes
}
