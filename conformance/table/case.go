package table

import (
	"cmp"
	"strings"
	"time"

	"github.com/header-auth/header-auth/host/headermap"
)

// Table is one loaded folder of cases.
type Table struct {
	Contract Contract
	Groups   []Group // in the order of their file names
	Digest   string  // sha256 over names and contents of all its files, hex: names the table in a report
}

// Contract is contract.yaml: what belongs to the folder as a whole, so that a plugin of one's own brings its own.
type Contract struct {
	Name    string           // of the plugin the table describes
	Clauses []Clause         // in the order of the file; every one needs a case, every case needs one
	Replies map[string]Reply // local responses that cases cite by name
	Logs    map[string]Log   // log lines that cases cite by name
	Calls   map[string]Call  // outgoing calls that cases cite by name
	Good    *Request         // sent after each case in the same VM, and must be allowed; nil: none is sent
}

// Clause is one numbered sentence of the contract.
type Clause struct {
	ID, Text string
	Position Position
}

// Group is one file of cases.
type Group struct {
	Name   string // the file's stem
	Breaks string // what breaks in production when the group fails
	Cases  []Case
}

// Case is one row: a configuration, requests, and everything that must be observed, no more and no less.
type Case struct {
	ID            string // "group/name", never renumbered
	Clauses       []string
	Why           string
	Config        []byte    // configuration of the plugin context Main, as it is received; nil: none is set
	Clock         time.Time // when the case begins
	Clusters      []Cluster // any other is unknown
	FailurePolicy string    // in Envoy's words; "": fail_closed
	// BodyWhileHeld is Envoy's allow_on_headers_stop_iteration: bodies are handed over while the headers are held.
	BodyWhileHeld bool
	Start         Start
	Steps         []Step   // none exactly when Start.Accepted is false
	Good          *Request // overrides Contract.Good; a case that must not be followed by one says so with GoodNone
	GoodNone      bool
	GoodWhy       string // the reason for GoodNone
	Position      Position
}

// Start is what must come of starting the plugin.
type Start struct {
	Accepted bool    // on_configure's answer
	Faults   []Fault // host functions that fail or lie while it lasts

	// As in Want.
	Logs      Logs
	Calls     []Call
	Metrics   []Metric
	TickEvery *time.Duration
	Trap      string
}

// Main is the plugin context of the case's own configuration.
const Main = "main"

// Step is one thing done to the plugin, in order. Exactly one of Request, Upload, Respond, Finish, Close, Answer,
// Advance, Jump and Configure is set.
type Step struct {
	Request     *Request
	Stream      string // of Request: leaves its exchange open under this name; "": the whole exchange
	HeadersOnly bool   // of Request with a Stream: only the headers arrive now

	Upload, Respond string // stream: the rest of its request, the upstream's response arrives
	Finish, Close   string // stream: all that is left of these and the end; the end now

	Answer    *Answered     // to a call that waits
	Advance   time.Duration // moves the clock: ticks and call time-outs that fall due happen
	Jump      time.Duration // sets the clock forward or back: nothing falls due
	Configure *Configure

	Plugin   string    // of Request: the context its stream belongs to; "": Main
	Clusters []Cluster // that hide those of the case while the step lasts
	Times    int       // how often; 1 unless the case says otherwise
	Faults   []Fault   // host functions that fail or lie while the step lasts
	Want     Want
	Position
}

// Acts is the stream a step is about, "" if it has none with a name.
func (s *Step) Acts() string { return cmp.Or(s.Stream, s.Upload, s.Respond, s.Finish, s.Close) }

// Exchanges reports that a step is about a stream, with a name or without.
func (s *Step) Exchanges() bool { return s.Request != nil || s.Acts() != "" }

// Configure makes a plugin context, or puts one in the place of that which has the name: that takes new streams, open
// ones keep theirs.
type Configure struct {
	Plugin string // "": Main
	Config []byte // nil: none is set
}

// ClusterState is what the host knows of a cluster that a plugin calls.
type ClusterState string

const (
	Unknown ClusterState = "unknown"
	Empty   ClusterState = "empty" // no healthy host
	Ready   ClusterState = "ready"
)

// Cluster is a scripted upstream of outgoing calls.
type Cluster struct {
	Name    string
	State   ClusterState
	Answers []Answer // to each call the next one, as soon as the callback has returned; further calls wait
	Always  bool     // the one answer is for every call
}

// Answer is what comes of an outgoing call.
type Answer struct {
	Kind     AnswerKind
	Headers  []headermap.Header // :status among them, unless the case leaves it out
	Body     []byte
	Trailers []headermap.Header
}

// AnswerKind tells an answer from what may come in place of one.
type AnswerKind string

