package envoy

import (
	"cmp"
	"fmt"
	"reflect"
	"slices"
	"strconv"

	"github.com/header-auth/header-auth/conformance/suite"
	"github.com/header-auth/header-auth/conformance/table"
	"github.com/header-auth/header-auth/host"
	"github.com/header-auth/header-auth/host/headermap"
)

// record is how an exchange is now, or was when its client left.
func (r *run) record(e *exchange) suite.Exchange {
	if !e.closed {
		r.lane.mu.Lock()
		e.last = r.look(e)
		r.lane.mu.Unlock()
	}
	return e.last
}

// look takes down what can be seen of an exchange. The lock is held.
func (r *run) look(e *exchange) suite.Exchange {
	seen := suite.Exchange{RequestAction: cmp.Or(e.own().request, "Continue"),
		ResponseAction: cmp.Or(e.own().response, "Continue"), Reply: e.reply,
		Upstream: e.upstream, Client: e.seen(), Failed: e.answeredByEnvoy && e.reply == nil && e.client.Headers != nil}
	sent := e.arrived != nil
	if sent && unseen(e.request) && !e.upstream.Ended && (e.ended || e.closed) {
		seen.Upstream.Reset = true // no connection says so
	}
	switch {
	case sent && e.reply != nil:
		seen.Decision = string(table.Replace)
	case e.reply != nil:
		seen.Decision = string(table.Refuse)
	case sent && !e.upstream.Ended && e.uploaded:
		seen.Decision = suite.Incomplete
	case sent:
		seen.Decision = string(table.Allow)
	case seen.Failed:
		seen.Decision = string(table.Fail)
	case e.client.Headers != nil:
		seen.Decision = suite.Answered
	default:
		seen.Decision = string(table.Hold)
	}
	return seen
}

// others are the open streams that changed, but for one.
func (r *run) others(but string) []suite.Other {
	var changed []suite.Other
	for _, e := range r.streams {
		before := e.last
		if e.name != but && !reflect.DeepEqual(before, r.record(e)) {
			changed = append(changed, suite.Other{Stream: e.name, Exchange: e.last})
		}
	}
	return changed
}

// effects are those since the last call.
func (r *run) effects() suite.Effects {
	l := r.lane
	l.mu.Lock()
	defer l.mu.Unlock()
	e := suite.Effects{Logs: l.worker.take()}
	for _, c := range r.calls[r.taken:] {
		e.Calls = append(e.Calls, c.asSeen())
	}
	r.taken = len(r.calls)
	e.GRPC = r.grpcDone()
	e.Other, r.told = r.told, nil
	for _, root := range r.roots {
		if root.period != root.seen && !root.chained {
			root.seen = root.period
			e.Ticks = append(e.Ticks, suite.Tick{Plugin: root.plugin, Every: root.period})
		}
	}
	return e
}

// asSeen is a call as it arrived. One that found no service is as the plugin made it, with what Envoy adds to all.
func (c *call) asSeen() table.Call {
	seen := c.Call
	if c.visit == nil {
		seen.Headers = append(slices.Clone(seen.Headers), headermap.Header{Name: "x-envoy-internal", Value: "true"})
		if c.TimeoutMS > 0 {
			seen.Headers = append(seen.Headers,
				headermap.Header{Name: "x-envoy-expected-rq-timeout-ms", Value: strconv.Itoa(c.TimeoutMS)})
		}
	}
	return seen
}

// died is how the VM has ended, if it has since the last call.
func (r *run) died() *suite.Failure {
	r.lane.mu.Lock()
	defer r.lane.mu.Unlock()
	if r.failure == nil || r.reported {
		return nil
	}
	r.reported = true
	r.failure.Place = r.place
	return r.failure
}

// hangs is the failure of a plugin that does not return.
func (r *run) hangs() *suite.Failure {
	r.lane.mu.Lock()
	defer r.lane.mu.Unlock()
	f := &suite.Failure{Kind: host.DeadlineExceeded.String(), Place: r.place,
		Reason: fmt.Sprintf("did not return within %v", workerTime)}
	if inside := r.lane.worker.inside; len(inside) > 0 {
		f.In = inside[0].name
	}
	return f
}
