package host

import "github.com/header-auth/header-auth/host/abi"

// proxyLog is proxy_log(level, message): the bytes become one line of the log, with the prefix of the acting context.
// Ok also when the line is below the log level and dropped; BadArgument for a level above critical;
// InvalidMemoryAccess when message is outside memory. Start functions and allocators may call it.
// Source: Envoy source/extensions/common/wasm/context.cc, Context::log; proxy-wasm-cpp-host src/exports.cc, log.
func proxyLog(vm *VM, stack []uint64) uint32 {
	level := abi.LogLevel(stack[0])
	if level > abi.LogCritical {
		return badArgument
	}
	text, valid := readRange(vm, stack[1:])
	if !valid {
		return invalidMemoryAccess
	}
	vm.logLine(level, text)
	return ok
}

// proxyGetLogLevel is proxy_get_log_level(level): the least level that is logged goes to level (u32).
// InvalidMemoryAccess when that is outside memory. ABI 0.2.1 only.
// Source: Envoy source/extensions/common/wasm/context.cc, Context::getLogLevel; proxy-wasm-cpp-host src/exports.cc,
// get_log_level.
func proxyGetLogLevel(vm *VM, stack []uint64) uint32 {
	if !vm.writeU32(uint32(stack[0]), uint32(vm.config.LogLevel)) {
		return invalidMemoryAccess
	}
	return ok
}
