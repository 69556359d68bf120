package table

import "time"

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
	ID       string // "group/name", never renumbered
	Clauses  []string
	Why      string
	Config   []byte // plugin configuration as the plugin receives it; nil: none is set
	Start    Start
	Steps    []Step   // none exactly when Start.Accepted is false
	Good     *Request // overrides Contract.Good; a case that must not be followed by one says so with GoodNone
	GoodNone bool
	GoodWhy  string // the reason for GoodNone
	Position Position
}

// Start is what must come of starting the plugin.
type Start struct {
	Accepted bool // on_configure's answer
	Logs     Logs
}

// Step is one thing done to the plugin, in order. Exactly one of Request and Advance is set.
type Step struct {
	Request *Request
	Advance time.Duration // moves the clock: ticks and call time-outs that fall due happen
	Times   int           // how often; 1 unless the case says otherwise
	Faults  []Fault       // host functions that fail or lie while the step lasts
	Want    Want
	Position
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
	Position
}

// Request is one whole exchange: what the client sends and what the upstream answers when it is asked.
type Request struct {
	Headers  []Header // complete: the pseudo-headers and what Envoy adds are in it unless the case says exact
	Body     [][]byte // chunks; nil: no body
	Trailers []Header // nil: none
	Response Response
}

// Response is the upstream's answer. Headers begin with :status.
type Response struct {
	Headers  []Header
	Body     [][]byte
	Trailers []Header
}

// Header is one pair; order and repetition matter, and both sides hold any bytes.
type Header struct{ Name, Value string }

// Decision is what becomes of a request.
type Decision string

const (
	Allow  Decision = "allow"  // goes on to the upstream
	Refuse Decision = "refuse" // one local response, nothing reaches the upstream
	Hold   Decision = "hold"   // neither: nothing reaches the upstream, and nothing was answered
)

// Want is everything that must be observed in a step; in a step that is repeated, each time.
type Want struct {
	Decision  Decision // empty exactly when the step is no request
	Reply     *Reply   // the local response; set exactly when Decision is Refuse
	Forwarded []Header // request headers as the upstream receives them; nil: as sent, names in lower case
	Response  []Header // response headers as the client receives them; nil: as the upstream (or the reply) gave them
	Logs      Logs
	// MemoryGrowth is the most bytes of linear memory the whole step may add, compared when MemoryBounded is set.
	MemoryGrowth  int
	MemoryBounded bool
}

// Reply is a local response as the plugin hands it to the host.
type Reply struct {
	Status     int
	Headers    []Header
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
