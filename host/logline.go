package host

import "github.com/header-auth/header-auth/host/abi"

// LogLine is a line that a guest logged.
type LogLine struct {
	ContextID uint32
	Level     abi.LogLevel
	Text      string // not escaped: it may have any bytes
	Prefix    string // what Envoy writes between "wasm log" and the colon: " NAME ROOT_ID VM_ID"
}

// SetLogLevel changes VMConfig.LogLevel while the VM runs, as Envoy's administrator can with /logging. The guest gets
// no callback; proxy_get_log_level gives the new level from now on.
func (vm *VM) SetLogLevel(l abi.LogLevel) { vm.config.LogLevel = l }

// logLine gives a line to VMConfig.Log if that is set and the level is high enough.
func (vm *VM) logLine(level abi.LogLevel, text []byte) {
	if vm.config.Log == nil || level < vm.config.LogLevel {
		return
	}
	vm.chargeBytes(len(text))
	s := vm.actingContext()
	vm.config.Log(LogLine{ContextID: s.id, Level: level, Text: string(text), Prefix: s.prefix})
}
