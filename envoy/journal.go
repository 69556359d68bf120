package envoy

import (
	"strconv"
	"strings"

	"github.com/header-auth/header-auth/conformance/table"
	"github.com/header-auth/header-auth/envoy/proxy"
	"github.com/header-auth/header-auth/envoy/rewrite"
)

// journal follows what crosses between Envoy and the VMs of one thread, from the lines that its log has for it:
//
//	[host->vm] proxy_on_request_headers(2, 8, 1)
//	[vm->host] env.proxy_log(1, 1090976, 16)
//	wasm log NAME VM: TEXT
//	[vm<-host] env.proxy_log return: 0
//	[host<-vm] proxy_on_request_headers return: 1
type journal struct {
	vm     string // the lines of others are not kept
	inside []crossing
	logs   []logged
	all    []crossings // of the case's VMs, by their numbers: see rewrite.Mark
	told   crossings   // of the VM that the callback is in that runs, or has run last
	begins bool        // the next line says which VM the callback is in
	after  *outcome    // of a call of rewrite.Numbered, until its number is logged
}

// outcome is a call that has returned.
type outcome struct {
	crossing
	status int64
}

// crossings is told what has crossed.
type crossings interface {
	entered(callback string, args []int64)
	returned(callback string, args []int64, result string)
	called(function string, args []int64, effective int64, status int64, lines []logged)
	failed(callback, reason string)
}

// ignored are the crossings of the modules that belong to no case.
type ignored struct{}

func (ignored) entered(string, []int64)                        {}
func (ignored) returned(string, []int64, string)               {}
func (ignored) called(string, []int64, int64, int64, []logged) {}
func (ignored) failed(string, string)                          {}

// crossing is a call that has not returned.
type crossing struct {
	toHost    bool
	name      string
	args      []int64
	effective int64    // the context that the guest acts on, of a callback
	lines     []logged // that belong to a call of rewrite.Logged
}

// logged is a line of a plugin, or the place of one that Envoy refused.
type logged struct {
	table.Log
	written bool
}

// begin forgets all, and keeps the lines of the next VMs, which have one name.
func (j *journal) begin(vm string, told ...crossings) {
	*j = journal{vm: vm, all: told}
	if len(told) > 0 {
		j.told = told[0]
	}
}

// levels are Envoy's names of levels in the table's words.
var levels = map[string]string{"warning": "warn"}

func (j *journal) line(l proxy.Line) {
	if len(j.all) == 0 {
		return
	}
	text := l.Text
	j.find(text)
	if line, ok := strings.CutPrefix(text, "wasm log"); ok {
		j.logged(l.Level, line)
		return
	}
	if l.Level == "error" {
		j.error(text)
		return
	}
	arrow, rest, ok := strings.Cut(text, " ")
	if !ok || l.Level != "trace" {
		return
	}
	switch arrow {
	case "[host->vm]":
		j.enter(rest, false)
	case "[vm->host]":
		j.enter(rest, true)
	case "[host<-vm]", "[vm<-host]":
		j.leave(rest, arrow == "[vm<-host]")
	}
}

// find finds out which VM a callback is in that has just begun: a module that has a number says it first of all.
func (j *journal) find(text string) {
	if !j.begins {
		return
	}
	number := int64(0)
	if call, ok := strings.CutPrefix(text, "[vm->host] "); ok {
		if name, args := parseCall(call); name == "proxy_log" && len(args) > 1 && args[0] == rewrite.MarkLevel {
			number = args[1]
		}
	}
	if j.begins, j.told = false, crossings(ignored{}); number < int64(len(j.all)) {
		j.told = j.all[number]
	}
	j.told.entered(j.inside[0].name, j.inside[0].args)
}

// logged keeps a line. In front of its text stand the plugin's name, in a stream, and the VM's: " NAME VM: TEXT". While
// a VM starts there is neither.
func (j *journal) logged(level, line string) {
	text, ok := strings.CutPrefix(line, ": ")
	if !ok {
		if _, text, ok = strings.Cut(line, " "+j.vm+": "); !ok {
			return
		}
	}
	if other, ok := levels[level]; ok {
		level = other
	}
	entry := logged{table.Log{Level: level, Text: text}, true}
	if n := len(j.inside); n > 0 && j.inside[n-1].name == "proxy_log" && len(j.logs) > 0 {
		j.logs[len(j.logs)-1] = entry
		return
	}
	j.logs = append(j.logs, entry)
}

