package textpb

import (
	"fmt"

	"google.golang.org/protobuf/encoding/prototext"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/dynamicpb"
)

// Suite is a file of tests.
type Suite struct {
	Config   string  // path of the configuration; "": none is named
	Level    int     // least log level that is looked at: an index of levelNames, 0: not said
	TimeSecs *uint64 // since 1970; nil: not said
	Tests    []Test
}

// Test is one exchange.
type Test struct {
	Name                             string
	Chunks, ChunkSize                int // the plan of the bodies; 0: none
	Properties                       []Header
	RequestHeaders, ResponseHeaders  *Invocation
	RequestBody, ResponseBody        []Invocation
	PluginInit, StreamInit, Teardown *Expectation
}

// Header is a name with a value, also of a property.
type Header struct{ Name, Value string }

// Invocation is a callback, with its input and what must be true after it.
type Invocation struct {
	Input  Input
	Result Expectation
}

// Input is given by one of its fields; of several a file counts before a content, and this before headers.
type Input struct {
	Headers []Header
	Content *string
	File    string
}

// Expectation is what must be true. What it does not name does not matter.
type Expectation struct {
	Has, No   []Header
	Headers   []Matcher // of lines "name: value"
	Body, Log []Matcher
	Immediate *Immediate
}

// Immediate is a local reply.
type Immediate struct {
	Status, GRPCStatus *uint32
	Details            *string
}

// Matcher is true of a text that is Exact, that the expression Regex matches as a whole, or
// that is the content of File.
type Matcher struct {
	Invert      bool
	Exact       *string
	Regex, File string
}

// Parse reads a file. The error names the line.
func Parse(source []byte) (*Suite, error) {
	m := dynamicpb.NewMessage(suiteType)
	if err := prototext.Unmarshal(source, m); err != nil {
		return nil, fmt.Errorf("%w, expected tests in protobuf's text form", err)
	}
	s := &Suite{}
	root := message{m}
	if env, ok := root.sub("env"); ok {
		s.Config, s.Level = env.text("config_path"), int(env.get("log_level").Enum())
		if env.has("time_secs") {
			secs := env.get("time_secs").Uint()
			s.TimeSecs = &secs
		}
	}
	for _, t := range root.all("test") {
		test := Test{Name: t.text("name"), Chunks: int(t.get("num_chunks").Int()), ChunkSize: int(t.get("chunk_size").Int())}
		for _, p := range t.all("properties") {
			test.Properties = append(test.Properties, Header{p.text("path"), p.bytes("value")})
		}
		test.RequestHeaders, test.ResponseHeaders = t.invocation("request_headers"), t.invocation("response_headers")
		for _, b := range t.all("request_body") {
			test.RequestBody = append(test.RequestBody, b.asInvocation())
		}
		for _, b := range t.all("response_body") {
			test.ResponseBody = append(test.ResponseBody, b.asInvocation())
		}
		test.PluginInit, test.StreamInit, test.Teardown = t.expectation("plugin_init"), t.expectation("stream_init"),
			t.expectation("stream_destroy")
		s.Tests = append(s.Tests, test)
	}
	return s, nil
}

// message reads fields by their names.
type message struct{ protoreflect.Message }

func (m message) field(name string) protoreflect.FieldDescriptor {
	return m.Descriptor().Fields().ByName(protoreflect.Name(name))
}
func (m message) has(name string) bool               { return m.Has(m.field(name)) }
func (m message) get(name string) protoreflect.Value { return m.Get(m.field(name)) }
func (m message) text(name string) string            { return m.get(name).String() }
func (m message) bytes(name string) string           { return string(m.get(name).Bytes()) }

func (m message) sub(name string) (message, bool) {
	return message{m.get(name).Message()}, m.has(name)
}

func (m message) all(name string) (all []message) {
	list := m.get(name).List()
	for i := range list.Len() {
		all = append(all, message{list.Get(i).Message()})
	}
	return all
}

func (m message) invocation(name string) *Invocation {
	i, ok := m.sub(name)
	if !ok {
		return nil
	}
	v := i.asInvocation()
	return &v
}

func (m message) asInvocation() (i Invocation) {
	if in, ok := m.sub("input"); ok {
		i.Input = Input{Headers: in.headers("header"), File: in.text("file")}
		if in.has("content") {
			content := in.bytes("content")
			i.Input.Content = &content
		}
	}
	if e := m.expectation("result"); e != nil {
		i.Result = *e
	}
	return i
}

func (m message) headers(name string) (all []Header) {
	for _, h := range m.all(name) {
		all = append(all, Header{h.text("key"), h.bytes("value")})
	}
	return all
}

func (m message) expectation(name string) *Expectation {
	e, ok := m.sub(name)
	if !ok {
		return nil
	}
	x := &Expectation{Has: e.headers("has_header"), No: e.headers("no_header"), Headers: e.matchers("headers"),
		Body: e.matchers("body"), Log: e.matchers("log")}
	if i, ok := e.sub("immediate"); ok {
		x.Immediate = &Immediate{}
		number := func(name string) *uint32 {
			if !i.has(name) {
				return nil
			}
			n := uint32(i.get(name).Uint())
			return &n
		}
		x.Immediate.Status, x.Immediate.GRPCStatus = number("http_status"), number("grpc_status")
		if i.has("details") {
			details := i.text("details")
			x.Immediate.Details = &details
		}
	}
	return x
}

func (m message) matchers(name string) (all []Matcher) {
	for _, s := range m.all(name) {
		w := Matcher{Invert: s.get("invert").Bool(), Regex: s.text("regex"), File: s.text("file")}
		if s.has("exact") {
			exact := s.bytes("exact")
			w.Exact = &exact
		}
		all = append(all, w)
	}
	return all
}
