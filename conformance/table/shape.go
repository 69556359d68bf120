package table

import "slices"

// shape lists the keys of one kind of mapping. The names are those of the definitions in the JSON
// Schemas; a test compares both.
type shape struct {
	name     string
	required []string
	optional []string
	likely   []string // of the optional ones, those that a misspelt key probably means
	example  string   // for an error where something else stands
}

func (s shape) keys() []string {
	return append(append([]string(nil), s.required...), s.optional...)
}

// verbs are the keys that say what a step does; each step has one.
var verbs = []string{"request", "upload", "respond", "finish", "close", "answer", "advance", "jump", "configure"}

// settings are the keys of a case that defaults may have, too.
var settings = []string{"config", "root_id", "plugin_name", "properties", "node", "vm", "random", "chain", "clock",
	"clusters", "failure_policy", "allow_on_headers_stop_iteration", "start", "good"}

var (
	fileShape = shape{name: "file", required: []string{"cases"}, optional: []string{"breaks", "defaults"}}
	caseShape = shape{name: "case", required: []string{"id"},
		optional: slices.Concat([]string{"clauses", "why"}, settings, []string{"steps"}), likely: []string{"steps"},
		example: "{id: …, steps: [{request: {}, want: {decision: allow}}]}"}
	defaultsShape = shape{name: "defaults", optional: slices.Concat(settings, []string{"logs", "calls", "metrics",
		"effects", "grpc"})}
	startShape = shape{name: "start", required: []string{"accepted"},
		optional: []string{"logs", "calls", "metrics", "effects", "grpc", "tick_every", "trap", "faults"},
		example:  "{accepted: false}"}
	stepShape = shape{name: "step", required: []string{"want"},
		optional: slices.Concat(verbs, []string{"stream", "send", "plugin", "clusters", "times", "faults"}),
		example:  "{advance: 1s, want: {}}"}
	requestStepShape = shape{name: "step", optional: append(stepShape.keys()[1:], "want")}
	wantShape        = shape{name: "want", optional: []string{"decision", "reply", "forwarded", "response",
		"forwarded_body", "forwarded_trailers", "response_body",
		"response_trailers", "action", "response_action", "streams", "accepted", "logs", "effects", "grpc", "calls",
		"metrics", "tick_every", "trap", "memory"},
		likely: []string{"decision"}, example: "{decision: allow}"}
	exchangeShape = shape{name: "exchange", required: []string{"decision"}, optional: []string{"reply", "forwarded",
		"response", "forwarded_body",
		"forwarded_trailers", "response_body", "response_trailers"}, example: "{decision: allow}"}
	editShape     = shape{name: "edit", optional: []string{"remove", "add", "set", "has", "lacks"}}
	someLogsShape = shape{name: "someLogs", optional: []string{"has", "lacks"}}
	nodeShape     = shape{name: "node", optional: []string{"id", "cluster", "metadata", "locality"}}
	localityShape = shape{name: "locality", optional: []string{"region", "zone", "sub_zone"}}
	vmShape       = shape{name: "vm", optional: []string{"id", "config", "environment"}}
	patternShape  = shape{name: "pattern", optional: []string{"contains", "matches", "any", "not", "all"}}
	bodyShape     = shape{name: "body", required: []string{"bytes"}, optional: []string{"chunks", "chunk_size"}}
	callShape     = shape{name: "call", required: []string{"cluster", "headers", "timeout_ms"},
		optional: []string{"body", "trailers"}}
	effectShape   = shape{name: "effect", required: []string{"value"}, optional: EffectKinds}
	metricShape   = shape{name: "metric", optional: []string{"counter", "gauge", "histogram"}}
	answerShape   = shape{name: "answer", optional: []string{"grpc", "status", "exact", "headers", "body", "trailers"}}
	answeredShape = shape{name: "answered", optional: []string{"grpc", "call", "reset", "failed", "status", "exact",
		"headers", "body", "trailers"}}
	grpcShape = shape{name: "grpcCall", optional: []string{"call", "cluster", "service", "method", "metadata",
		"message", "messages", "timeout_ms", "ended", "cancelled"},
		likely: []string{"cluster", "service", "method"}, example: "{cluster: users, service: pkg.Users, method: Get, " +
			"message: bob, timeout_ms: 1000}"}
	// What a server sends, and the same beside the number of the call.
	grpcAnswerShape = shape{name: "grpcAnswer", optional: []string{"initial_metadata", "message", "messages",
		"trailing_metadata", "status", "status_message"}, example: "{message: yes}"}
	grpcAnsweredShape = shape{name: "grpcAnswered", optional: append([]string{"call", "reset", "failed"},
		grpcAnswerShape.optional...), example: "{call: 1, status: 0}"}

	chainShape       = shape{name: "chain", optional: []string{"before", "behind"}, example: "{before: [{config: …}]}"}
	chainPluginShape = shape{name: "chainPlugin", optional: []string{"module", "config", "plugin_name", "root_id"},
		example: "{module: data/other.wasm, config: …}"}
	configureShape = shape{name: "configure", optional: []string{"plugin", "config", "root_id"}}
	memoryShape    = shape{name: "memory", required: []string{"grows_at_most"}}
	faultShape     = shape{name: "fault", required: []string{"function"}, optional: []string{"status", "bytes", "nth"}}
	noGoodShape    = shape{name: "noGood", required: []string{"none"}}
	requestShape   = shape{name: "request",
		optional: []string{"method", "path", "authority", "scheme", "headers", "exact", "body", "trailers", "properties",
			"response"}, example: "{path: /, headers: [[name, value]]}"}
	responseShape = shape{name: "response", optional: []string{"status", "headers", "body", "trailers", "failed"}}
	pairShape     = shape{name: "pair", required: []string{"name", "value"}, optional: []string{"times"}}
	bytesShape    = shape{name: "bytes", optional: []string{"text", "hex", "base64", "parts", "numbered", "file", "times"}}
	replyShape    = shape{name: "reply", required: []string{"status", "headers", "body"},
		optional: []string{"grpc_status", "details"}, example: "{status: 403, headers: any, body: any}"}

	contractShape = shape{name: "contract", required: []string{"name"},
		optional: []string{"clauses", "strict", "defaults", "replies", "logs", "calls", "good"}}
	strictShape = shape{name: "strict", optional: []string{"reasons", "duplicates", "actions"}}
	clauseShape = shape{name: "clause", required: []string{"id", "text"}}
)

// policies are the failure policies, fail_closed being the default.
var policies = []string{"fail_closed", "fail_open", "fail_reload", "legacy_fail_open"}

// levels are the log levels of the ABI, from the least.
var levels = []string{"trace", "debug", "info", "warn", "error", "critical"}