const (
	Answers AnswerKind = ""
	None    AnswerKind = "none"  // the call waits, for a step or its time-out
	Reset   AnswerKind = "reset" // broken off: no headers reach the plugin

	// Failures before the answer's headers. Envoy answers in the service's place.
	Refused      AnswerKind = "refused"       // no connection: the host refuses it
	NotConnected AnswerKind = "not_connected" // no connection within the cluster's time
	Closed       AnswerKind = "closed"        // the connection ends before the headers
	Garbage      AnswerKind = "garbage"       // what comes is no HTTP
	TimedOut     AnswerKind = "timed_out"     // nothing comes within the call's time
)

// failures are the kinds of answer that Envoy gives itself.
var failures = []AnswerKind{Refused, NotConnected, Closed, Garbage, TimedOut}

// Answered is the answer to a call that waits.
type Answered struct {
	Call int // number in the case, from 1; 0: the oldest that waits
	Answer
}

// Fault makes a host function do nothing of its own for the length of a step.
//
// With Bytes nil the guest gets Status and its out parameters stay as they were, so that Status 0 claims a success that
// handed over nothing. With Bytes set (they may be empty: pointer 0, size 0) the status is 0 and the guest is handed
// Bytes, in memory of its own, in place of the truth.
type Fault struct {
	Function string // as imported, e.g. proxy_get_header_map_pairs
	Status   uint32
	Bytes    []byte
	Nth      int // only that call of the function, from 1; 0: every one
	Position
}

// Message is what one side sends. The order of the headers matters, and names may be repeated.
type Message struct {
	Headers  []headermap.Header
	Body     [][]byte           // chunks; nil: no body
	Trailers []headermap.Header // nil: none
}

// Request is what the client sends, and what the upstream answers when the request reaches it. The headers of the request
// are complete: the pseudo-headers and those that Envoy adds are in it, unless the case says exact. The headers of the
// response begin with :status.
type Request struct {
	Message
	Response Message
}

// Decision is what becomes of a request.
type Decision string

const (
	Allow  Decision = "allow"  // goes on to the upstream
	Refuse Decision = "refuse" // one local response, nothing reaches the upstream
	Hold   Decision = "hold"   // neither: nothing reaches the upstream, and nothing was answered
	Fail   Decision = "fail"   // Envoy answers 503 because the VM is dead, nothing reaches the upstream
)

// Received is what became of a response besides arriving as it should.
type Received string

const (
	NoResponse Received = "none"   // nothing has reached the client
	Failed     Received = "failed" // Envoy's own 503, because the VM is dead
	Cut        Received = "cut"    // broken off after its headers
)

// Edit is how a list of headers differs: those removed, those added at the end, those removed and added at the end.
type Edit struct {
	Remove   []string
	Add, Set []headermap.Header
}

// Call is one outgoing HTTP call, as the plugin makes it.
type Call struct {
	Cluster   string
	Headers   []headermap.Header
	Body      []byte
	Trailers  []headermap.Header
	TimeoutMS int
}

// Metric is the value of a metric: a counter, gauge or histogram (the sum of what was recorded).
type Metric struct {
	Kind, Name string
	Value      int64
}

// Compare orders metrics by name, and those of one name by kind.
func (m Metric) Compare(o Metric) int {
	return cmp.Or(strings.Compare(m.Name, o.Name), strings.Compare(m.Kind, o.Kind))
}

// Want is everything that must be observed in a step; in a step that is repeated, each time.
type Want struct {
	// What has become of the stream the step is about, all that was since it began.
	Decision      Decision           // empty exactly when the step is about no stream
	Reply         *Reply             // the local response; set exactly when Decision is Refuse
	Forwarded     []headermap.Header // request headers as the upstream receives them; nil: as sent, names in lower case
	ForwardedEdit *Edit              // in place of Forwarded
	Response      []headermap.Header // response headers as the client receives them; nil: as the upstream (or the reply) gave them
	ResponseEdit  *Edit              // in place of Response
	ResponseIs    Received           // in place of both; "": the response, as far as there is one

	Streams   []StreamWant // other open streams that change in the step
	Refused   bool         // of Configure: by the plugin
	Logs      Logs
	Calls     []Call         // all that are made
	Metrics   []Metric       // that are defined, or whose value changes, with their value after all repetitions; by name
	TickEvery *time.Duration // the tick period that is set; nil: none
	Trap      string         // the callback in which the VM must die; "": it lives
	// MemoryGrowth is the most bytes of linear memory the whole step may add, compared when MemoryBounded is set.
	MemoryGrowth  int
	MemoryBounded bool
}

// StreamWant is what must have become of a stream that the step is not about; Want has nothing else.
type StreamWant struct {
	Stream string
	Want
}

// Reply is a local response as the plugin hands it to the host.
type Reply struct {
	Status     int
	Headers    []headermap.Header
	Body       string
	GRPCStatus *int   // the grpc_status argument; nil: not compared
	Details    string // the details argument; empty: not compared
}

// Logs are the lines that must be written, all of them, in order.
type Logs struct {
	Any   bool // the case does not care
	Lines []Log
}

// Log is one line.
type Log struct{ Level, Text string }
