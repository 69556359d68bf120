package probe

import (
	"math/rand/v2"
	"slices"
	"strings"
)

// Generate makes a script at random: callbacks, the host calls in them, what happens to the stream and in which order,
// and the configuration. Equal seeds and numbers give equal scripts.
func Generate(seed, n uint64) *Script {
	for try := uint64(0); ; try++ {
		g := generator{Rand: rand.New(rand.NewPCG(seed, n<<8|try))}
		if s := g.script(); Expected(s) == "" && !s.dangles() {
			return s
		}
	}
}

type generator struct {
	*rand.Rand
	topic *topic // what the script is about besides the stream; nil: nothing
}

// chance is true in so many of a hundred cases.
func (g generator) chance(percent int) bool { return g.IntN(100) < percent }

func pick[T any](g generator, list ...T) T { return list[g.IntN(len(list))] }

func (g generator) script() *Script {
	if g.chance(60) {
		g.topic = &topics[g.IntN(len(topics))]
	}
	s := &Script{ABI: "0_2_1"}
	if g.chance(8) {
		s.ABI = "0_1_0"
	}
	if g.chance(12) {
		s.HTTP1 = true
		if g.chance(50) {
			s.Limit = 100
		}
	}
	s.StopIteration = g.chance(15)
	if g.chance(15) {
		s.Policy = pick(g, "fail_closed", "fail_open", "fail_reload", "legacy_fail_open")
	}
	chained := g.chance(15) && s.Limit == 0 // an Envoy reads no more of a body than one of them may hold
	if g.chance(30) {
		s.Handlers = g.heldAndResumed(s, chained && g.chance(50))
	}
	handlers := g.IntN(5)
	if g.topic != nil {
		handlers += 2
	}
	for range handlers {
		h := g.handler(s)
		h.Second = chained && h.Callback != "tick" && g.chance(50) // timers of two plugins fire in any order
		if len(s.Handlers) > 1 && h.Callback == s.Handlers[0].Callback && g.chance(60) {
			continue
		}
		s.Handlers = append(s.Handlers, h)
	}
	if slices.ContainsFunc(s.Handlers, func(h Handler) bool { return h.Callback == "tick" }) {
		s.Handlers = append(s.Handlers, Handler{Callback: "configure",
			Steps: []Step{{"set_tick_period_milliseconds", []Arg{number(1000)}}}})
	}
	s.Events = g.events(s)
	return s
}

// heldAndResumed are two handlers of which one holds a message, and the other continues it later.
func (g generator) heldAndResumed(s *Script, second bool) []Handler {
	direction := g.IntN(2)
	of := []string{"request_", "response_"}[direction]
	hold := Handler{Second: second, Callback: of + pick(g, "headers", "body", "body", "body", "trailers"),
		Nth: pick(g, 0, 1, 1, 1, 2), Steps: []Step{{"return", []Arg{number(int64(pick(g, 1, 1, 1, 1, 2, 3)))}}}}
	resume := Handler{Second: second, Callback: "tick", Nth: pick(g, 0, 0, 1, 2),
		Steps: []Step{{"set_effective_context", []Arg{number(2)}}}}
	if second || g.chance(30) {
		resume.Callback = "http_call_response"
		hold.Steps = slices.Insert(hold.Steps, 0, Step{"http_call", []Arg{text(calleeName),
			pairs(":method", "GET", ":path", "/c", ":authority", "s"), text(""), pairs(), number(0)}})
	}
	call := Step{"continue_stream", []Arg{number(int64(direction))}}
	if s.ABI == "0_1_0" {
		call = Step{Name: []string{"continue_request", "continue_response"}[direction]}
	}
	resume.Steps = append(resume.Steps, call)
	return []Handler{hold, resume}
}

