package suite

import "github.com/header-auth/header-auth/conformance/table"

// Progress is how far the steps of a case have taken an exchange.
type Progress struct {
	Request   *table.Request
	Opening   bool // the step begins it
	Uploaded  bool // its request has arrived whole
	Responded bool // the upstream has answered, if it was asked
}

// Exchanges are those that are open, by the names of their streams.
type Exchanges map[string]*Progress

// Advance notes what a step does to its exchange.
func (x Exchanges) Advance(s *table.Step) *Progress {
	if s.Request != nil {
		p := &Progress{Request: s.Request, Opening: true, Uploaded: !s.HeadersOnly, Responded: s.Stream == ""}
		if s.Stream != "" {
			x[s.Stream] = p
		}
		return p
	}
	p := x[s.StreamName()]
	if p == nil {
		return &Progress{Request: &table.Request{}}
	}
	p.Opening = false
	p.Uploaded = p.Uploaded || s.Upload != "" || s.Finish != ""
	p.Responded = p.Responded || s.Respond != "" || s.Finish != ""
	return p
}
