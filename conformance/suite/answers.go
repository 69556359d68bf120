package suite

import "github.com/header-auth/header-auth/conformance/table"

// Answers are what the clusters of a case, and those of the step that runs, answer to calls, with how far the list of
// each is used up.
type Answers struct{ ofCase, ofStep []script }

// script is a cluster.
type script struct {
	table.Cluster
	next int // answer
}

// NewAnswers are those of a case before its first step.
func NewAnswers(clusters []table.Cluster) Answers { return Answers{ofCase: scripts(clusters)} }

func scripts(clusters []table.Cluster) []script {
	all := make([]script, len(clusters))
	for i, c := range clusters {
		all[i].Cluster = c
	}
	return all
}

// Step sets the clusters of the step that runs; nil: none runs.
func (a *Answers) Step(clusters []table.Cluster) { a.ofStep = scripts(clusters) }

// find returns the script of a cluster, nil if it has none. When the answers of a step are used up, those of the case
// follow.
func (a *Answers) find(name string) *script {
	for i := range a.ofStep {
		s := &a.ofStep[i]
		if s.Name == name && (len(s.Answers) == 0 || s.next < len(s.Answers)) {
			return s
		}
	}
	for i := range a.ofCase {
		if a.ofCase[i].Name == name {
			return &a.ofCase[i]
		}
	}
	return nil
}

// Cluster is what the step, or else the case, says of a cluster; nil: nothing.
func (a *Answers) Cluster(name string) *table.Cluster {
	if s := a.find(name); s != nil {
		return &s.Cluster
	}
	return nil
}

// Next is the answer to the next call to a cluster; nil: there is none.
func (a *Answers) Next(name string) *table.Answer {
	s := a.find(name)
	if s == nil || s.next >= len(s.Answers) {
		return nil
	}
	return &s.Answers[s.next]
}

// Use uses up the answer that Next gives, unless the cluster always answers so.
func (a *Answers) Use(name string) {
	if s := a.find(name); s != nil && !s.Always {
		s.next++
	}
}

// Take gives the answer to a call and uses it up; nil: the call waits. An answer to the other kind of call is kept for
// one. used says whether a place in the list was used up, also by "none".
func (a *Answers) Take(name string, grpc bool) (answer *table.Answer, used bool) {
	answer = a.Next(name)
	if answer == nil || answer.Kind == table.Answers && answer.GRPC != grpc {
		return nil, false
	}
	a.Use(name)
	if answer.Kind == table.None {
		return nil, true
	}
	return answer, true
}