// places are the callbacks that handlers stand in, the more often the more of their rules concern the stream.
var places = []string{"request_headers", "request_headers", "request_headers", "request_body", "request_body",
	"request_body",
	"request_body", "request_trailers", "request_trailers", "response_headers", "response_headers", "response_headers",
	"response_body", "response_body", "response_body", "response_body", "response_trailers", "response_trailers", "tick",
	"tick", "tick", "http_call_response", "http_call_response", "log", "done", "delete", "context_create"}

// ofPlugin are the callbacks of the root context.
var ofPlugin = []string{"tick", "http_call_response", "queue_ready", "grpc_receive_initial_metadata", "grpc_receive",
	"grpc_receive_trailing_metadata", "grpc_close"}

func (g generator) handler(s *Script) Handler {
	h := Handler{Callback: pick(g, places...)}
	if g.topic != nil && len(g.topic.places) > 0 && g.chance(30) {
		h.Callback = pick(g, g.topic.places...)
	}
	if g.chance(50) {
		h.Nth = 1 + g.IntN(3)
	}
	outside := slices.Contains(ofPlugin, h.Callback)
	if outside && g.chance(85) {
		h.Steps = append(h.Steps, Step{"set_effective_context", []Arg{number(2)}})
	}
	for range 1 + g.IntN(4) {
		if step, ok := g.step(s, h.Callback); ok {
			h.Steps = append(h.Steps, step)
		}
	}
	switch {
	case g.chance(3):
		h.Steps = append(h.Steps, Step{Name: "trap"})
	case callbackNumber(h.Callback).Result() != 0 && h.Callback != "done" && !slices.Contains(atStart, h.Callback) &&
		g.chance(70):
		h.Steps = append(h.Steps, Step{"return", []Arg{number(int64(pick(g, 0, 0, 1, 1, 1, 1, 2, 3, 4)))}})
	}
	return h
}

// names and values are those of headers that calls read and write.
var (
	names = []string{"a", "b", "c", "accept", "content-type", "content-length", "x-envoy-retry-on", "x-envoy-other", "t",
		"vary", "cookie"}
	pseudo = []string{":path", ":method", ":authority", ":status", ":scheme", "host", ":foo", "x-forwarded-proto"}
	values = []string{"1", "2", "", "v w", "200", "/q", "text/plain", "application/grpc"}
)

func (g generator) name() Arg {
	if g.chance(10) {
		return text(pick(g, pseudo...))
	}
	return text(pick(g, names...))
}

func (g generator) value() Arg {
	if g.chance(2) {
		return text(pick(g, "a\nb", "a\x00b", "\x7f"))
	}
	return text(pick(g, values...))
}

func (g generator) list(least, most int) Arg {
	var list []string
	for range least + g.IntN(most-least+1) {
		list = append(list, g.name().Text, g.value().Text)
	}
	return pairs(list...)
}

func (g generator) mapType() Arg {
	if g.chance(10) {
		return number(int64(pick(g, 4, 5, 6, 7, 8, -1)))
	}
	return number(int64(g.IntN(4)))
}

// buffer is the number of a buffer. In log, done and delete an Envoy may have freed a body, and so the last buffer.
func (g generator) buffer(callback string) Arg {
	switch {
	case g.chance(10):
		return number(int64(pick(g, 2, 3, 4, 5, 6, 7, 9, -1)))
	case slices.Contains(atEnd, callback):
		return number(6)
	case strings.HasSuffix(callback, "_body") && g.chance(5):
		return number(8)
	}
	return number(int64(g.IntN(2)))
}

// dangles says whether the script may use a piece of the response's body that its upstream has freed: one that was held
// without a buffer, in another callback.
func (s *Script) dangles() bool {
	held, used := false, false
	for _, h := range s.Handlers {
		for _, step := range h.Steps {
			if h.Callback == "response_body" {
				held = held || step.Name == "return" && step.Args[0].Number > 1
			} else if strings.Contains(step.Name, "_buffer_") {
				used = used || step.Args[0].Number == 1
			}
		}
	}
	return held && used
}

