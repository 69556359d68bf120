package envoy

import (
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/header-auth/header-auth/conformance/table"
	"github.com/header-auth/header-auth/envoy/proxy"
)

// told writes down what a journal tells.
type told struct{ lines []string }

func (t *told) entered(callback string, args []int64) {
	t.lines = append(t.lines, fmt.Sprint("entered ", callback, args))
}
func (t *told) returned(callback string, args []int64, result string) {
	t.lines = append(t.lines, fmt.Sprint("returned ", callback, args, result))
}
func (t *told) called(function string, args []int64, effective, status int64, lines []logged) {
	texts := []string{}
	for _, l := range lines {
		texts = append(texts, l.Text)
	}
	t.lines = append(t.lines, fmt.Sprint("called ", function, args, effective, status, texts))
}
func (t *told) failed(callback, reason string) {
	t.lines = append(t.lines, fmt.Sprint("failed ", callback, ": ", reason))
}

func TestJournal(t *testing.T) {
	var got, other told
	var j journal
	j.begin("c1", &got, &other)
	for _, line := range []string{
		"trace [host->vm] _initialize()",
		"trace [host<-vm] _initialize return: void",
		"debug wasm log plugin c1: a: b",
		"debug wasm log plugin c0: of another VM",
		"warning wasm log: while it starts",
		"trace [host->vm] proxy_on_request_headers(2, 8, 1)",
		"trace [vm->host] env.proxy_get_header_map_pairs(0, 1048560, 1048564)",
		"trace [host->vm] malloc(182)",
		"trace [host<-vm] malloc return: 1090800",
		"trace [vm<-host] env.proxy_get_header_map_pairs return: 0",
		"trace [vm->host] env.proxy_set_effective_context(3)",
		"trace [vm<-host] env.proxy_set_effective_context return: 0",
		"trace [vm->host] env.proxy_log(5, 1, 2)",
		"critical wasm log plugin c1: details",
		"trace [vm<-host] env.proxy_log return: 0",
		"trace [vm->host] env.proxy_log(5, 9999999999, 2)", // outside of memory: no line
		"trace [vm<-host] env.proxy_log return: 6",
		"trace [vm->host] env.proxy_log(5, 1, 0)",
		"critical wasm log plugin c1: ",
		"trace [vm<-host] env.proxy_log return: 0",
		"trace [vm->host] env.proxy_send_local_response(403, 1, 2, 3, 4, 5, 6, 4294967295)",
		"trace [vm<-host] env.proxy_send_local_response return: 0",
		"trace [vm->host] env.proxy_log(5, 1, 4)",
		"critical wasm log plugin c1: jobs",
		"trace [vm<-host] env.proxy_log return: 0",
		"trace [vm->host] env.proxy_register_shared_queue(1, 4, 99)",
		"trace [vm<-host] env.proxy_register_shared_queue return: 0",
		"trace [vm->host] env.proxy_log(5, 99, 4)",
		"critical wasm log plugin c1: \x01\x00\x00\x00",
		"trace [vm<-host] env.proxy_log return: 0",
		"trace [vm->host] env.proxy_log(5, 1, 4)",
		"critical wasm log plugin c1: none",
		"trace [vm<-host] env.proxy_log return: 0",
		"trace [vm->host] env.proxy_register_shared_queue(1, 4, 99)", // called by another way than through rewrite
		"trace [vm<-host] env.proxy_register_shared_queue return: 0",
		"trace [host<-vm] proxy_on_request_headers return: 1",
		"trace [host->vm] proxy_on_log(2)",
		"error Function: proxy_on_log failed: Uncaught RuntimeError: unreachable\nProxy-Wasm plugin in-VM backtrace:",
		"trace [host->vm] proxy_on_tick(1)",
		"trace [host<-vm] proxy_on_tick return: void",
		"trace [host->vm] proxy_on_tick(7)",
		"trace [vm->host] env.proxy_log(100, 1, 0)", // of a module that is marked
		"trace [vm<-host] env.proxy_log return: 2",
		"trace [vm->host] env.proxy_log(2, 1, 2)",
		"info wasm log plugin c1: ticks",
		"trace [vm<-host] env.proxy_log return: 0",
		"trace [host<-vm] proxy_on_tick return: void",
		"trace [host->vm] proxy_on_log(9)",
		"trace [vm->host] env.proxy_log(100, 1, 0)",
		"error Function: proxy_on_log failed: Uncaught RuntimeError: unreachable",
		"trace [host->vm] proxy_on_done(2)",
		"trace [vm->host] env.proxy_log(100, 2, 0)", // of no module that is known
		"trace [vm<-host] env.proxy_log return: 2",
		"trace [host<-vm] proxy_on_done return: 1",
	} {
		level, text, _ := strings.Cut(line, " ")
		j.line(proxy.Line{Level: level, Logger: "wasm", Text: text})
	}
	want := []string{
		"entered _initialize[0]", "returned _initialize[0]void",
		"entered proxy_on_request_headers[2 8 1]",
		"called proxy_get_header_map_pairs[0 1048560 1048564]2 0[]",
		"called proxy_set_effective_context[3]3 0[]",
		"called proxy_log[5 1 2]3 0[]", "called proxy_log[5 9999999999 2]3 6[]", "called proxy_log[5 1 0]3 0[]",
		"called proxy_send_local_response[403 1 2 3 4 5 6 4294967295]3 0[details  ]",
		"called proxy_log[5 1 4]3 0[]", "called proxy_register_shared_queue[1 4 99]3 0[jobs \x01\x00\x00\x00]",
		"called proxy_log[5 1 4]3 0[]", "called proxy_register_shared_queue[1 4 99]3 0[none]",
		"returned proxy_on_request_headers[2 8 1]1",
		"entered proxy_on_log[2]", "failed proxy_on_log: Uncaught RuntimeError: unreachable",
		"entered proxy_on_tick[1]", "returned proxy_on_tick[1]void",
	}
	wantOther := []string{
		"entered proxy_on_tick[7]", "called proxy_log[100 1 0]7 2[]", "called proxy_log[2 1 2]7 0[]",
		"returned proxy_on_tick[7]void",
		"entered proxy_on_log[9]", "failed proxy_on_log: Uncaught RuntimeError: unreachable",
	}
	normal := func(lines []string) string { return strings.ReplaceAll(strings.Join(lines, "\n"), " ", "") }
	if normal(got.lines) != normal(want) {
		t.Errorf("got\n%s\nexpected\n%s", strings.Join(got.lines, "\n"), strings.Join(want, "\n"))
	}
	if normal(other.lines) != normal(wantOther) {
		t.Errorf("of the other VM got\n%s\nexpected\n%s", strings.Join(other.lines, "\n"), strings.Join(wantOther, "\n"))
	}
	logs := []table.Log{{Level: "debug", Text: "a: b"}, {Level: "warn", Text: "while it starts"},
		{Level: "info", Text: "ticks"}}
	if seen := j.take(); !reflect.DeepEqual(seen, logs) {
		t.Errorf("got lines %v, expected %v", seen, logs)
	}
}
