package table

// shape lists the keys of one kind of mapping. The names are those of the definitions in the JSON Schemas, which a test
// holds against these lists.
type shape struct {
	name     string
	required []string
	optional []string
}

func (s shape) keys() []string {
	return append(append([]string(nil), s.required...), s.optional...)
}

var (
	fileShape = shape{name: "file", required: []string{"breaks", "cases"}}
	caseShape = shape{name: "case", required: []string{"id", "clauses", "why"},
		optional: []string{"config", "start", "steps", "good"}}
	startShape = shape{name: "start", required: []string{"accepted"}, optional: []string{"logs"}}
	stepShape  = shape{name: "step", required: []string{"want"},
		optional: []string{"request", "advance", "times", "faults"}}
	wantShape = shape{name: "want",
		optional: []string{"decision", "reply", "forwarded", "response", "logs", "memory"}}
	memoryShape  = shape{name: "memory", required: []string{"grows_at_most"}}
	faultShape   = shape{name: "fault", required: []string{"function"}, optional: []string{"status", "bytes"}}
	noGoodShape  = shape{name: "noGood", required: []string{"none"}}
	requestShape = shape{name: "request",
		optional: []string{"method", "path", "headers", "exact", "body", "trailers", "response"}}
	responseShape = shape{name: "response", optional: []string{"status", "headers", "body", "trailers"}}
	pairShape     = shape{name: "pair", required: []string{"name", "value"}, optional: []string{"times"}}
	bytesShape    = shape{name: "bytes", optional: []string{"text", "hex", "parts", "times"}}
	replyShape    = shape{name: "reply", required: []string{"status", "headers", "body"},
		optional: []string{"grpc_status", "details"}}

	contractShape = shape{name: "contract", required: []string{"name", "clauses"},
		optional: []string{"replies", "logs", "good"}}
	clauseShape = shape{name: "clause", required: []string{"id", "text"}}
)

// levels are the log levels of the ABI, from the least.
var levels = []string{"trace", "debug", "info", "warn", "error", "critical"}
