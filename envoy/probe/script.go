package probe

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/header-auth/header-auth/host/abi"
	"github.com/header-auth/header-auth/host/profile"
	"github.com/header-auth/header-auth/host/wasi"
)

// Script is what a module does in its callbacks, and what happens to it. String and Parse have its text:
//
//	abi 0_2_1
//	limit 100
//	on request_headers
//	  get_header_map_value 0 "allow"
//	  return 1
//	on tick 2
//	  set_effective_context 2
//	  continue_stream 0
//	event request POST "a" "b"
//	event request-body "abc" end
//	event advance
//
// A handler runs each time the callback is made, or the time that its number says. second in place of on is the same
// for a plugin behind the first one, in a VM of its own. A call is the name of a host function without proxy_, or one
// of WASI's behind wasi., and its arguments without the out words: numbers, quoted strings, and lists in brackets for
// header maps. last is the number of the queue, metric, call or version (cas) that a host function gave last. return
// and trap end a callback.
//
// Names that must differ from script to script where an Envoy runs many are made so: "probe" and "probeb" are the names
// of the plugins and of their VMs, "callout" is the cluster that answers, "empty" one without a host, and
// "grpc:callout" a GrpcService with that cluster.
type Script struct {
	ABI           string // "0_2_1" unless given
	Policy        string // failure policy, as proxy.Filter has it; "" for none
	Limit         int    // bytes of a held body, over HTTP/1.1; 0: Envoy's own
	HTTP1         bool   // the client speaks HTTP/1.1
	StopIteration bool   // allow_on_headers_stop_iteration
	Handlers      []Handler
	Events        []Event
}

// Handler is what a callback does.
type Handler struct {
	Callback string // without proxy_on_
	Nth      int    // 0: each time
	Second   bool   // of the second plugin
	Steps    []Step
}

// Step is a host call, "return" with a number, or "trap".
type Step struct {
	Name string
	Args []Arg
}

// Arg is a number, a string or a header map.
type Arg struct {
	Kind   byte // 'n', 's', 'm', or 'l' for last
	Number int64
	Text   string
	Pairs  []string // names and values in turn
}

// Event is what happens to the stream, the plugin or a call.
type Event struct {
	Kind string
	Args []Arg
	End  bool
}

// Kinds of events.
const (
	Request          = "request"           // METHOD, names and values; end
	RequestBody      = "request-body"      // bytes; end
	RequestTrailers  = "request-trailers"  // names and values
	Response         = "response"          // status, names and values; end
	ResponseBody     = "response-body"     // bytes; end
	ResponseTrailers = "response-trailers" // names and values
	CallAnswer       = "call-answer"       // status, body, names and values: to the oldest call that waits
	GrpcMetadata     = "grpc-metadata"     // names and values: to the oldest gRPC call that waits, as the next two
	GrpcMessage      = "grpc-message"      // bytes
	GrpcEnd          = "grpc-end"          // status, message, names and values
	Advance          = "advance"           // a second passes
	Leave            = "leave"             // the client goes
)

var kinds = []string{Request, RequestBody, RequestTrailers, Response, ResponseBody, ResponseTrailers, CallAnswer,
	GrpcMetadata, GrpcMessage, GrpcEnd, Advance, Leave}

func number(n int64) Arg       { return Arg{Kind: 'n', Number: n} }
func text(s string) Arg        { return Arg{Kind: 's', Text: s} }
func pairs(list ...string) Arg { return Arg{Kind: 'm', Pairs: list} }

// lastWord is an argument that stands for what a host function gave.
const lastWord = "last"

func (a Arg) String() string {
	switch a.Kind {
	case 'n':
		return strconv.FormatInt(a.Number, 10)
	case 's':
		return strconv.Quote(a.Text)
	case 'l':
		return lastWord
	}
	quoted := make([]string, len(a.Pairs))
	for i, s := range a.Pairs {
		quoted[i] = strconv.Quote(s)
	}
	return "[" + strings.Join(quoted, " ") + "]"
}

func words(name string, args []Arg) string {
	all := []string{name}
	for _, a := range args {
		all = append(all, a.String())
	}
	return strings.Join(all, " ")
}

