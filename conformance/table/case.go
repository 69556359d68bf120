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
	Warnings []Error // what is odd in its files, and no fault of them
	Digest   string  // sha256 over names and contents of all its files, hex: names the table in a report
}

// Contract is contract.yaml: what all cases of the folder share. Another plugin has another folder with its own.
type Contract struct {
	Name    string               // of the plugin the table describes
	Clauses []Clause             // in the order of the file; each is cited by a case, and each case cites one
	Replies map[string]Reply     // local responses that cases cite by name
	Logs    map[string]WantedLog // log lines that cases cite by name
	Calls   map[string]Call      // outgoing calls that cases cite by name
	Good    *Request             // sent after each case in the same VM, and must be allowed; nil: none is sent
	Strict  Strict
	Default Defaults
}

// Defaults are what a case has that does not say otherwise.
type Defaults struct {
	Case Case // only its settings, such as Config
	Logs Logs // of a step
	// These of a step do not matter.
	AnyCalls, AnyMetrics, AnyEffects, AnyGRPC bool
}

// Strict says what a table demands of its cases beyond what they want.
type Strict struct {
	Reasons    bool // a file says what breaks, a case why and which clauses
	Duplicates bool // no two cases are the same test; false: they are a warning
	Actions    bool // what the request headers callback returns counts, although client and upstream do not see it
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

// Case is one row: a configuration, steps, and everything that must be observed. What it does not
// mention must not happen.
type Case struct {
	ID            string // "group/name", which never changes
	Clauses       []string
	Why           string
	Config        []byte    // configuration of the plugin context Main; nil: none is set
	Clock         time.Time // when the case begins
	Clusters      []Cluster // that the host knows
	World         World
	Chain         Chain  // the plugins around the one under test
	FailurePolicy string // in Envoy's words; "": fail_closed
	// BodyWhileHeld is Envoy's allow_on_headers_stop_iteration: the plugin gets the body while the headers are held.
	BodyWhileHeld bool
	Start         Start
	Steps         []Step   // none exactly when Start.Accepted is false
	Good          *Request // in place of Contract.Good
	GoodNone      bool     // no request is sent after the case
	GoodWhy       string   // the reason for GoodNone
	// AnyAction: what the request headers callback returns does not count, unless a Want has Action.
	AnyAction bool
	Position  Position
}

// World is what a plugin can read of its surroundings.
type World struct {
	// Properties are those of all streams, by path with dots, such as "xds.route_name". A value is a string, []byte,
	// int64, float64, bool, nil, []any or map[string]any.
	Properties     map[string]any
	Node           *Node  // nil: nothing
	Plugin, RootID string // names of the plugin context; Plugin "": Main
	VM             VM
	Random         []byte // what random bytes are taken from, again and again; nil: numbers that are always the same
}

// Chain are the plugins of a filter chain around the one under test.
type Chain struct{ Before, Behind []ChainPlugin }

// All are those before and behind.
func (c *Chain) All() []*ChainPlugin {
	var all []*ChainPlugin
	for _, part := range [][]ChainPlugin{c.Before, c.Behind} {
		for i := range part {
			all = append(all, &part[i])
		}
	}
	return all
}

// ChainPlugin is one of them. With the same module it is a plugin context in the VM of the plugin under test.
type ChainPlugin struct {
	Module         string // a path from the table's folder, or the name of a build; "": the module under test
	Wasm           []byte // of Module; nil: of a build that Table.UseBuilds has not given
	Plugin, RootID string // names of the plugin context; Plugin "": Main
	Config         []byte // nil: none is set
	Position       Position
}

// Node is what Envoy's bootstrap says of itself.
type Node struct {
	ID, Cluster           string
	Region, Zone, SubZone string
	Metadata              map[string]any
}

// VM is the configuration of the VM.
type VM struct {
	ID          string
	Config      []byte
	Environment []Variable
}

// Variable is an environment variable.
type Variable struct{ Name, Value string }

// Start is what must be observed when the plugin starts.
type Start struct {
	Accepted bool        // on_configure's answer
	Faults   []HostFault // while it lasts

	// As in Want.
	Logs       Logs
	Calls      []Call
	AnyCalls   bool
	Metrics    []Metric
	AnyMetrics bool
	Effects    []WantedEffect
	AnyEffects bool
	GRPC       []WantedGRPC
	AnyGRPC    bool
	TickEvery  *time.Duration
	Trap       string
}

// Main is the plugin context of the case's own configuration.
const Main = "main"

// Step is one thing that is done to the plugin. Exactly one of Request, Upload, Respond, Finish, Close, Answer,
// Advance, Jump and Configure is set.
type Step struct {
	Request     *Request
	Stream      string // with Request: the stream stays open under this name; "": the whole exchange is done
	HeadersOnly bool   // with Request and Stream: only the headers arrive now

	// Names of open streams.
	Upload  string // the rest of its request arrives
	Respond string // the upstream's response arrives
	Finish  string // the rest of both arrives, and the stream ends
	Close   string // the stream ends now

	Answer    *Answered     // to a call that waits
	Advance   time.Duration // moves the clock: ticks and call time-outs that fall due happen
	Jump      time.Duration // sets the clock forward or back: nothing falls due
	Configure *Configure

	Plugin   string      // with Request: the plugin context of the stream; "": Main
	Clusters []Cluster   // in place of the case's of the same name, while the step lasts
	Times    int         // how often the step is done, at least 1
	Faults   []HostFault // while the step lasts
	Want     Want
	Position
}

// StreamName is the name of the step's stream, "" if it has no stream or one without a name.
func (s *Step) StreamName() string { return cmp.Or(s.Stream, s.Upload, s.Respond, s.Finish, s.Close) }

// Exchanges says whether a step has a stream, with a name or without.
func (s *Step) Exchanges() bool { return s.Request != nil || s.StreamName() != "" }

// Configure makes a plugin context. If there is one of that name, new streams go to the new one, and open streams stay
// with the old one.
type Configure struct {
	Plugin string // "": Main
	Config []byte // nil: none is set
	RootID string // "": that of the case
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
	Answers []Answer // one for each call, given when the callback has returned; later calls wait
	Always  bool     // the only answer is given to every call
}

// Answer is the answer to an outgoing call, or a failure of the call.
type Answer struct {
	Kind     AnswerKind
	Headers  []headermap.Header // with :status, unless the case leaves it out
	Body     []byte
	Trailers []headermap.Header

	// GRPC: the answer is one to a gRPC call. Headers and Trailers are then its initial and trailing metadata, and these
	// are in place of Body.
	GRPC          bool
	Messages      [][]byte
	Closes        bool // with Status; a call that is no stream is closed by its message, too
	Status        int
	StatusMessage string
}

// AnswerKind says whether there is an answer, and how the call fails if there is none.
type AnswerKind string

const (
	Answers AnswerKind = ""
	None    AnswerKind = "none"  // the call waits for a step that answers it, or for its time-out
	Reset   AnswerKind = "reset" // the stream is reset: no headers reach the plugin

	// Failures before the answer's headers. Envoy answers the call itself.
	Refused      AnswerKind = "refused"       // the connection is refused
	NotConnected AnswerKind = "not_connected" // no connection within the cluster's connect timeout
	Closed       AnswerKind = "closed"        // the connection ends before the headers
	Garbage      AnswerKind = "garbage"       // the bytes that arrive are no HTTP
	TimedOut     AnswerKind = "timed_out"     // no answer within the call's timeout

	NoHost AnswerKind = "empty" // of the response to a request: the cluster has no healthy host
)

// failures are the kinds for which Envoy answers the call itself.
var failures = []AnswerKind{Refused, NotConnected, Closed, Garbage, TimedOut}

// Answered is the answer to a call that waits.
type Answered struct {
	Call int // its number in the case, from 1, where HTTP calls and gRPC calls are counted apart; 0: the oldest that waits
	Answer
}

// HostFault replaces a host function while a step lasts: the function does nothing.
//
// With Bytes nil the guest gets Status, and its out parameters do not change; Status 0 then claims a success without a
// result. With Bytes set (they may be empty: pointer 0, size 0) the status is 0 and the guest gets Bytes, in its own
// memory, in place of the true value.
type HostFault struct {
	Function string // as imported, e.g. proxy_get_header_map_pairs
	Status   uint32
	Bytes    []byte
	Nth      int // only that call of the function, from 1; 0: every call
	Position
}

// Message is what one side sends. The order of the headers matters, and names may be repeated.
type Message struct {
	Headers  []headermap.Header
	Body     [][]byte           // chunks; nil: no body
	Trailers []headermap.Header // nil: none
	// Failed says how a response breaks off behind what else there is of it; with Headers nil nothing of it comes. "": it
	// does not.
	Failed AnswerKind
}

// Request is what the client sends, and what the upstream answers when the request reaches it. The headers of the
// request are complete: the pseudo-headers and those that Envoy adds are in it, unless the case says exact. The headers
// of the response begin with :status.
type Request struct {
	Message
	Response   Message
	Properties map[string]any // of its stream, before those of the case
}

// Decision is what happens to an exchange.
type Decision string

const (
	Allow  Decision = "allow"  // goes on to the upstream
	Refuse Decision = "refuse" // one local response, nothing reaches the upstream
	Hold   Decision = "hold"   // nothing reaches the upstream, and the client has no answer
	// Replace: the upstream gets the request, or its beginning, and the plugin answers the client in place of it.
	Replace Decision = "replace"
	Fail    Decision = "fail" // Envoy answers 503 because the VM is dead, nothing reaches the upstream
)

// ResponseState is what happened to a response that did not arrive normally.
type ResponseState string

const (
	NoResponse ResponseState = "none"   // nothing has reached the client
	Failed     ResponseState = "failed" // Envoy's own 503, because the VM is dead
	Cut        ResponseState = "cut"    // reset after its headers

	// UpstreamFailed: Envoy's own answer, because the response broke off while the plugin held its headers.
	UpstreamFailed ResponseState = "upstream_failed"
)

// Edit changes a list of headers: Remove takes out all of a name, Add appends, and Set does both for its names.
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
	Partial   *PartialCall // only in a Want
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

// Want is everything that must be observed in a step, and in each repetition of it.
type Want struct {
	// The step's stream, from its beginning on.
	Decision      Decision           // empty exactly when the step has no stream
	Reply         *Reply             // the local response; set exactly when Decision is Refuse or Replace
	AnyReply      bool               // in place of Reply: all are right
	Forwarded     []headermap.Header // request headers as the upstream receives them; nil: as sent, names in lower case
	ForwardedEdit *Edit              // in place of Forwarded
	// response headers as the client receives them; nil: those of the upstream or of the reply
	Response     []headermap.Header
	ResponseEdit *Edit         // in place of Response
	ResponseIs   ResponseState // in place of both; "": the response is normal, or not there yet

	// In place of the two above; nil: not asked for.
	ForwardedPartial, ResponsePartial *Headers
	// Bodies as upstream and client receive them. nil: as sent, and of a refusal that of the reply.
	ForwardedBody, ResponseBody         *Pattern
	ForwardedTrailers, ResponseTrailers *Headers
	Action, ResponseAction              string // what the headers callbacks return, such as Pause; "": see Case.AnyAction

	Streams    []StreamWant // other open streams that change in the step
	Refused    bool         // with Configure: the plugin refuses it
	Logs       Logs
	Calls      []Call         // that are made
	AnyCalls   bool           // in place of Calls
	Metrics    []Metric       // that are defined or changed, with their value after all repetitions; by name
	AnyMetrics bool           // in place of Metrics
	TickEvery  *time.Duration // the tick period that is set; nil: none
	Trap       string         // the callback in which the VM must trap; "": it must not
	Effects    []WantedEffect
	AnyEffects bool         // in place of Effects
	GRPC       []WantedGRPC // what is done on gRPC calls: first on those of earlier steps, then the new ones
	AnyGRPC    bool         // in place of GRPC
	// MemoryGrowth is how many bytes of linear memory the whole step may add; it is compared when MemoryBounded is set.
	MemoryGrowth  int
	MemoryBounded bool
}

// Effect is one thing that a plugin did to what outlives its callback. Kind is one of the words of EffectKinds.
type Effect struct{ Kind, Name, Value string }

// EffectKinds are the words for what a plugin can do: store shared data under a key, put an item into a queue, set a
// property, call a foreign function with an argument.
var EffectKinds = []string{"shared_data", "queue", "property", "foreign_function"}

// GRPC is a gRPC call that a plugin made in a step, or what it did in the step on one that it made before.
type GRPC struct {
	// number in the case, from 1, of one that was made before; 0: it was made in the step, and the next fields are set
	Call                     int
	Cluster, Service, Method string // in place of the cluster the URI, of a call by the library of Google
	Metadata                 []headermap.Header
	Stream                   bool
	TimeoutMS                int // of a call that is no stream

	Messages  [][]byte // sent in the step
	Ended     bool     // of a stream: it said in the step that no message follows
	Cancelled bool     // it gave up the call in the step
}

// WantedGRPC is what must be observed of a GRPC.
type WantedGRPC struct {
	Call                     int
	Cluster, Service, Method Pattern
	Metadata                 *Headers // nil: none
	Stream                   bool
	TimeoutMS                int
	AnyTimeout               bool
	Messages                 []Pattern
	Ended, Cancelled         bool
}

// WantedEffect is one that must be observed.
type WantedEffect struct {
	Kind, Name string
	Value      Pattern
}

// StreamWant is what must be observed of a stream that is not the step's own. Of Want only the
// fields of the stream are set.
type StreamWant struct {
	Stream string
	Want
}

// Reply is a local response as the plugin gives it to the host.
type Reply struct {
	Status     int
	Headers    []headermap.Header
	Body       string
	GRPCStatus *int          // the grpc_status argument; nil: not compared
	Details    string        // the details argument; empty: not compared
	Partial    *PartialReply // only in a Want
}

// Logs are all lines that must be written, in order.
type Logs struct {
	Any     bool // any lines are right
	Lines   []Log
	Partial *PartialLogs // in place of Lines
}

// Log is one line.
type Log struct{ Level, Text string }
