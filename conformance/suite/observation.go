// Package suite holds modules against the request table. Observe is the one executor: it drives a case through a
// fresh VM and writes down everything that can be seen from outside; Check compares that with the contract, Diffs
// compares it between builds, Run does so for many builds and cases at once.
package suite

import "time"

// Observation is everything a case made visible, as plain data: nothing in it points into the host, and two equal
// observations compare equal.
type Observation struct {
	Start   Start
	Steps   []Step
	Good    *Exchange // the request that must be allowed after the case; nil: none was sent
	Metrics []Metric  // as in Step, of the good request
	Failure *Failure  // of the VM that the case does not want; what it left undone is missing from the rest
}

// Start is what came of starting the plugin with the case's configuration.
type Start struct {
	Accepted bool // on_configure's answer
	Metrics  []Metric
	Effects
}

// Step is what came of one step of the case.
type Step struct {
	Runs   []Equal // neighbours that are equal stand together, so that ten thousand repetitions are one
	Growth int     // bytes of linear memory the step added
	// Metrics are those that the step defined or whose value it changed, by name.
	Metrics []Metric
}

// times is how often the step was run.
func (s *Step) times() int {
	n := 0
	for _, run := range s.Runs {
		n += run.Times
	}
	return n
}

// Equal is a run of repetitions that could not be told apart.
type Equal struct {
	Times int
	Exchange
}

// Exchange is one request and its response, as far as they have come. A step that is about no stream has the rest only.
type Exchange struct {
	Decision       string // Allow, Refuse or Hold of package table, or words for what is none of them
	RequestAction  string // what on_request_headers returned
	ResponseAction string // what on_response_headers returned; "": not called
	Reply          *Reply // nil: the plugin sent none
	Upstream       Message
	Client         Message
	Failed         bool    // Envoy answered because the VM is dead
	Others         []Other // open streams that changed besides the step's own
	Refused        bool    // on_configure's answer to an update was no
	Problem        string  // why the step could not be done; "": it was
	Failure        *Failure
	Effects
}

// Other is a stream that the step is not about.
type Other struct {
	Stream string
	Exchange
}

// Effects are what a plugin does besides answering.
type Effects struct {
	Logs  []Log
	Calls []Call
	Ticks []Tick // periods that were set
}

// Tick is the tick period of a plugin context.
type Tick struct {
	Plugin string
	Every  time.Duration
}

// Message is a request or response as one side received it.
type Message struct {
	Headers  []Header
	Body     string
	Trailers []Header
	Ended    bool // complete
	Reset    bool // cut off
}

// Header is one pair.
type Header struct{ Name, Value string }

// Reply is a local response as the plugin handed it to the host.
type Reply struct {
	Status     int
	Details    string
	Headers    []Header
	Body       string
	GRPCStatus int
}

// Log is one line.
type Log struct{ Level, Text string }

// Call is one outgoing HTTP call.
type Call struct {
	Cluster   string
	TimeoutMS int
	Message
}

// Metric is a metric after its value changed. A histogram's value is the sum of its samples.
type Metric struct {
	Kind, Name string
	Value      int64
}

// Failure is how a VM ended.
type Failure struct {
	Kind   string // trapped, deadline exceeded, would crash Envoy
	In     string // the export that was called
	Reason string
	Place
}

// What a request can come to besides what a case can want.
const (
	both       = "forwarded, and answered by the plugin too"
	incomplete = "forwarded, but not to its end"
	answered   = "answered by the host: the plugin or its request is broken"
)