func (s Step) String() string { return words(s.Name, s.Args) }

func (e Event) String() string {
	if e.End {
		return words(e.Kind, e.Args) + " end"
	}
	return words(e.Kind, e.Args)
}

func (s *Script) String() string {
	var b strings.Builder
	if s.ABI != "0_2_1" {
		fmt.Fprintf(&b, "abi %s\n", s.ABI)
	}
	if s.Policy != "" {
		fmt.Fprintf(&b, "policy %s\n", s.Policy)
	}
	if s.Limit > 0 {
		fmt.Fprintf(&b, "limit %d\n", s.Limit)
	} else if s.HTTP1 {
		b.WriteString("http1\n")
	}
	if s.StopIteration {
		b.WriteString("stop-iteration\n")
	}
	for _, h := range s.Handlers {
		word := "on "
		if h.Second {
			word = "second "
		}
		b.WriteString(word + h.Callback)
		if h.Nth > 0 {
			fmt.Fprintf(&b, " %d", h.Nth)
		}
		b.WriteByte('\n')
		for _, step := range h.Steps {
			fmt.Fprintf(&b, "  %v\n", step)
		}
	}
	for _, e := range s.Events {
		fmt.Fprintf(&b, "event %v\n", e)
	}
	return b.String()
}

// Parse reads the text of a script. Empty lines and lines that begin with # are left out. The error names the line.
func Parse(in string) (*Script, error) {
	s := &Script{ABI: "0_2_1"}
	n := 0
	for line := range strings.Lines(in) {
		n++
		trimmed := strings.TrimSpace(line)
		if trimmed == "" || trimmed[0] == '#' {
			continue
		}
		if err := s.line(trimmed, line[0] == ' '); err != nil {
			return nil, fmt.Errorf("line %d: %w", n, err)
		}
	}
	return s, nil
}

func (s *Script) line(line string, indented bool) error {
	word, rest, _ := strings.Cut(line, " ")
	if indented {
		if len(s.Handlers) == 0 {
			return fmt.Errorf("%q stands in no callback: write on CALLBACK before it", line)
		}
		args, end, err := arguments(rest)
		if err != nil || end {
			return fmt.Errorf("%q: %w", line, orUnexpectedEnd(err))
		}
		step := Step{word, args}
		h := &s.Handlers[len(s.Handlers)-1]
		h.Steps = append(h.Steps, step)
		return step.check()
	}
	switch word {
	case "abi":
		s.ABI = rest
	case "policy":
		s.Policy = rest
	case "http1":
		s.HTTP1 = true
	case "stop-iteration":
		s.StopIteration = true
	case "limit":
		n, err := strconv.Atoi(rest)
		s.Limit, s.HTTP1 = n, true
		return err
	case "on", "second":
		name, nth, given := strings.Cut(rest, " ")
		h := Handler{Callback: name, Second: word == "second"}
		if given {
			n, err := strconv.Atoi(nth)
			if err != nil {
				return err
			}
			h.Nth = n
		}
		if !slices.Contains(callbacks, name) {
			return fmt.Errorf("no callback %q, expected one of %s", name, strings.Join(callbacks, ", "))
		}
		s.Handlers = append(s.Handlers, h)
	case "event":
		kind, rest, _ := strings.Cut(rest, " ")
		if !slices.Contains(kinds, kind) {
			return fmt.Errorf("no event %q, expected one of %s", kind, strings.Join(kinds, ", "))
		}
		args, end, err := arguments(rest)
		s.Events = append(s.Events, Event{kind, args, end})
		return err
	default:
		return fmt.Errorf("%q: expected abi, policy, limit, http1, stop-iteration, on, second or event", line)
	}
	return nil
}

func orUnexpectedEnd(err error) error {
	if err == nil {
		return fmt.Errorf("a step has no end")
	}
	return err
}

