package envoy

import (
	"strings"
	"time"

	"github.com/header-auth/header-auth/conformance/suite"
	"github.com/header-auth/header-auth/conformance/table"
	"github.com/header-auth/header-auth/envoy/proxy"
	"github.com/header-auth/header-auth/envoy/rewrite"
	"github.com/header-auth/header-auth/host"
	"github.com/header-auth/header-auth/host/headermap"
)

// onWorker is told what crosses between Envoy and a VM of the case on the worker. The lock is held.
type onWorker struct {
	*run
	vm *machine
}

func (r onWorker) entered(callback string, args []int64) {
	switch {
	case callback == "proxy_on_context_create" && args[1] == 0:
		made := &root{plugin: r.configuring, chained: len(r.table.Chain.All()) > 0 &&
			len(r.roots) != len(r.table.Chain.Before) && !r.started}
		r.vm.roots[args[0]], r.roots = made, append(r.roots, made)
		if !made.chained {
			r.newest = made
		}
	case callback == "proxy_on_context_create" && r.opening != nil:
		root := r.vm.roots[args[1]]
		e := r.without(root)
		p := &part{exchange: e, root: root}
		r.vm.parts[args[0]], e.parts = p, append(e.parts, p)
		if e.tested == nil && (root == nil || !root.chained) {
			e.tested = p
		}
	case strings.HasPrefix(callback, "proxy_on_grpc_"):
		r.comes(r.vm, callback, args[1])
	case callback == "proxy_on_http_call_response":
		r.callbacks++
		r.refusedOne()
	}
}

// without is the exchange that a plugin gets to see now: the one that was opened last, or in a chain one that goes on.
func (r onWorker) without(root *root) *exchange {
	lacks := func(e *exchange) bool { return !e.any(func(p *part) bool { return p.root == root }) }
	if len(r.table.Chain.All()) == 0 || lacks(r.opening) && r.opening.goes() {
		return r.opening
	}
	for _, e := range r.streams {
		if lacks(e) && e.goes() {
			return e
		}
	}
	return r.opening
}

// refusedOne uses up the answer of a call that has found no service, and makes the service ready for the next.
func (r onWorker) refusedOne() {
	for _, c := range r.calls {
		if c.visit == nil && r.useRefusal(c.Cluster) {
			return
		}
	}
}

var actions = map[string]string{"0": "Continue", "1": "Pause"}

func action(result string) string {
	if a, ok := actions[result]; ok {
		return a
	}
	return "Action(" + result + ")"
}

func (r onWorker) returned(callback string, args []int64, result string) {
	p := r.vm.parts[args[0]]
	switch callback {
	case "proxy_on_configure":
		if root := r.vm.roots[args[0]]; root != nil {
			root.configured, root.accepts = true, result == "1"
		}
	case "proxy_on_request_headers":
		if p != nil {
			p.request = action(result)
		}
	case "proxy_on_response_headers":
		if p != nil {
			p.response = action(result)
		}
	case "proxy_on_delete":
		if p != nil {
			p.deleted = true
		}
	}
}

