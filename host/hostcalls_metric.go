package host

import "github.com/header-auth/header-auth/host/abi"

func proxyDefineMetric(vm *VM, stack []uint64) uint32 {
	name, valid := input(vm, stack[1:])
	if !valid {
		return invalidMemoryAccess
	}
	t := abi.MetricType(stack[0])
	if !t.Valid() {
		return badArgument
	}
	vm.charge(len(name))
	vm.metricIDs[t] = append(vm.metricIDs[t], vm.metrics.define(metricKey{t, string(name)}))
	if !vm.writeU32(uint32(stack[3]), uint32(len(vm.metricIDs[t]))*4+uint32(t)) {
		return invalidMemoryAccess
	}
	return ok
}

// metric finds a metric by the VM's number for it: 4 n + type.
func (vm *VM) metric(id uint32) *metric {
	t, n := id&3, id/4
	if t >= uint32(abi.MetricTypes) || n == 0 || n > uint32(len(vm.metricIDs[t])) {
		return nil
	}
	return vm.metricIDs[t][n-1]
}

func proxyIncrementMetric(vm *VM, stack []uint64) uint32 {
	id, delta := uint32(stack[0]), int64(stack[1])
	if t := abi.MetricType(id & 3); t != abi.Counter && t != abi.Gauge {
		return badArgument
	}
	m := vm.metric(id)
	switch {
	case m == nil:
		return notFound
	case m.key.kind == abi.Counter && delta <= 0:
		return badArgument
	}
	m.change(uint64(delta), true)
	return ok
}

func proxyRecordMetric(vm *VM, stack []uint64) uint32 {
	m := vm.metric(uint32(stack[0]))
	if m == nil {
		return notFound
	}
	m.change(stack[1], m.key.kind != abi.Gauge) // a counter adds, too
	return ok
}

func proxyGetMetric(vm *VM, stack []uint64) uint32 {
	id := uint32(stack[0])
	if t := abi.MetricType(id & 3); t != abi.Counter && t != abi.Gauge {
		return badArgument
	}
	m := vm.metric(id)
	if m == nil {
		return notFound
	}
	m.set.mu.Lock()
	value := m.value
	m.set.mu.Unlock()
	if !vm.writeU64(uint32(stack[1]), value) {
		return invalidMemoryAccess
	}
	return ok
}
