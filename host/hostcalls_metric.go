package host

import (
	"github.com/header-auth/header-auth/host/abi"
	"github.com/header-auth/header-auth/host/process"
)

// maxMetricIDs is how many numbers of metrics of one type a VM gives out. Envoy has no limit.
const maxMetricIDs = 1 << 20

// proxyDefineMetric is proxy_define_metric(type, name, metric): finds or makes the metric of that type and name, and
// writes a number of its own for it to metric (u32): 4 n + type. BadArgument for a type that does not exist;
// InvalidMemoryAccess when name or metric is outside memory.
// Source: Envoy source/extensions/common/wasm/context.cc, Context::defineMetric.
func proxyDefineMetric(vm *VM, stack []uint64) uint32 {
	name, valid := readRange(vm, stack[1:])
	if !valid {
		return invalidMemoryAccess
	}
	t := abi.MetricType(stack[0])
	if !t.Valid() {
		return badArgument
	}
	vm.chargeBytes(len(name))
	m := vm.metrics.Define(t, string(name))
	if m == nil || len(vm.metricIDs[t]) == maxMetricIDs {
		vm.trap("the guest makes the host keep too many metrics")
	}
	vm.metricIDs[t] = append(vm.metricIDs[t], m)
	if !vm.writeU32(uint32(stack[3]), uint32(len(vm.metricIDs[t]))*4+uint32(t)) {
		return invalidMemoryAccess
	}
	return ok
}

// metric finds a metric by the VM's number for it: 4 n + type.
func (vm *VM) metric(id uint32) *process.Value {
	t, n := id&3, id/4
	if t >= uint32(abi.MetricTypes) || n == 0 || n > uint32(len(vm.metricIDs[t])) {
		return nil
	}
	return vm.metricIDs[t][n-1]
}

// proxyIncrementMetric is proxy_increment_metric(metric, delta): adds to a counter or gauge. BadArgument for a number
// of a histogram or of no type, and for a counter with a delta below 1; NotFound for a number that was not given out.
// Source: Envoy source/extensions/common/wasm/context.cc, Context::incrementMetric.
func proxyIncrementMetric(vm *VM, stack []uint64) uint32 {
	id, delta := uint32(stack[0]), int64(stack[1])
	if t := abi.MetricType(id & 3); t != abi.Counter && t != abi.Gauge {
		return badArgument
	}
	m := vm.metric(id)
	switch {
	case m == nil:
		return notFound
	case m.Type() == abi.Counter && delta <= 0:
		return badArgument
	}
	m.Add(uint64(delta))
	return ok
}

// proxyRecordMetric is proxy_record_metric(metric, value): sets a gauge, adds to a counter, records in a histogram.
// NotFound for a number that was not given out.
// Source: Envoy source/extensions/common/wasm/context.cc, Context::recordMetric.
func proxyRecordMetric(vm *VM, stack []uint64) uint32 {
	m := vm.metric(uint32(stack[0]))
	if m == nil {
		return notFound
	}
	if m.Type() == abi.Gauge {
		m.Set(stack[1])
	} else {
		m.Add(stack[1]) // also for a counter
	}
	return ok
}

// proxyGetMetric is proxy_get_metric(metric, value): the value of a counter or gauge goes to value (u64). BadArgument
// for a number of a histogram or of no type; NotFound for one that was not given out; InvalidMemoryAccess when value
// is outside memory.
// Source: Envoy source/extensions/common/wasm/context.cc, Context::getMetric.
func proxyGetMetric(vm *VM, stack []uint64) uint32 {
	id := uint32(stack[0])
	if t := abi.MetricType(id & 3); t != abi.Counter && t != abi.Gauge {
		return badArgument
	}
	m := vm.metric(id)
	if m == nil {
		return notFound
	}
	if !vm.writeU64(uint32(stack[1]), m.Get()) {
		return invalidMemoryAccess
	}
	return ok
}
