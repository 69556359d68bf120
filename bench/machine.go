package bench

import (
	"os"
	"runtime"
	"strconv"
	"strings"

	"github.com/header-auth/header-auth/bench/evidence"
)

// MachineWatch is the state of the machine when a run begins.
type MachineWatch struct {
	machine evidence.Machine
	before  processorTime
}

// WatchMachine reads that state. What a system does not tell stays empty; only Linux tells all of it (proc(5)).
func WatchMachine() *MachineWatch {
	w := &MachineWatch{machine: evidence.Machine{
		OS: runtime.GOOS, Arch: runtime.GOARCH, CPUs: runtime.NumCPU(), Go: runtime.Version(),
		Kernel:     strings.TrimSpace(readText("/proc/sys/kernel/osrelease")),
		LoadBefore: loadAverages(readText("/proc/loadavg")),
	}}
	w.machine.CPU, w.machine.Microcode = processor(readText("/proc/cpuinfo"))
	w.before, _ = processorTimes(readText("/proc/stat"))
	return w
}

// Machine describes the machine from then until now.
func (w *MachineWatch) Machine() evidence.Machine {
	m := w.machine
	m.LoadAfter = loadAverages(readText("/proc/loadavg"))
	if after, ok := processorTimes(readText("/proc/stat")); ok && after.all > w.before.all {
		m.Steal = float64(after.stolen-w.before.stolen) / float64(after.all-w.before.all)
	}
	return m
}

// readText is a file's text, "" when it can't be read.
func readText(file string) string {
	text, _ := os.ReadFile(file)
	return string(text)
}

// processor finds model and microcode of the first processor in /proc/cpuinfo. ARM has no model name there.
func processor(cpuinfo string) (model, microcode string) {
	values := map[string]string{}
	for line := range strings.Lines(cpuinfo) {
		key, value, ok := strings.Cut(line, ":")
		if key = strings.TrimSpace(key); ok && values[key] == "" {
			values[key] = strings.TrimSpace(value)
		}
	}
	for _, key := range []string{"model name", "Model", "Hardware", "cpu model"} {
		if values[key] != "" {
			return values[key], values["microcode"]
		}
	}
	if values["CPU part"] != "" {
		model = "implementer " + values["CPU implementer"] + " part " + values["CPU part"]
	}
	return model, values["microcode"]
}

// loadAverages are the first three numbers of /proc/loadavg; nil when it has none.
func loadAverages(text string) []float64 {
	fields := strings.Fields(text)
	if len(fields) < 3 {
		return nil
	}
	var load []float64
	for _, field := range fields[:3] {
		v, err := strconv.ParseFloat(field, 64)
		if err != nil {
			return nil
		}
		load = append(load, v)
	}
	return load
}

// processorTime is the time of all processors so far, in clock ticks.
type processorTime struct{ all, stolen int64 }

// processorTimes reads the first line of /proc/stat: user, nice, system, idle, iowait, irq, softirq, steal. The two
// numbers after them, of guests, are in user and nice already.
func processorTimes(stat string) (t processorTime, ok bool) {
	line, _, _ := strings.Cut(stat, "\n")
	fields := strings.Fields(line)
	if len(fields) < 9 || fields[0] != "cpu" {
		return t, false
	}
	for i, field := range fields[1:9] {
		v, err := strconv.ParseInt(field, 10, 64)
		if err != nil {
			return processorTime{}, false
		}
		t.all += v
		if i == 7 {
			t.stolen = v
		}
	}
	return t, true
}
