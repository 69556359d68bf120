package envoy

import "github.com/header-auth/header-auth/conformance/table"

// take takes the answer to a call; nil: the call waits.
func (r *run) take(cluster string, grpc bool) *table.Answer {
	a, used := r.answers.Take(cluster, grpc)
	if used {
		r.openOrRefuse(cluster)
	}
	return a
}

// useRefusal uses up the answer of a call that has found no service, and makes the service ready for the next;
// false: the answer is another.
func (r *run) useRefusal(cluster string) bool {
	if !r.refusesNext(cluster) {
		return false
	}
	r.answers.Use(cluster)
	r.openOrRefuse(cluster)
	return true
}

func (r *run) refusesNext(cluster string) bool {
	a := r.answers.Next(cluster)
	return a != nil && a.Kind == table.Refused
}

// openOrRefuse makes a service ready for the next call, which may be one that finds no service.
func (r *run) openOrRefuse(cluster string) {
	service := r.lane.services[cluster]
	if service == nil {
		return
	}
	if r.refusesNext(cluster) {
		service.refuse()
		return
	}
	_ = service.listen() // a socket that can't be made shows itself as refused
}
