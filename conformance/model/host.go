package model

import (
	"encoding/binary"
	"time"

	"github.com/header-auth/header-auth/conformance/table"
	"github.com/header-auth/header-auth/host/headermap"
)

// Host is what surrounds the plugin: a clock, functions that work or fail, and paper to write everything down.
type Host struct {
	Now     time.Duration     // since 1970
	faults  []table.HostFault // host functions that fail just now
	called  map[string]int
	Unknown func(cluster string) bool

	Tick    time.Duration // between ticks; 0: none
	Logs    []table.Log
	Calls   []*Call
	Made    int // calls, all in all
	Metrics map[string]int64
	Reached map[string]bool // paths through the contract that were taken: how deep a case goes
}

func (h *Host) reach(path string) { h.Reached[path] = true }

// Call is an outgoing HTTP call, its headers as the plugin hands them to the host.
type Call struct {
	Cluster   string
	TimeoutMS int
	Headers   []headermap.Header
}

// faulty makes functions fail from now on.
func (h *Host) faulty(faults []table.HostFault) {
	h.faults, h.called = faults, map[string]int{}
}

// fault is that of a function which is called just now, nil if it works.
func (h *Host) fault(function string) *table.HostFault {
	h.called[function]++
	for i := range h.faults {
		f := &h.faults[i]
		if f.Function == function && (f.Nth == 0 || f.Nth == h.called[function]) {
			if f.Nth > 1 {
				h.reach("host function fails at a later call")
			}
			return f
		}
	}
	return nil
}

func (h *Host) works(function string) bool {
	claimed, _ := h.does(function)
	return claimed
}

// does says whether a function claims to have done what it was asked to, and whether it has.
func (h *Host) does(function string) (claimed, done bool) {
	f := h.fault(function)
	return f == nil || f.Status == 0, f == nil
}

func (h *Host) log(level, text string) {
	if h.fault("proxy_log") == nil {
		h.Logs = append(h.Logs, table.Log{Level: level, Text: text})
	}
}

func (h *Host) clock() (time.Duration, bool) {
	return h.Now.Truncate(time.Microsecond), h.works("proxy_get_current_time_nanoseconds")
}

func (h *Host) call(c *Call) bool {
	if !h.works("proxy_http_call") || h.Unknown(c.Cluster) {
		return false
	}
	h.Calls = append(h.Calls, c)
	h.Made++
	return true
}

// headers is a header map as the host hands it over: the truth, an error, or a lie.
func (h *Host) headers(truth []headermap.Header) ([]headermap.Header, bool) {
	f := h.fault("proxy_get_header_map_pairs")
	switch {
	case f == nil:
		return truth, true
	case f.Status != 0:
		return nil, false
	}
	if told, ok := parseMap(f.Bytes); ok {
		return told, true
	}
	return nil, false
}

// parseMap reads a serialized header map: a count, the lengths of each name and value, then names and values, each
// closed by a zero byte. Numbers are 32 bits, the lowest byte first. No bytes at all are an empty map.
func parseMap(b []byte) (headers []headermap.Header, ok bool) {
	if len(b) == 0 {
		return nil, true
	}
	number := func(at int) int {
		if at+4 > len(b) {
			ok = false
			return 0
		}
		return int(binary.LittleEndian.Uint32(b[at:]))
	}
	ok = true
	count := number(0)
	if !ok || count > len(b) {
		return nil, false
	}
	at := 4 + 8*count
	text := func(length int) string {
		if !ok || at+length+1 > len(b) || b[at+length] != 0 {
			ok = false
			return ""
		}
		s := string(b[at : at+length])
		at += length + 1
		return s
	}
	for i := range count {
		name, value := number(4+8*i), number(8+8*i)
		headers = append(headers, headermap.Header{Name: text(name), Value: text(value)})
	}
	return headers, ok && at == len(b)
}
