package suite

import (
	"github.com/header-auth/header-auth/conformance/table"
	"github.com/header-auth/header-auth/host"
)

// upstreams answer outgoing calls: as the step says, and otherwise as the case says.
type upstreams struct{ ofCase, ofStep []script }

type script struct {
	table.Cluster
	next int // answer
}

func scripts(clusters []table.Cluster) []script {
	all := make([]script, len(clusters))
	for i, c := range clusters {
		all[i].Cluster = c
	}
	return all
}

// find returns the script of a cluster, nil if it has none. When the answers of a step are used up, those of the case
// follow.
func (u *upstreams) find(name string) *script {
	for i := range u.ofStep {
		s := &u.ofStep[i]
		if s.Name == name && (len(s.Answers) == 0 || s.next < len(s.Answers)) {
			return s
		}
	}
	for i := range u.ofCase {
		if u.ofCase[i].Name == name {
			return &u.ofCase[i]
		}
	}
	return nil
}

func (u *upstreams) state(name string) host.ClusterState {
	s := u.find(name)
	switch {
	case s == nil || s.State == table.Unknown:
		return host.ClusterUnknown
	case s.State == table.Empty:
		return host.ClusterEmpty
	}
	return host.ClusterReady
}

func (u *upstreams) answer(call *host.Call) (host.CallAnswer, bool) {
	a := u.take(call.Cluster, false)
	if a == nil {
		return host.CallAnswer{}, false
	}
	return callAnswer(a), true
}

// take is the next answer of a cluster; nil: the call waits. An answer to the other kind of call is kept for one.
func (u *upstreams) take(cluster string, grpc bool) *table.Answer {
	s := u.find(cluster)
	if s == nil || s.next >= len(s.Answers) {
		return nil
	}
	a := &s.Answers[s.next]
	if a.Kind == table.Answers && a.GRPC != grpc {
		return nil
	}
	if !s.Always {
		s.next++
	}
	if a.Kind == table.None {
		return nil
	}
	return a
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
