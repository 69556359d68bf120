// Package suite runs modules against the request table.
//
// Observe runs one case in a fresh VM and records everything that can be seen from outside. Check compares the record
// with what the case wants, and Diff compares the records of several builds. Run does all three for many builds and
// cases, and gives the report. Package suitetest does the same inside go test.
package suite

import (
	"time"

	"github.com/header-auth/header-auth/conformance/table"
	"github.com/header-auth/header-auth/host"
	"github.com/header-auth/header-auth/host/headermap"
)

// Observation is everything that could be seen of a case, as plain data: nothing in it points into the host, and equal
// observations compare equal.
type Observation struct {
	Start   Start
	Steps   []Step
	Good    *Exchange      // the request after the case, which must be allowed; nil: none was sent
	Metrics []table.Metric // as in Step, of the good request
	Failure *Failure       // of the VM, when the case does not want it; the rest is then not complete
}

// Start is what was seen when the plugin started with the case's configuration.
type Start struct {
	Accepted bool // on_configure's answer
	Metrics  []table.Metric
	Effects
}

// Step is what was seen in one step of the case.
type Step struct {
	Runs    []RepeatedRun
	Growth  int            // bytes of linear memory that the step added
	Metrics []table.Metric // that the step defined or changed, by name
}

// times is how often the step was run.
func (s *Step) times() int {
	n := 0
	for _, run := range s.Runs {
		n += run.Times
	}
	return n
}

// RepeatedRun is repetitions in a row with the same exchange, so that ten thousand equal ones
// take no more room than one.
type RepeatedRun struct {
	Times int
	Exchange
}

// Exchange is one request and its response, as far as they have come. A step without a stream has only the fields from
// Others on.
type Exchange struct {
	Decision       string       // Allow, Refuse, Replace, Hold or Fail of package table, or one of the texts below
	RequestAction  string       // what on_request_headers returned
	ResponseAction string       // what on_response_headers returned; "": not called
	Reply          *table.Reply // the local response as the plugin gave it to the host, with a GRPCStatus; nil: none
	Upstream       Received
	Client         Received
	Failed         bool    // Envoy answered because the VM is dead
	Others         []Other // other open streams that changed
	Refused        bool    // on_configure refused an update
	Problem        string  // why the step could not be done; "": it was done
	Failure        *Failure
	Effects
}

// Decisions that no case can want.
const (
	Incomplete = "forwarded, but not to its end"
	Answered   = "answered by the host: the plugin or its request is broken"
)

// Other is a stream that is not the step's own.
type Other struct {
	Stream string
	Exchange
}

// Received is a request or response as one side received it.
type Received struct {
	Headers  []headermap.Header
	Body     string
	Trailers []headermap.Header
	Ended    bool // complete
	Reset    bool // cut off
}

// Effects are what a plugin does besides answering.
type Effects struct {
	Logs  []table.Log
	Calls []table.Call
	GRPC  []table.GRPC   // first what was done on calls of earlier steps
	Other []table.Effect // shared data, queues, properties, foreign functions, in order
	Ticks []Tick         // periods that were set
}

// Tick is the tick period of a plugin context.
type Tick struct {
	Plugin string
	Every  time.Duration
}

// Failure is how a VM ended.
type Failure struct {
	Kind    string // trapped, deadline exceeded, would crash Envoy, or out of memory
	In      string // the export that was called
	Reason  string
	Place            // with Step Unplaced: not known
	Details []string // what explains it: what the guest wrote, such as a panic's text, and its stack
	NoStart bool     // it was before the plugin's configuration: there is no VM
}

// Unplaced is the Step of a Failure of which it is not known in which step it was.
const Unplaced = -1

// Ends says whether a call into the guest had to be ended.
func (f *Failure) Ends() bool {
	return f.Kind == deadlineExceeded || f.Kind == host.OutOfMemory.String()
}
