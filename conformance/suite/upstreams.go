package suite

import (
	"fmt"
	"slices"

	"github.com/header-auth/header-auth/conformance/table"
	"github.com/header-auth/header-auth/host"
)

// upstreams answer outgoing calls: as the step says, and otherwise as the case says.
type upstreams struct {
	Answers
	missing []string // clusters that the plugin asked for, and that the case says nothing about
}

func (u *upstreams) state(name string) host.ClusterState {
	s := u.Cluster(name)
	switch {
	case s == nil:
		if len(u.missing) < mostMissing && !slices.Contains(u.missing, name) {
			u.missing = append(u.missing, name)
		}
		return host.ClusterUnknown
	case s.State == table.Unknown:
		return host.ClusterUnknown
	case s.State == table.Empty:
		return host.ClusterEmpty
	}
	return host.ClusterReady
}

// mostMissing is how many clusters are named that a case lacks.
const mostMissing = 3

// lacks says which clusters the case may lack, a line for each: a plugin that can't call one often ends with a trap.
func (u *upstreams) lacks() (lines []string) {
	for _, name := range u.missing {
		lines = append(lines, fmt.Sprintf("it asked for cluster %q, which the case does not name: clusters: {%q: {status: 200}}",
			name, name))
	}
	return lines
}

func (u *upstreams) answer(call *host.Call) (host.CallAnswer, bool) {
	a, _ := u.Take(call.Cluster, false)
	if a == nil {
		return host.CallAnswer{}, false
	}
	return callAnswer(a), true
}

func callAnswer(a *table.Answer) host.CallAnswer {
	return host.CallAnswer{Headers: a.Headers, Body: a.Body, Trailers: a.Trailers, Failure: failures[a.Kind]}
}

// failures translate the table's kinds of answer into the host's.
var failures = map[table.AnswerKind]host.CallFailure{
	table.Reset:        host.CallBrokenOff,
	table.Refused:      host.CallRefused,
	table.NotConnected: host.CallConnectTimeout,
	table.Closed:       host.CallClosed,
	table.Garbage:      host.CallProtocolError,
	table.TimedOut:     host.CallTimedOut,
}