func (r onWorker) called(function string, args []int64, effective int64, status int64, lines []logged) {
	if status != 0 {
		return
	}
	text := func(i int) string {
		if i < len(lines) {
			return lines[i].Text
		}
		return ""
	}
	if effect, ok := r.effect(function, args, text); ok {
		r.told = append(r.told, effect)
		return
	}
	p := r.vm.parts[effective]
	switch function {
	case "proxy_grpc_call", "proxy_grpc_stream":
		var timeout int64
		if function == "proxy_grpc_call" && len(args) > 10 {
			timeout = args[10]
		}
		texts := make([]string, len(rewrite.Logged[function])+1)
		for i := range texts {
			texts[i] = text(i)
		}
		r.makes(r.vm, function == "proxy_grpc_stream", texts, timeout)
	case "proxy_grpc_send", "proxy_grpc_close", "proxy_grpc_cancel":
		c := r.grpcByToken(r.vm, args[0])
		switch {
		case c == nil:
		case function == "proxy_grpc_send":
			c.sends(text(0), args[3] != 0)
		case function == "proxy_grpc_close":
			c.closes()
		default:
			c.givesUp()
		}
	case "proxy_set_tick_period_milliseconds":
		root := r.vm.roots[effective]
		if p != nil { // set by a stream
			root = p.root
		}
		if root != nil {
			root.period = time.Duration(args[0]) * time.Millisecond
			root.due = r.lane.clock.Steady() + root.period
		}
	case "proxy_continue_stream":
		if p != nil && args[0] == 0 {
			p.continued = true
		}
	case "proxy_send_local_response":
		if p != nil {
			grpc := int(int32(args[7]))
			p.exchange.reply = &table.Reply{Status: int(args[0]), Details: text(0), Body: text(1), Headers: pairs(text(2)),
				GRPCStatus: &grpc}
		}
	case "proxy_http_call":
		c := &call{vm: r.vm, made: r.lane.clock.Steady()}
		c.Call = table.Call{Cluster: text(0), Headers: pairs(text(1)), TimeoutMS: int(args[8])}
		if body := text(2); body != "" {
			c.Body = []byte(body)
		}
		if t := pairs(text(3)); len(t) > 0 {
			c.Trailers = t
		}
		if s := r.answers.Cluster(c.Cluster); s != nil && silent(*s) {
			c.due = c.made + proxy.ConnectTimeout
		}
		r.calls = append(r.calls, c)
	}
}

// effect is what a call of a host function has done to things that outlive the callback, if it
// is one of these functions.
func (r *run) effect(function string, args []int64, text func(int) string) (e table.Effect, ok bool) {
	switch function {
	case "proxy_set_shared_data":
		return table.Effect{Kind: "shared_data", Name: text(0), Value: text(1)}, true
	case "proxy_enqueue_shared_queue":
		return table.Effect{Kind: "queue", Name: r.queues[args[0]], Value: text(0)}, true
	case "proxy_set_property":
		path := strings.ReplaceAll(strings.TrimSuffix(text(0), "\x00"), "\x00", ".")
		return table.Effect{Kind: "property", Name: path, Value: text(1)}, true
	case "proxy_call_foreign_function":
		return table.Effect{Kind: "foreign_function", Name: text(0), Value: text(1)}, true
	case "proxy_register_shared_queue", "proxy_resolve_shared_queue":
		r.queues[numberOf(text(1))] = text(0)
	}
	return e, false
}

// pairs reads a serialized header map; one that is malformed has none.
func pairs(serialized string) []headermap.Header {
	out := []headermap.Header{}
	for _, p := range headermap.ParsePairs(nil, []byte(serialized)) {
		out = append(out, headermap.Header{Name: lower(string(p.Name)), Value: string(p.Value)})
	}
	return out
}

func (r onWorker) failed(callback, reason string) {
	if r.vm.module != "" {
		callback += " of " + r.vm.module
	}
	if r.failure == nil {
		r.failure = &suite.Failure{Kind: host.Trapped.String(), In: callback, Reason: reason}
	}
	for _, p := range r.vm.parts {
		p.exchange.answeredByEnvoy = true
	}
	if r.opening != nil {
		r.opening.answeredByEnvoy = true
	}
}

// arrived finds the call that has come to a service: the first of its cluster that has not arrived.
func (r *run) arrived(cluster string) *call {
	for _, c := range r.calls {
		if c.Cluster == cluster && c.visit == nil {
			return c
		}
	}
	return nil
}

// onMain is told what crosses between Envoy and a VM of the case on the main thread, of which only a start that fails
// or is refused is of interest: what a start does that succeeds is seen on the worker.
type onMain onWorker

func (onMain) entered(string, []int64)          {}
func (onMain) returned(string, []int64, string) {}
func (r onMain) failed(callback, reason string) { onWorker(r).failed(callback, reason) }

func (r onMain) called(function string, args []int64, _ int64, status int64, lines []logged) {
	text := func(i int) string {
		if i < len(lines) {
			return lines[i].Text
		}
		return ""
	}
	if effect, ok := r.effect(function, args, text); ok && status == 0 {
		r.mainTold = append(r.mainTold, effect)
	}
}