// parseCall reads MODULE.NAME(1, 2, 3) or NAME().
func parseCall(text string) (name string, args []int64) {
	name, list, _ := strings.Cut(strings.TrimSuffix(text, ")"), "(")
	name = name[strings.LastIndexByte(name, '.')+1:]
	for _, s := range strings.Split(list, ", ") {
		n, err := strconv.ParseInt(s, 10, 64)
		if err != nil {
			u, _ := strconv.ParseUint(s, 10, 64) // 0: no arguments
			n = int64(u)
		}
		args = append(args, n)
	}
	return name, args
}

func (j *journal) enter(text string, toHost bool) {
	c := crossing{toHost: toHost}
	c.name, c.args = parseCall(text)
	if c.name != "proxy_log" {
		j.withoutNumber()
	}
	if !toHost {
		if n := len(j.inside); n > 0 && !j.inside[n-1].toHost {
			j.inside = nil // the callback before it has failed and never returned
		}
		c.effective = c.args[0]
		j.inside = append(j.inside, c)
		j.begins = len(j.inside) == 1
		return
	}
	if c.name == "proxy_log" {
		j.logs = append(j.logs, logged{})
	}
	if n := len(rewrite.Logged[c.name]); n > 0 && len(j.logs) >= n {
		at := len(j.logs) - n
		c.lines = append([]logged(nil), j.logs[at:]...)
		j.logs = j.logs[:at]
	}
	j.inside = append(j.inside, c)
}

// withoutNumber tells of a call whose number was not logged.
func (j *journal) withoutNumber() {
	if after := j.after; after != nil {
		j.after = nil
		j.told.called(after.name, after.args, after.effective, after.status, after.lines)
	}
}

func (j *journal) leave(text string, toHost bool) {
	name, result, _ := strings.Cut(text, " return: ")
	name = name[strings.LastIndexByte(name, '.')+1:]
	for n := len(j.inside); n > 0; n-- {
		c := j.inside[n-1]
		j.inside = j.inside[:n-1]
		if c.name != name || c.toHost != toHost {
			continue // it has failed and never returned
		}
		if !toHost {
			j.withoutNumber()
			if len(j.inside) == 0 {
				j.told.returned(name, c.args, result)
			}
			return
		}
		status, _ := strconv.ParseInt(result, 10, 64)
		if len(j.inside) == 0 {
			return // of a start function, which no callback is around
		}
		around := &j.inside[len(j.inside)-1]
		if name == "proxy_set_effective_context" && status == 0 {
			around.effective = c.args[0]
		}
		c.effective = around.effective
		if _, numbered := rewrite.Numbered[name]; numbered {
			j.after = &outcome{c, status}
			return
		}
		if after := j.after; after != nil && name == "proxy_log" && len(j.logs) > 0 {
			last := len(j.logs) - 1
			after.lines = append(after.lines, j.logs[last])
			j.logs, j.after = j.logs[:last], nil
			j.told.called(after.name, after.args, after.effective, after.status, after.lines)
			return
		}
		j.told.called(name, c.args, around.effective, status, c.lines)
		return
	}
}

// error is a line such as "Function: proxy_on_tick failed: Uncaught RuntimeError: unreachable".
func (j *journal) error(text string) {
	rest, ok := strings.CutPrefix(text, "Function: ")
	if !ok {
		return
	}
	callback, reason, ok := strings.Cut(rest, " failed: ")
	if !ok {
		return
	}
	reason, _, _ = strings.Cut(reason, "\n")
	j.inside = nil
	j.told.failed(callback, reason)
}

// take gives the lines since it was called last.
func (j *journal) take() []table.Log {
	var all []table.Log
	for _, l := range j.logs {
		if l.written {
			all = append(all, l.Log)
		}
	}
	j.logs = nil
	return all
}
