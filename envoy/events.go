package envoy

import (
	"time"

	"github.com/header-auth/header-auth/conformance/suite"
	"github.com/header-auth/header-auth/conformance/table"
	"github.com/header-auth/header-auth/envoy/proxy"
	"github.com/header-auth/header-auth/host"
	"github.com/header-auth/header-auth/host/headermap"
)

// onWorker is told what crosses between Envoy and the case's VM on the worker. The lock is held.
type onWorker struct{ *run }

func (r onWorker) entered(callback string, args []int64) {
	switch {
	case callback == "proxy_on_context_create" && args[1] == 0:
		r.newest = &root{plugin: r.configuring}
		r.roots[args[0]] = r.newest
	case callback == "proxy_on_context_create" && r.opening != nil:
		r.exchanges[args[0]] = r.opening
		if r.opening.context == 0 {
			r.opening.context = args[0]
		}
	case callback == "proxy_on_http_call_response":
		r.callbacks++
		r.refusedOne()
	}
}

// refusedOne uses up the answer of a call that has found no service, and makes the service ready for the next.
func (r onWorker) refusedOne() {
	for _, c := range r.calls {
		s := r.find(c.Cluster)
		if c.visit != nil || s == nil || s.next >= len(s.Answers) || s.Answers[s.next].Kind != table.Refused {
			continue
		}
		if !s.Always {
			s.next++
		}
		r.openOrRefuse(c.Cluster)
		return
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
	e := r.exchanges[args[0]]
	switch callback {
	case "proxy_on_configure":
		if root := r.roots[args[0]]; root != nil {
			root.configured, root.accepts = true, result == "1"
		}
	case "proxy_on_request_headers":
		if e != nil {
			e.requestAction = action(result)
		}
	case "proxy_on_response_headers":
		if e != nil {
			e.responseAction = action(result)
		}
	case "proxy_on_delete":
		if e != nil {
			e.deleted = true
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
	e := r.exchanges[effective]
	switch function {
	case "proxy_set_tick_period_milliseconds":
		root := r.roots[effective]
		if root == nil {
			root = r.newest // set by a stream
		}
		if root != nil {
			root.period = time.Duration(args[0]) * time.Millisecond
			root.due = r.lane.clock.Steady() + root.period
		}
	case "proxy_continue_stream":
		if e != nil && args[0] == 0 {
			e.continued = true
		}
	case "proxy_send_local_response":
		if e != nil {
			grpc := int(int32(args[7]))
			e.reply = &table.Reply{Status: int(args[0]), Details: text(0), Body: text(1), Headers: pairs(text(2)),
				GRPCStatus: &grpc}
		}
	case "proxy_http_call":
		c := &call{made: r.lane.clock.Steady()}
		c.Call = table.Call{Cluster: text(0), Headers: pairs(text(1)), TimeoutMS: int(args[8])}
		if body := text(2); body != "" {
			c.Body = []byte(body)
		}
		if t := pairs(text(3)); len(t) > 0 {
			c.Trailers = t
		}
		if s := r.find(c.Cluster); s != nil && silent(s.Cluster) {
			c.due = c.made + proxy.ConnectTimeout
		}
		r.calls = append(r.calls, c)
	}
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
	if r.failure == nil {
		r.failure = &suite.Failure{Kind: host.Trapped.String(), In: callback, Reason: reason}
	}
	for _, e := range r.exchanges {
		e.answeredByEnvoy = true
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

// onMain is told what crosses between Envoy and the case's VMs on the main thread, of which only the failure of a start
// is of interest: what a start does that succeeds is seen on the worker.
type onMain struct{ *run }

func (onMain) entered(string, []int64)                        {}
func (onMain) returned(string, []int64, string)               {}
func (onMain) called(string, []int64, int64, int64, []logged) {}
func (r onMain) failed(callback, reason string)               { onWorker(r).failed(callback, reason) }
