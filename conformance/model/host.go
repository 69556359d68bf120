package model

import (
	"encoding/binary"
	"time"

	"github.com/header-auth/header-auth/conformance/table"
	"github.com/header-auth/header-auth/host/headermap"
)

// host is what the plugin runs on: a clock, host functions that work or fail, and a record of what the plugin does.
type host struct {
	now     time.Duration // since 1970
	faults  []table.HostFault
	called  map[string]int // how often each function was called since the faults were set
	unknown func(cluster string) bool

	tick    time.Duration // between ticks; 0: none
	logs    []table.Log   // of the step
	calls   []*httpCall   // of the step
	made    int           // calls, in the whole case
	metrics map[string]int64
	reached map[string]bool // parts of the contract that were used: they say how much of it a case tests
}

func (h *host) reach(part string) { h.reached[part] = true }

// httpCall is an outgoing HTTP call, with its headers as the plugin gives them to the host.
type httpCall struct {
	Cluster   string
	TimeoutMS int
	Headers   []headermap.Header
}

// setFaults replaces the host functions that fail.
func (h *host) setFaults(faults []table.HostFault) {
	h.faults, h.called = faults, map[string]int{}
}

// fault is that of the function that is called now, nil if it works.
func (h *host) fault(function string) *table.HostFault {
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

func (h *host) works(function string) bool {
	claimed, _ := h.does(function)
	return claimed
}

// does calls a function: claimed says whether it returns success, done whether it did anything.
func (h *host) does(function string) (claimed, done bool) {
	f := h.fault(function)
	return f == nil || f.Status == 0, f == nil
}

func (h *host) log(level, text string) {
	if h.fault("proxy_log") == nil {
		h.logs = append(h.logs, table.Log{Level: level, Text: text})
	}
}

func (h *host) clock() (time.Duration, bool) {
	return h.now.Truncate(time.Microsecond), h.works("proxy_get_current_time_nanoseconds")
}

func (h *host) call(c *httpCall) bool {
	if !h.works("proxy_http_call") || h.unknown(c.Cluster) {
		return false
	}
	h.calls = append(h.calls, c)
	h.made++
	return true
}

// headers is a header map as the host gives it to the plugin: the true one, an error, or another one.
func (h *host) headers(truth []headermap.Header) ([]headermap.Header, bool) {
	f := h.fault("proxy_get_header_map_pairs")
	switch {
	case f == nil:
		return truth, true
	case f.Status != 0:
		return nil, false
	}
	if other, ok := parseMap(f.Bytes); ok {
		return other, true
	}
	return nil, false
}

// parseMap reads a serialized header map: a count, the lengths of each name and value, then the names and values, each
// with a zero byte after it. Numbers have 32 bits, little-endian. Without any byte the map is empty.
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
