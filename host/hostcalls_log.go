package host

import "github.com/header-auth/header-auth/host/abi"

// LogLine is a line that a guest logged.
type LogLine struct {
	ContextID uint32
	Level     abi.LogLevel
	Text      string // unescaped: it may hold anything
	Prefix    string // what Envoy writes between "wasm log" and the colon: " NAME ROOT_ID VM_ID"
}

// SetLogLevel changes VMConfig.LogLevel while the VM runs, as Envoy's administrator can with /logging. The guest is not
// told; proxy_get_log_level gives the new level from now on.
func (vm *VM) SetLogLevel(l abi.LogLevel) { vm.config.LogLevel = l }

func proxyLog(vm *VM, stack []uint64) uint32 {
	level := abi.LogLevel(stack[0])
	if level > abi.LogCritical {
		return badArgument
	}
	text, valid := input(vm, stack[1:])
	if !valid {
		return invalidMemoryAccess
	}
	vm.logLine(level, text)
	return ok
}

// logLine passes a line on, if somebody wants it.
func (vm *VM) logLine(level abi.LogLevel, text []byte) {
	if vm.config.Log == nil || level < vm.config.LogLevel {
		return
	}
	vm.charge(len(text))
	s := vm.acting()
	vm.config.Log(LogLine{ContextID: s.id, Level: level, Text: string(text), Prefix: s.prefix})
}

func proxyGetLogLevel(vm *VM, stack []uint64) uint32 {
	if !vm.writeU32(uint32(stack[0]), uint32(vm.config.LogLevel)) {
		return invalidMemoryAccess
	}
	return ok
}
