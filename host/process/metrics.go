package process

import (
	"slices"
	"strings"
	"sync"

	"github.com/header-auth/header-auth/host/abi"
)

// Metrics are the metrics that VMs define. In Envoy all VMs of a process share them.
type Metrics struct {
	mu      sync.Mutex
	byName  map[metricKey]*Value
	changes uint64
	bytes   int
}

// maxMetrics is how many a Metrics keeps. Envoy has no limit and would run out of memory.
const maxMetrics = 1 << 16

// metricBytes is about how many a metric takes besides its name.
const metricBytes = 64

// Bytes is about how many it keeps: metrics are never removed.
func (m *Metrics) Bytes() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.bytes
}

type metricKey struct {
	kind abi.MetricType
	name string
}

// Value is a metric that has been defined.
type Value struct {
	set   *Metrics
	key   metricKey
	value uint64
	count uint64
}

// Type is the metric's type.
func (v *Value) Type() abi.MetricType { return v.key.kind }

// Get is the value; of a histogram, the sum of what was recorded.
func (v *Value) Get() uint64 {
	v.set.mu.Lock()
	defer v.set.mu.Unlock()
	return v.value
}

// Add adds to the value.
func (v *Value) Add(n uint64) { v.change(n, true) }

// Set sets the value.
func (v *Value) Set(n uint64) { v.change(n, false) }

func (v *Value) change(n uint64, add bool) {
	v.set.mu.Lock()
	defer v.set.mu.Unlock()
	v.set.changes++
	if add {
		n += v.value
	}
	v.value = n
	if v.key.kind == abi.Histogram {
		v.count++
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
func NewMetrics() *Metrics { return &Metrics{byName: map[metricKey]*Value{}} }

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

// Value is the value of the metric of that type and name; false when it is not defined.
func (m *Metrics) Value(t abi.MetricType, name string) (uint64, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	v := m.byName[metricKey{t, name}]
	if v == nil {
		return 0, false
	}
	return v.value, true
}

// Define finds or makes the metric of that type and name. nil: there are too many.
func (m *Metrics) Define(t abi.MetricType, name string) *Value {
	m.mu.Lock()
	defer m.mu.Unlock()
	key := metricKey{t, name}
	v := m.byName[key]
	if v == nil {
		if len(m.byName) == maxMetrics || m.bytes > maxBytes {
			return nil
		}
		v = &Value{set: m, key: key}
		m.changes++
		m.bytes += len(name) + metricBytes
		m.byName[key] = v
	}
	return v
}

// Changes counts the metrics that were defined and the values that were changed: while it stays the same, All gives the
// same.
func (m *Metrics) Changes() uint64 {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.changes
}
