package abi

// LogLevel is the level of a log line.
type LogLevel uint32

const (
	LogTrace LogLevel = iota
	LogDebug
	LogInfo
	LogWarn
	LogError
	LogCritical
	LogOff // as a threshold only: nothing is logged
)

func (l LogLevel) String() string {
	return NameOf(uint32(l), "trace", "debug", "info", "warn", "error", "critical", "off")
}
