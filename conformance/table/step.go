package table

import (
	"slices"
	"strings"
	"time"

	"github.com/goccy/go-yaml/ast"
)

// streams are the open streams of a case, by name.
type streams map[string]*stream

type stream struct {
	requestLine
	opened   Position
	waits    bool // for the rest of its request
	answered bool // it has its response
}

func (r *reader) step(n ast.Node) Step {
	step := Step{Times: 1, Position: r.position(n)}
	shape := stepShape
	if r.recording {
		shape = requestStepShape
	}
	o, ok := r.object(n, shape)
	if !ok {
		return step
	}
	done := slices.DeleteFunc(slices.Clone(verbs), func(verb string) bool { return !o.has(verb) })
	if len(done) == 0 && o.has("want") && len(o.fields) == 1 && !o.unknownKey {
		r.errorf(n, "a want alone, expected it in the step that it belongs to, remove the dash and indent "+
			"it as the step's other keys")
		return step
	}
	if len(done) != 1 && !(o.unknownKey && len(done) == 0) {
		r.errorf(n, "a step that does %s, expected exactly one of %s, %s", pick(len(done) > 0, "two things", "nothing"),
			strings.Join(verbs, ", "), pick(len(done) > 0, "make it two steps", "add one"))
	}
	line := r.act(&step, o)
	if line == nil && o.unknownKey && len(done) == 0 {
		line = &requestLine{} // probably a misspelt request, for which one error is enough
	}
	r.modify(&step, o)
	if r.recording && o.has("want") {
		r.errorf(o.fields["want"], "want in a step that is to be recorded, expected none, remove it")
	} else if o.has("want") {
		step.Want = r.want(o.fields["want"], line, step.Configure != nil, step.StreamName())
	}
	if step.Finish != "" || step.Close != "" {
		delete(r.open, step.StreamName())
	}
	return step
}

// act reads what a step does. It returns the request line of the step's stream, nil if it has none.
func (r *reader) act(step *Step, o object) (line *requestLine) {
	if o.has("request") {
		request, sent := r.request(o.fields["request"])
		step.Request, line = request, &sent
		if o.has("stream") {
			step.Stream = r.name("stream")(o.fields["stream"])
			step.HeadersOnly = o.has("send") && r.headersOnly(o.fields["send"], request)
			if first := r.open[step.Stream]; first != nil {
				r.errorf(o.fields["stream"], "the stream %q is open since line %d, expected another name, rename one", step.Stream,
					first.opened.Line)
			}
			r.open[step.Stream] = &stream{requestLine: sent, opened: r.position(o.fields["stream"]), waits: step.HeadersOnly}
		}
	}
	for verb, name := range map[string]*string{"upload": &step.Upload, "respond": &step.Respond, "finish": &step.Finish,
		"close": &step.Close} {
		if o.has(verb) {
			*name = r.name("stream")(o.fields[verb])
			line = r.carryOn(verb, *name, o.fields[verb])
		}
	}
	set(&step.Answer, o, "answer", r.answered)
	set(&step.Advance, o, "advance", r.duration)
	set(&step.Jump, o, "jump", r.jump)
	set(&step.Configure, o, "configure", r.configure)
	return line
}

func (r *reader) configure(n ast.Node) *Configure {
	c := &Configure{}
	if o, ok := r.object(n, configureShape); ok {
		set(&c.Plugin, o, "plugin", r.name("plugin"))
		set(&c.Config, o, "config", r.bytes)
		set(&c.RootID, o, "root_id", r.bytesText)
		r.plugins[c.Plugin] = true
	}
	return c
}

// carryOn finds the open stream of a verb.
func (r *reader) carryOn(verb, name string, n ast.Node) *requestLine {
	s := r.open[name]
	if s == nil {
		if name != "" {
			names := shownNames(r, r.open)
			r.errorf(n, "no stream %q is open here, expected one of [%s], %s", name, strings.Join(names, ", "),
				r.suggest(name, names, "open it by stream and request in a step before"))
		}
		return &requestLine{}
	}
	switch {
	case verb == "upload" && !s.waits:
		r.errorf(n, "nothing of the stream %q is left to upload, expected a request with send: headers, remove the step",
			name)
	case verb == "respond" && s.waits:
		r.errorf(n, "the rest of the request of the stream %q has not arrived, expected upload first, add it", name)
	case verb == "respond" && s.answered:
		r.errorf(n, "the stream %q has its response already, expected one, remove the step", name)
	}
	s.waits = s.waits && verb != "upload"
	s.answered = s.answered || verb == "respond"
	return &s.requestLine
}

func (r *reader) headersOnly(n ast.Node, request *Request) bool {
	if s, ok := r.text(n); ok && s != "headers" {
		r.errorf(n, "the text %q, expected headers, change it", s)
	}
	if len(request.Body) == 0 && request.Trailers == nil {
		r.errorf(n, "send: headers in a request without body and trailers, expected one of them, remove it")
	}
	return true
}

// modify reads the keys beside the verb.
func (r *reader) modify(step *Step, o object) {
	for _, key := range []string{"stream", "send", "plugin"} {
		if o.has(key) && !o.has("request") && !o.unknownKey {
			r.errorf(o.fields[key], "%s in a step without a request, expected it only with a request, remove it", key)
		}
	}
	if o.has("send") && !o.has("stream") {
		r.errorf(o.fields["send"], "send without stream, expected a stream that stays open, name it")
	}
	if o.has("plugin") {
		step.Plugin = r.name("plugin")(o.fields["plugin"])
		if !r.plugins[step.Plugin] {
			r.errorf(o.fields["plugin"], "no plugin %q here, expected one made by configure in a step before, add it",
				step.Plugin)
		}
	}
	set(&step.Clusters, o, "clusters", r.clusters)
	step.Times = r.times(o, 1_000_000)
	if before := r.used.times; before <= maxTimes {
		if r.used.times += step.Times; r.used.times > maxTimes {
			r.errorf(o, "more than %d repetitions in the steps of the table, expected fewer, lower times", maxTimes)
		}
	}
	if o.has("times") && (step.StreamName() != "" || step.Answer != nil) {
		r.errorf(o.fields["times"], "times in a step that can be done only once, expected it with a whole request, "+
			"advance, jump or configure, remove it")
	}
	set(&step.Faults, o, "faults", r.hostFaults)
}

// name returns a function that reads the name of a stream or plugin.
func (r *reader) name(of string) func(ast.Node) string {
	return func(n ast.Node) string {
		s, ok := r.text(n)
		if ok && !namePattern.MatchString(s) {
			r.errorf(n, "the %s name %q, expected small letters, digits and dashes, change it", of, s)
		}
		return s
	}
}

// jump reads a signed time.
func (r *reader) jump(n ast.Node) time.Duration {
	s, ok := r.text(n)
	if !ok {
		return 0
	}
	d, err := time.ParseDuration(s)
	if err != nil || d == 0 {
		r.errorf(n, `the text %q, expected a time that is not zero, write it like "-1h" or "+1500ms"`, s)
	}
	return d
}

// clock reads the time at which a case begins.
func (r *reader) clock(n ast.Node) time.Time {
	s, ok := r.text(n)
	if !ok {
		return time.Time{}
	}
	at, err := time.Parse(time.RFC3339Nano, s)
	if err != nil || at.Year() < 1970 || at.Year() > 2261 {
		r.errorf(n, `the text %q, expected a time from 1970 to 2261, write it like "2026-01-01T00:00:00Z"`, s)
	}
	return at
}