func (g generator) length() Arg {
	return number(int64(pick(g, 0, 0, 0, 1, 2, 3, 5, 100, 100, 100, -1)))
}

// calls are the host functions that are called, the more often the more rules they have.
var calls = []string{"get_header_map_value", "get_header_map_pairs", "get_header_map_size", "add_header_map_value",
	"add_header_map_value", "replace_header_map_value", "remove_header_map_value", "set_header_map_pairs",
	"get_buffer_bytes", "get_buffer_bytes", "get_buffer_status", "set_buffer_bytes", "set_buffer_bytes",
	"set_buffer_bytes", "continue_stream", "continue_stream", "continue_stream", "close_stream", "send_local_response",
	"send_local_response",
	"http_call", "http_call", "set_effective_context", "get_status", "done",
	"continue_request", "continue_response", "clear_route_cache", "get_log_level"}

func (g generator) step(s *Script, callback string) (Step, bool) {
	if g.topic != nil && g.chance(65) {
		return g.topicStep(callback)
	}
	name := pick(g, calls...)
	ending := slices.Contains(atEnd, callback) || callback == "context_create"
	switch name {
	case "continue_stream", "close_stream", "get_log_level":
		if s.ABI == "0_1_0" {
			name = map[string]string{"continue_stream": "continue_request", "close_stream": "continue_response",
				"get_log_level": "clear_route_cache"}[name]
		}
	case "continue_request", "continue_response", "clear_route_cache":
		if s.ABI != "0_1_0" {
			name = "continue_stream"
		}
	}
	if ending && (name == "close_stream" || name == "send_local_response") && !g.chance(3) {
		return Step{}, false // it ends the Envoy, which takes long
	}
	if name == "http_call" && slices.Contains(atStart, callback) {
		return Step{}, false
	}
	var args []Arg
	switch name {
	case "get_header_map_value", "remove_header_map_value":
		args = []Arg{g.mapType(), g.name()}
	case "get_header_map_pairs", "get_header_map_size":
		args = []Arg{g.mapType()}
	case "add_header_map_value", "replace_header_map_value":
		args = []Arg{g.mapType(), g.name(), g.value()}
	case "set_header_map_pairs":
		list := g.list(0, 3)
		if g.chance(70) {
			list.Pairs = append([]string{":method", "POST", ":path", "/s", ":authority", "s", "x-forwarded-proto", "http",
				":status", "201"}, list.Pairs...)
		}
		args = []Arg{g.mapType(), list}
	case "get_buffer_bytes":
		args = []Arg{g.buffer(callback), g.length(), g.length()}
	case "get_buffer_status":
		args = []Arg{g.buffer(callback)}
	case "set_buffer_bytes":
		args = []Arg{g.buffer(callback), g.length(), g.length(), text(pick(g, "", "X", "YYYY", "0123456789"))}
	case "continue_stream", "close_stream":
		args = []Arg{number(int64(g.IntN(2)))}
		if g.chance(5) {
			args[0].Number = int64(pick(g, 2, 3, 4, -1))
		}
	case "send_local_response":
		args = []Arg{number(int64(pick(g, 200, 401, 403, 404, 429, 503, 204, 0, 70000))), text(pick(g, "d", "", "a b")),
			text(pick(g, "", "no", "reply")), g.list(0, 2), number(int64(pick(g, -1, -1, 0, 7, 99)))}
	case "http_call":
		list := []string{":method", pick(g, "GET", "POST"), ":path", "/c", ":authority", "s"}
		if g.chance(10) {
			list = list[2:]
		}
		args = []Arg{text(pick(g, calleeName, calleeName, calleeName, calleeName, emptyName, "unknown", "")),
			pairs(append(list, g.list(0, 1).Pairs...)...), text(pick(g, "", "q")), pairs(),
			number(int64(pick(g, 0, 300, 300, -1)))}
	case "set_effective_context":
		args = []Arg{number(int64(pick(g, 0, 1, 2, 2, 3, 99)))}
	}
	return Step{name, args}, true
}

