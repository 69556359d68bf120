package abi

// MetricType is the type of a metric.
type MetricType uint32

const (
	Counter MetricType = iota
	Gauge
	Histogram
	MetricTypes // the number of types
)

func (t MetricType) String() string { return NameOf(uint32(t), "Counter", "Gauge", "Histogram") }

// Valid says whether the ABI has this number.
func (t MetricType) Valid() bool { return t < MetricTypes }
