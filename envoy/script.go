package envoy

import (
	"slices"

	"github.com/header-auth/header-auth/conformance/table"
)

// script is a cluster of a case or step with how far its answers are used up, as in the suite.
type script struct {
	table.Cluster
	next int
}

func scripts(clusters []table.Cluster) []*script {
	all := make([]*script, len(clusters))
	for i, c := range clusters {
		all[i] = &script{Cluster: c}
	}
	return all
}

// find gives the script of a cluster. One of a step gives way once its list is used up.
func (r *run) find(name string) *script {
	at := func(s *script) bool { return s.Name == name }
	if i := slices.IndexFunc(r.ofStep, at); i >= 0 {
		if s := r.ofStep[i]; len(s.Answers) == 0 || s.next < len(s.Answers) {
			return s
		}
	}
	if i := slices.IndexFunc(r.ofCase, at); i >= 0 {
		return r.ofCase[i]
	}
	return nil
}

// next takes the answer to a call from its cluster's script; nil: the call waits.
func (r *run) next(cluster string, grpc bool) *table.Answer {
	s := r.find(cluster)
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
	r.openOrRefuse(cluster)
	if a.Kind == table.None {
		return nil
	}
	return a
}

// openOrRefuse makes a service ready for the next call, which may be one that finds no service.
func (r *run) openOrRefuse(cluster string) {
	service := r.lane.services[cluster]
	if service == nil {
		return
	}
	s := r.find(cluster)
	if s != nil && s.next < len(s.Answers) && s.Answers[s.next].Kind == table.Refused {
		service.refuse()
		return
	}
	_ = service.listen() // a socket that can't be made shows itself as refused
}