// arguments reads numbers, strings and lists, and the word end. A word that is none of these is a string.
func arguments(in string) (args []Arg, end bool, err error) {
	for in = strings.TrimLeft(in, " "); in != ""; in = strings.TrimLeft(in, " ") {
		switch {
		case in == "end":
			return args, true, nil
		case in[0] == '"':
			s, rest, err := quoted(in)
			if err != nil {
				return nil, false, err
			}
			args, in = append(args, text(s)), rest
		case in[0] == '[':
			list := []string{}
			for in = strings.TrimLeft(in[1:], " "); !strings.HasPrefix(in, "]"); in = strings.TrimLeft(in, " ") {
				s, rest, err := quoted(in)
				if err != nil {
					return nil, false, err
				}
				list, in = append(list, s), rest
			}
			args, in = append(args, pairs(list...)), in[1:]
		default:
			word, rest, _ := strings.Cut(in, " ")
			if word == lastWord {
				args, in = append(args, Arg{Kind: 'l'}), rest
				continue
			}
			n, err := strconv.ParseInt(word, 10, 64)
			if err != nil {
				return nil, false, fmt.Errorf("%q: expected a number, a quoted string, a list in brackets or last", word)
			}
			args, in = append(args, number(n)), rest
		}
	}
	return args, false, nil
}

func quoted(in string) (s, rest string, err error) {
	prefix, err := strconv.QuotedPrefix(in)
	if err != nil {
		return "", "", fmt.Errorf("%q: expected a quoted string", in)
	}
	s, err = strconv.Unquote(prefix)
	return s, in[len(prefix):], err
}

// callbacks are those that a probe exports, in the order of an exchange.
var callbacks = []string{"context_create", "vm_start", "configure", "tick", "request_headers", "request_body",
	"request_trailers", "response_headers", "response_body", "response_trailers", "log", "done", "delete",
	"http_call_response", "queue_ready", "grpc_receive_initial_metadata", "grpc_receive", "grpc_receive_trailing_metadata",
	"grpc_close"}

// function is a host function and the module that it is imported from.
type function struct {
	abi.Function
	module string
}

// wasiPrefix begins the names of WASI's functions in scripts.
const wasiPrefix = "wasi."

// functions are the host functions by their name without proxy_.
var functions = func() map[string]function {
	all := map[string]function{}
	for _, f := range abi.Functions(profile.Default) {
		all[strings.TrimPrefix(f.Name, "proxy_")] = function{f, "env"}
	}
	for _, f := range wasi.Functions(profile.Default) {
		all[wasiPrefix+f.Name] = function{f.Function, wasi.Modules[0]}
	}
	return all
}()

// families are the parameters whose numbers host functions give, for which last may stand.
var families = []string{"queue", "cas", "metric", "token"}

// Chained says whether there is a second plugin.
func (s *Script) Chained() bool {
	return slices.ContainsFunc(s.Handlers, func(h Handler) bool { return h.Second })
}

// check says what is wrong with a step.
func (s Step) check() error {
	switch s.Name {
	case "return":
		if len(s.Args) != 1 || s.Args[0].Kind != 'n' {
			return fmt.Errorf("%v: return has one number", s)
		}
		return nil
	case "trap":
		return nil
	}
	f, ok := functions[s.Name]
	if !ok {
		return fmt.Errorf("no host function proxy_%s", s.Name)
	}
	var want []byte
	var given []bool // by another host function
	for _, p := range f.Params {
		if !p.Kind.Out() {
			want, given = append(want, argKind(p.Kind)), append(given, slices.Contains(families, p.Name))
		}
	}
	var got []byte
	for _, a := range s.Args {
		got = append(got, a.Kind)
	}
	for i := range want {
		if i < len(got) && got[i] == 's' && want[i] == 'm' { // a map that is damaged on purpose
			got[i] = 'm'
		}
		if i < len(got) && got[i] == 'l' && given[i] {
			got[i] = 'n'
		}
	}
	if string(got) != string(want) {
		return fmt.Errorf("%v: its arguments are of the kinds %q, expected %q (n: number, s: string, m: header map)",
			s, got, want)
	}
	return nil
}

func argKind(k abi.Kind) byte {
	switch k {
	case abi.KindBytes, abi.KindPath:
		return 's'
	case abi.KindPairs:
		return 'm'
	}
	return 'n'
}
