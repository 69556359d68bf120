package table

import (
	"slices"
	"strings"
	"time"

	"github.com/goccy/go-yaml/ast"
)

// streams are the named streams of a case that are open, and how far their requests have come.
type streams map[string]*stream

type stream struct {
	message
	opened   Position
	waits    bool // for the rest of its request
	answered bool // respond has been done
}

func (r *reader) step(n ast.Node) Step {
	step := Step{Times: 1, Position: r.position(n)}
	o, ok := r.object(n, stepShape)
	if !ok {
		return step
	}
	done := slices.DeleteFunc(slices.Clone(verbs), func(verb string) bool { return !o.has(verb) })
	if len(done) != 1 && !(o.odd && len(done) == 0) {
		r.fault(n, "a step that does %s, expected exactly one of %s, %s", pick(len(done) > 0, "two things", "nothing"),
			strings.Join(verbs, ", "), pick(len(done) > 0, "make it two steps", "add one"))
	}
	m := r.act(&step, o)
	if m == nil && o.odd && len(done) == 0 {
		m = &message{} // likely a misspelt request: one fault is enough
	}
	r.modify(&step, o)
	if o.has("want") {
		step.Want = r.want(o.fields["want"], m, step.Configure != nil, step.Acts())
	}
	if step.Finish != "" || step.Close != "" {
		delete(r.open, step.Acts())
	}
	return step
}

// act reads what a step does. It returns the message the step is about, nil if it is about none.
func (r *reader) act(step *Step, o object) (m *message) {
	if o.has("request") {
		request, sent := r.request(o.fields["request"])
		step.Request, m = request, &sent
		if o.has("stream") {
			step.Stream = r.name(o.fields["stream"], "stream")
			step.HeadersOnly = o.has("send") && r.headersOnly(o.fields["send"], request)
			if first := r.open[step.Stream]; first != nil {
				r.fault(o.fields["stream"], "the stream %q is open since line %d, expected another name, rename one", step.Stream, first.opened.Line)
			}
			r.open[step.Stream] = &stream{message: sent, opened: r.position(o.fields["stream"]), waits: step.HeadersOnly}
		}
	}
	for verb, name := range map[string]*string{"upload": &step.Upload, "respond": &step.Respond, "finish": &step.Finish, "close": &step.Close} {
		if o.has(verb) {
			*name = r.name(o.fields[verb], "stream")
			m = r.carryOn(verb, *name, o.fields[verb])
		}
	}
	if o.has("answer") {
		step.Answer = r.answered(o.fields["answer"])
	}
	if o.has("advance") {
		step.Advance = r.duration(o.fields["advance"])
	}
	if o.has("jump") {
		step.Jump = r.jump(o.fields["jump"])
	}
	if o.has("configure") {
		step.Configure = &Configure{}
		if c, ok := r.object(o.fields["configure"], configureShape); ok {
			if c.has("plugin") {
				step.Configure.Plugin = r.name(c.fields["plugin"], "plugin")
			}
			if c.has("config") {
				step.Configure.Config = r.bytes(c.fields["config"])
			}
			r.plugins[step.Configure.Plugin] = true
		}
	}
	return m
}

// carryOn finds the stream that a verb is about.
func (r *reader) carryOn(verb, name string, n ast.Node) *message {
	s := r.open[name]
	if s == nil {
		var names []string
		for other := range r.open {
			names = append(names, other)
		}
		slices.Sort(names)
		if name != "" {
			r.fault(n, "no stream %q is open here, expected one of [%s], %s", name, strings.Join(names, ", "),
				suggest(name, names, "open it by stream and request in a step before"))
		}
		return &message{}
	}
	switch {
	case verb == "upload" && !s.waits:
		r.fault(n, "nothing of the stream %q is left to upload, expected a request with send: headers, remove the step", name)
	case verb == "respond" && s.waits:
		r.fault(n, "the request of the stream %q has not arrived whole, expected upload first, add it", name)
	case verb == "respond" && s.answered:
		r.fault(n, "the stream %q has got its response, expected one, remove the step", name)
	}
	s.waits = s.waits && verb != "upload"
	s.answered = s.answered || verb == "respond"
	return &s.message
}

func (r *reader) headersOnly(n ast.Node, request *Request) bool {
	if s, ok := r.text(n); ok && s != "headers" {
		r.fault(n, "the text %q, expected headers, change it", s)
	}
	if len(request.Body) == 0 && request.Trailers == nil {
		r.fault(n, "send: headers of a request that is nothing else, expected a body or trailers to follow, remove it")
	}
	return true
}

// modify reads what stands beside the verb.
func (r *reader) modify(step *Step, o object) {
	for _, key := range []string{"stream", "send", "plugin"} {
		if o.has(key) && !o.has("request") && !o.odd {
			r.fault(o.fields[key], "%s in a step without a request, expected it with request alone, remove it", key)
		}
	}
	if o.has("send") && !o.has("stream") {
		r.fault(o.fields["send"], "send without stream, expected a stream that stays open, name it")
	}
	if o.has("plugin") {
		step.Plugin = r.name(o.fields["plugin"], "plugin")
		if !r.plugins[step.Plugin] {
			r.fault(o.fields["plugin"], "no plugin %q here, expected one made by configure in a step before, add it", step.Plugin)
		}
	}
	if o.has("clusters") {
		step.Clusters = r.clusters(o.fields["clusters"])
	}
	step.Times = r.times(o, 1_000_000)
	if o.has("times") && (step.Acts() != "" || step.Answer != nil) {
		r.fault(o.fields["times"], "times in a step that can be done once, expected it with a whole request, advance, jump or configure, remove it")
	}
	if o.has("faults") {
		step.Faults = r.hostFaults(o.fields["faults"])
	}
}

// name reads the name of a stream or plugin.
func (r *reader) name(n ast.Node, of string) string {
	s, ok := r.text(n)
	if ok && !nameOfCase.MatchString(s) {
		r.fault(n, "the %s name %q, expected small letters, digits and dashes, change it", of, s)
	}
	return s
}

// jump reads a signed time.
func (r *reader) jump(n ast.Node) time.Duration {
	s, ok := r.text(n)
	if !ok {
		return 0
	}
	d, err := time.ParseDuration(s)
	if err != nil || d == 0 {
		r.fault(n, `the text %q, expected a time that is not zero, write it like "-1h" or "+1500ms"`, s)
	}
	return d
}

// clock reads when a case begins.
func (r *reader) clock(n ast.Node) time.Time {
	s, ok := r.text(n)
	if !ok {
		return time.Time{}
	}
	at, err := time.Parse(time.RFC3339Nano, s)
	if err != nil || at.Year() < 1970 || at.Year() > 2261 {
		r.fault(n, `the text %q, expected a time from 1970 to 2261, write it like "2026-01-01T00:00:00Z"`, s)
	}
	return at
}
