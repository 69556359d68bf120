package envoy

import (
	"slices"
	"time"

	"github.com/header-auth/header-auth/conformance/table"
	"github.com/header-auth/header-auth/envoy/proxy"
	"github.com/header-auth/header-auth/host/headermap"
)

// routeTimeout is how long Envoy waits for an upstream that a case wants to take too long: any time, for the clock
// stands. It is short, so that nothing else falls due in it.
const routeTimeout = time.Millisecond

// branches are the routes of requests whose upstream fails by Envoy's doing: it makes no connection, or waits no
// longer. inner.lua chooses one after it has shown the request to the upstream.
var branches = []proxy.Branch{
	{Header: failsHeader, Value: string(table.Refused), Cluster: upstreamCluster + "-refused"},
	{Header: failsHeader, Value: string(table.NotConnected), Cluster: upstreamCluster + "-silent"},
	{Header: failsHeader, Value: string(table.NoHost), Cluster: upstreamCluster + "-empty"},
	{Header: failsHeader, Value: string(table.TimedOut), Cluster: upstreamCluster, Timeout: routeTimeout},
}

// upstreamClusters are those of branches, and the upstream's.
func (l *lane) upstreamClusters() []proxy.Cluster {
	socket := l.process.Socket(upstreamCluster)
	return []proxy.Cluster{
		{Name: upstreamCluster, Socket: socket},
		{Name: upstreamCluster + "-refused", Port: l.refusing},
		{Name: upstreamCluster + "-silent", Socket: socket, Silent: true},
		{Name: upstreamCluster + "-empty"},
	}
}

// unseen says whether the upstream of a request fails by one of branches.
func unseen(r *table.Request) bool {
	return slices.ContainsFunc(branches, func(b proxy.Branch) bool { return b.Value == string(r.Response.Failed) })
}

// shown notes what inner.lua shows of a request. Its headers are answered at once, and its end when the case says so.
// The lock is held.
func (a *arrival) shown(e *exchange, part string, headers []headermap.Header, end bool) {
	switch part {
	case "headers":
		e.arrived, e.upstream.Headers = a, headers
		_ = a.conn.Headers(a.stream, headermap.Of(":status", "200"), true)
		a.upstream.lane.happened()
	case "rest":
		a.exchange, e.gate = e, a
		if len(headers) > 0 {
			e.upstream.Trailers = headers
		}
		a.end(end)
	default: // the request itself
		a.answer(e)
		e.due = a.upstream.lane.clock.Steady() + routeTimeout
		a.upstream.lane.happened()
	}
}

// goesOn lets a request go to its failure.
func (e *exchange) goesOn(gate *arrival) {
	if e.request.Response.Failed == table.NotConnected {
		e.lane.mu.Lock()
		e.due = e.lane.clock.Steady() + proxy.ConnectTimeout
		e.lane.mu.Unlock()
	}
	_ = gate.conn.Headers(gate.stream, headermap.Of(":status", "200"), true)
}