// events are an exchange in an order that a client and an upstream could have, with time and answers in between.
func (g generator) events(s *Script) []Event {
	events := g.exchange()
	if g.chance(15) {
		events = append(append(events, Event{Kind: Leave}), g.exchange()...)
	}
	for _, h := range s.Handlers {
		for _, step := range h.Steps {
			if step.Name == "http_call" && g.chance(80) {
				list := append([]Arg{text(pick(g, "200", "403", "503")), text(pick(g, "", "answer"))}, flat(g.plain())...)
				events = g.insert(events, Event{Kind: CallAnswer, Args: list})
			}
			if (step.Name == "grpc_call" || step.Name == "grpc_stream") && g.chance(80) {
				events = g.insertGrpc(events)
			}
		}
		if h.Callback == "tick" || g.chance(10) {
			for range 1 + g.IntN(2) {
				events = g.insert(events, Event{Kind: Advance})
			}
		}
	}
	return events
}

// flat are the names and values of a list as arguments.
func flat(list Arg) (all []Arg) {
	for _, s := range list.Pairs {
		all = append(all, text(s))
	}
	return all
}

// insert puts an event at any place behind the request's headers.
func (g generator) insert(events []Event, e Event) []Event {
	return slices.Insert(events, 1+g.IntN(len(events)), e)
}

func (g generator) exchange() []Event {
	method := pick(g, "GET", "POST", "POST", "POST", "PUT", "HEAD")
	first := []Arg{text(method)}
	if g.chance(30) {
		first = append(first, flat(g.plain())...)
	}
	if g.chance(8) {
		first = append(first, text("content-type"), text("application/grpc"))
	}
	request := g.message(Request, RequestBody, RequestTrailers, first, method != "GET" && method != "HEAD")
	answer := append([]Arg{text(pick(g, "200", "200", "200", "404", "503"))}, flat(g.plain())...)
	response := g.message(Response, ResponseBody, ResponseTrailers, answer, method != "HEAD" && g.chance(80))
	if g.chance(15) {
		response = response[:g.IntN(len(response)+1)]
	}
	// Most often the request is whole when the response comes.
	if g.chance(75) {
		return append(request, response...)
	}
	if g.chance(30) {
		request = request[:1+g.IntN(len(request))]
	}
	merged, request := request[:1:1], request[1:]
	for len(request)+len(response) > 0 {
		from := &request
		if len(request) == 0 || len(response) > 0 && g.chance(50) {
			from = &response
		}
		merged, *from = append(merged, (*from)[0]), (*from)[1:]
	}
	return merged
}

// plain are headers that every codec passes as they are.
func (g generator) plain() Arg {
	var list []string
	for range g.IntN(3) {
		list = append(list, pick(g, "a", "b", "accept", "vary"), pick(g, "1", "2", "v w"))
	}
	return pairs(list...)
}

func (g generator) message(head, body, trailers string, first []Arg, hasBody bool) []Event {
	events := []Event{{Kind: head, Args: first}}
	if !hasBody || g.chance(15) {
		events[0].End = true
		return events
	}
	for range g.IntN(5) {
		chunk := pick(g, "abc", "defg", "h", "0123456789")
		if g.chance(15) {
			chunk = "012345678901234567890123456789012345678901234567890123456789"
		}
		events = append(events, Event{Kind: body, Args: []Arg{text(chunk)}})
	}
	switch last := &events[len(events)-1]; {
	case g.chance(25):
		events = append(events, Event{Kind: trailers, Args: flat(pairs("t", pick(g, "1", "2")))})
	case last.Kind == body && g.chance(60):
		last.End = true
	default:
		events = append(events, Event{Kind: body, Args: []Arg{text("")}, End: true})
	}
	return events
}
