package table

import "slices"

// shape lists the keys of one kind of mapping. The names are those of the definitions in the JSON Schemas; a test compares
// both.
type shape struct {
	name     string
	required []string
	optional []string
}

func (s shape) keys() []string {
	return append(append([]string(nil), s.required...), s.optional...)
}

// verbs are the keys that say what a step does; each step has one.
var verbs = []string{"request", "upload", "respond", "finish", "close", "answer", "advance", "jump", "configure"}

var (
	fileShape = shape{name: "file", required: []string{"breaks", "cases"}}
	caseShape = shape{name: "case", required: []string{"id", "clauses", "why"},
		optional: []string{"config", "clock", "clusters", "failure_policy", "allow_on_headers_stop_iteration", "start", "steps", "good"}}
	startShape = shape{name: "start", required: []string{"accepted"},
		optional: []string{"logs", "calls", "metrics", "tick_every", "trap", "faults"}}
	stepShape = shape{name: "step", required: []string{"want"},
		optional: slices.Concat(verbs, []string{"stream", "send", "plugin", "clusters", "times", "faults"})}
	wantShape = shape{name: "want", optional: []string{"decision", "reply", "forwarded", "response", "streams", "accepted",
		"logs", "calls", "metrics", "tick_every", "trap", "memory"}}
	exchangeShape  = shape{name: "exchange", required: []string{"decision"}, optional: []string{"reply", "forwarded", "response"}}
	editShape      = shape{name: "edit", optional: []string{"remove", "add", "set"}}
	callShape      = shape{name: "call", required: []string{"cluster", "headers", "timeout_ms"}, optional: []string{"body", "trailers"}}
	metricShape    = shape{name: "metric", optional: []string{"counter", "gauge", "histogram"}}
	answerShape    = shape{name: "answer", optional: []string{"status", "exact", "headers", "body", "trailers"}}
	answeredShape  = shape{name: "answered", optional: []string{"call", "reset", "failed", "status", "exact", "headers", "body", "trailers"}}
	configureShape = shape{name: "configure", optional: []string{"plugin", "config"}}
	memoryShape    = shape{name: "memory", required: []string{"grows_at_most"}}
	faultShape     = shape{name: "fault", required: []string{"function"}, optional: []string{"status", "bytes", "nth"}}
	noGoodShape    = shape{name: "noGood", required: []string{"none"}}
	requestShape   = shape{name: "request",
		optional: []string{"method", "path", "headers", "exact", "body", "trailers", "response"}}
	responseShape = shape{name: "response", optional: []string{"status", "headers", "body", "trailers"}}
	pairShape     = shape{name: "pair", required: []string{"name", "value"}, optional: []string{"times"}}
	bytesShape    = shape{name: "bytes", optional: []string{"text", "hex", "parts", "numbered", "times"}}
	replyShape    = shape{name: "reply", required: []string{"status", "headers", "body"},
		optional: []string{"grpc_status", "details"}}

	contractShape = shape{name: "contract", required: []string{"name", "clauses"},
		optional: []string{"replies", "logs", "calls", "good"}}
	clauseShape = shape{name: "clause", required: []string{"id", "text"}}
)

// policies are the failure policies, fail_closed being the default.
var policies = []string{"fail_closed", "fail_open", "fail_reload", "legacy_fail_open"}

// levels are the log levels of the ABI, from the least.
var levels = []string{"trace", "debug", "info", "warn", "error", "critical"}
