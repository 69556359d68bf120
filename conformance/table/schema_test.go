package table_test

import (
	"encoding/json"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/google/go-cmp/cmp"
	"github.com/header-auth/header-auth/conformance/table"
	"github.com/santhosh-tekuri/jsonschema/v6"
)

// The schemas are written by hand, because an editor shows their descriptions and because struct tags cannot express
// all of them (a case with a refused start has no steps). These tests compare them with the loader.

func TestSchemaAcceptsTheTable(t *testing.T) {
	for _, path := range yamlFiles(t, cases) {
		name := "schema.json"
		if filepath.Base(path) == "contract.yaml" {
			name = "contract.schema.json"
		}
		if err := schema(t, name).Validate(document(t, read(t, path))); err != nil {
			t.Errorf("%s: %v", path, err)
		}
	}
}

// TestSchemaKeys: every key of every mapping is in the schema and the loader, and required in both or in none.
func TestSchemaKeys(t *testing.T) {
	type definition struct {
		Properties map[string]any `json:"properties"`
		Required   []string       `json:"required"`
	}
	definitions := map[string]definition{}
	for _, name := range []string{"schema.json", "contract.schema.json"} {
		var file struct {
			Definitions map[string]definition `json:"$defs"`
		}
		if err := json.Unmarshal([]byte(read(t, filepath.Join(cases, name))), &file); err != nil {
			t.Fatal(err)
		}
		for key, d := range file.Definitions {
			if len(d.Properties) > 0 {
				definitions[key] = d
			}
		}
	}
	for _, shape := range table.Shapes {
		d, ok := definitions[shape.Name]
		if !ok {
			t.Errorf("%s: in the loader and not in the schemas", shape.Name)
			continue
		}
		delete(definitions, shape.Name)
		var keys []string
		for key := range d.Properties {
			keys = append(keys, key)
		}
		slices.Sort(keys)
		if diff := cmp.Diff(slices.Sorted(slices.Values(shape.Keys)), keys); diff != "" {
			t.Errorf("%s: keys (-loader +schema):\n%s", shape.Name, diff)
		}
		if diff := cmp.Diff(shape.Required, d.Required); diff != "" {
			t.Errorf("%s: required keys (-loader +schema):\n%s", shape.Name, diff)
		}
	}
	for name := range definitions {
		t.Errorf("%s: in the schemas and not in the loader", name)
	}
}

// TestBothRefuse: the schema and the loader refuse documents with one error each.
func TestBothRefuse(t *testing.T) {
	// Each puts its text into a case without other errors. Errors that only a whole table can have are not here.
	inCase := func(keys string) string { return "breaks: Nothing.\ncases: [{" + keys + "}]\n" }
	inStep := func(step string) string {
		return inCase(`id: a/one, clauses: ["1"], why: It has to., config: c, steps: [` + step + `]`)
	}
	inRequest := func(request string) string { return inStep(`{request: ` + request + `, want: {decision: allow}}`) }
	inWant := func(want string) string { return inStep(`{request: {}, want: ` + want + `}`) }
	inValue := func(value string) string { return inRequest(`{headers: [[a, ` + value + `]]}`) }
	for name, text := range map[string]string{
		"list":               `- a`,
		"unknown key":        "breaks: a\nbreak: b\ncases: [{id: a/one, clauses: [\"1\"], why: w, start: {accepted: false}}]",
		"no cases":           "breaks: a\ncases: []",
		"empty breaks":       "breaks: ' '\ncases: [{id: a/one, clauses: [\"1\"], why: w, start: {accepted: false}}]",
		"no clauses":         inCase(`id: a/one, clauses: [], why: w, start: {accepted: false}`),
		"clause twice":       inCase(`id: a/one, clauses: ["1", "1"], why: w, start: {accepted: false}`),
		"clause a number":    inCase(`id: a/one, clauses: [1], why: w, start: {accepted: false}`),
		"id without group":   inCase(`id: one, clauses: ["1"], why: w, start: {accepted: false}`),
		"id in capitals":     inCase(`id: a/One, clauses: ["1"], why: w, start: {accepted: false}`),
		"no steps":           inCase(`id: a/one, clauses: ["1"], why: w`),
		"steps empty":        inCase(`id: a/one, clauses: ["1"], why: w, steps: []`),
		"steps when refused": inCase(`id: a/one, clauses: ["1"], why: w, steps: [], start: {accepted: false}`),
		"good when refused":  inCase(`id: a/one, clauses: ["1"], why: w, good: {}, start: {accepted: false}`),
		"start unsaid":       inCase(`id: a/one, clauses: ["1"], why: w, start: {logs: []}`),
		"no reason": inCase(
			`id: a/one, clauses: ["1"], why: w, steps: [{request: {}, want: {decision: allow}}], good: {none: ""}`),
		"no want":             inStep(`{request: {}}`),
		"nothing done":        inStep(`{want: {}}`),
		"two things done":     inStep(`{request: {}, advance: 1s, want: {decision: allow}}`),
		"times zero":          inStep(`{request: {}, times: 0, want: {decision: allow}}`),
		"times a text":        inStep(`{request: {}, times: "2", want: {decision: allow}}`),
		"advance decided":     inStep(`{advance: 1s, want: {decision: allow}}`),
		"undecided":           inWant(`{}`),
		"unknown decision":    inWant(`{decision: deny}`),
		"refuse no reply":     inWant(`{decision: refuse}`),
		"allow and reply":     inWant(`{decision: allow, reply: "no"}`),
		"hold and forwarded":  inWant(`{decision: hold, forwarded: []}`),
		"hold and response":   inWant(`{decision: hold, response: []}`),
		"half a reply":        inWant(`{decision: refuse, reply: {status: 403}}`),
		"logs a word":         inWant(`{decision: allow, logs: none}`),
		"unknown level":       inWant(`{decision: allow, logs: [{loud: a}]}`),
		"two levels":          inWant(`{decision: allow, logs: [{info: a, warn: a}]}`),
		"size a number":       inWant(`{decision: allow, memory: {grows_at_most: 1}}`),
		"size without unit":   inWant(`{decision: allow, memory: {grows_at_most: "1"}}`),
		"upload of no stream": inStep(`{upload: A, want: {decision: allow}}`),
		"stream of no step":   inStep(`{advance: 1s, stream: a, want: {}}`),
		"stream many times":   inStep(`{request: {}, stream: a, times: 2, want: {decision: allow}}, {close: a, want: {decision: allow}}`),
		"send alone":          inStep(`{request: {body: [a]}, send: headers, want: {decision: allow}}`),
		"send all":            inStep(`{request: {body: [a]}, stream: a, send: all, want: {decision: allow}}, {close: a, want: {decision: allow}}`),
		"finish undecided":    inStep(`{request: {}, stream: a, want: {decision: allow}}, {finish: a, want: {}}`),
		"answer and failed":   inStep(`{answer: {failed: refused, body: a}, want: {}}`),
		"reset and failed":    inStep(`{answer: {failed: refused, reset: true}, want: {}}`),
		"failed otherwise":    inStep(`{answer: {failed: reset}, want: {}}`),
		"answer and reset":    inStep(`{answer: {reset: true, status: 200}, want: {}}`),
		"answer many times":   inStep(`{answer: {}, times: 2, want: {}}`),
		"answer of no case":   inStep(`{answer: {call: 0}, want: {}}`),
		"answer, no headers":  inStep(`{answer: {exact: true}, want: {}}`),
		"jump of a number":    inStep(`{jump: 5, want: {}}`),
		"accepted elsewhere":  inStep(`{advance: 1s, want: {accepted: true}}`),
		"decision elsewhere":  inStep(`{configure: {}, want: {decision: allow}}`),
		"cluster unknown":     inStep(`{request: {}, clusters: {a: full}, want: {decision: allow}}`),
		"cluster of nothing":  inStep(`{request: {}, clusters: {a: []}, want: {decision: allow}}`),
		"answer not exact":    inStep(`{request: {}, clusters: {a: {exact: true, status: 200, headers: []}}, want: {decision: allow}}`),
		"policy unknown":      inCase(`id: a/one, clauses: ["1"], why: w, failure_policy: open, steps: [{request: {}, want: {decision: allow}}]`),
		"trap, accepted":      inCase(`id: a/one, clauses: ["1"], why: w, start: {accepted: true, trap: proxy_on_configure}, steps: [{request: {}, want: {decision: allow}}]`),
		"trap nowhere":        inWant(`{decision: allow, trap: on_log}`),
		"edit of nothing":     inWant(`{decision: allow, forwarded: {}}`),
		"edit unknown":        inWant(`{decision: allow, response: {append: []}}`),
		"response odd":        inWant(`{decision: allow, response: all}`),
		"response of a fail":  inWant(`{decision: fail, response: failed}`),
		"call without":        inWant(`{decision: allow, calls: [{cluster: a, headers: []}]}`),
		"calls a name":        inWant(`{decision: allow, calls: a}`),
		"metric a text":       inWant(`{decision: allow, metrics: {a: b}}`),
		"metric of two":       inWant(`{decision: allow, metrics: {a: {gauge: 1, counter: 1}}}`),
		"tick a number":       inWant(`{decision: allow, tick_every: 15}`),
		"streams undecided":   inWant(`{decision: allow, streams: {a: {}}}`),
		"nth of none":         inStep(`{request: {}, faults: [{function: proxy_log, status: 1, nth: 0}], want: {decision: allow}}`),
		"fault of nothing":    inStep(`{request: {}, faults: [{function: proxy_log}], want: {decision: allow}}`),
		"fault of both":       inStep(`{request: {}, faults: [{function: proxy_log, status: 1, bytes: a}], want: {decision: allow}}`),
		"fault of no host":    inStep(`{request: {}, faults: [{function: log, status: 1}], want: {decision: allow}}`),
		"exact, no headers":   inRequest(`{exact: true}`),
		"exact and scheme":    inRequest(`{exact: true, headers: [], scheme: a}`),
		"exact and path":      inRequest(`{exact: true, headers: [], path: /}`),
		"headers a mapping":   inRequest(`{headers: {a: b}}`),
		"pair of one":         inRequest(`{headers: [[a]]}`),
		"pair of three":       inRequest(`{headers: [[a, b, c]]}`),
		"pair without value":  inRequest(`{headers: [{name: a}]}`),
		"value a boolean":     inValue(`true`),
		"value a number":      inValue(`1`),
		"value nothing":       inValue(`null`),
		"bytes of no form":    inValue(`{times: 2}`),
		"bytes of two forms":  inValue(`{text: a, hex: "61"}`),
		"no hex":              inValue(`{hex: "6"}`),
		"no parts":            inValue(`[]`),
		"body a text":         inRequest(`{body: a}`),
		"body of two plans":   inRequest(`{body: {bytes: a, chunks: 1, chunk_size: 1}}`),
		"body of no bytes":    inRequest(`{body: {chunks: 1}}`),
		"chunks of nothing":   inRequest(`{body: {bytes: a, chunk_size: 0}}`),
		"exact and authority": inRequest(`{exact: true, headers: [], authority: a}`),
		"pattern in a value":  inValue(`{contains: a}`),
		"pattern of two":      inWant(`{decision: allow, forwarded: [[a, {contains: a, matches: b}]]}`),
		"pattern of nothing":  inWant(`{decision: allow, forwarded: [[a, {contains: ""}]]}`),
		"pattern any false":   inWant(`{decision: allow, forwarded_body: {any: false}}`),
		"pattern all of none": inWant(`{decision: allow, response_body: {all: []}}`),
		"has beside set":      inWant(`{decision: allow, forwarded: {has: [[a, b]], set: [[c, d]]}}`),
		"lacks three":         inWant(`{decision: allow, response: {lacks: [[a, b, c]]}}`),
		"lacks beside remove": inWant(`{decision: allow, response: {lacks: [a], remove: [b]}}`),
		"reply with an edit":  inWant(`{decision: refuse, reply: {status: any, headers: {add: [[a, b]]}, body: ""}}`),
		"grpc a word":         inWant(`{decision: allow, grpc: none}`),
		"grpc of no kind":     inWant(`{decision: allow, grpc: [{cluster: a, service: b, method: c}]}`),
		"grpc of both kinds":  inWant(`{decision: allow, grpc: [{cluster: a, service: b, method: c, message: d, messages: [e], timeout_ms: 1}]}`),
		"grpc, no method":     inWant(`{decision: allow, grpc: [{cluster: a, service: b, messages: []}]}`),
		"grpc, no time-out":   inWant(`{decision: allow, grpc: [{cluster: a, service: b, method: c, message: d}]}`),
		"stream, a time-out":  inWant(`{decision: allow, grpc: [{cluster: a, service: b, method: c, messages: [d], timeout_ms: 1}]}`),
		"grpc call ended":     inWant(`{decision: allow, grpc: [{cluster: a, service: b, method: c, message: d, timeout_ms: 1, ended: true}]}`),
		"grpc, whose service": inWant(`{decision: allow, grpc: [{call: 1, service: b, messages: [d]}]}`),
		"grpc effect":         inWant(`{decision: allow, effects: [{grpc_call: a/b/c, value: d}]}`),
		"answer of no grpc":   inStep(`{answer: {grpc: {}}, want: {}}`),
		"answer beside grpc":  inStep(`{answer: {grpc: {status: 1}, status: 200}, want: {}}`),
		"cluster beside grpc": inStep(`{request: {}, clusters: {a: {grpc: {status: 1}, status: 200}}, want: {decision: allow}}`),
		"trailing, open":      inStep(`{answer: {grpc: {messages: [a], trailing_metadata: [[b, c]]}}, want: {}}`),
		"grpc failed, text":   inStep(`{answer: {grpc: {failed: refused, message: a}}, want: {}}`),
		"grpc two messages":   inStep(`{answer: {grpc: {message: a, messages: [b]}}, want: {}}`),
		"response unknown":    inRequest(`{response: broken}`),
		"response failed":     inRequest(`{response: {failed: closed}}`),
		"refused late":        inRequest(`{response: {status: 200, failed: refused}}`),
		"failed and trailers": inRequest(`{response: {status: 200, failed: reset, trailers: [[a, b]]}}`),
		"chain of nothing":    inCase(`id: a/one, clauses: ["1"], why: w, chain: {}, steps: [{request: {}, want: {decision: allow}}]`),
		"chain of none":       inCase(`id: a/one, clauses: ["1"], why: w, chain: {before: []}, steps: [{request: {}, want: {decision: allow}}]`),
		"chain elsewhere":     inCase(`id: a/one, clauses: ["1"], why: w, chain: {around: [{}]}, steps: [{request: {}, want: {decision: allow}}]`),
		"chain, no module":    inCase(`id: a/one, clauses: ["1"], why: w, chain: {behind: [{module: ""}]}, steps: [{request: {}, want: {decision: allow}}]`),
		"no base64":           inValue(`{base64: "a"}`),
		"status a word":       inWant(`{decision: refuse, reply: {status: all, headers: [], body: ""}}`),
		"replace, no reply":   inWant(`{decision: replace}`),
		"hold and its body":   inWant(`{decision: hold, response_body: a}`),
		"refuse, forwarded":   inWant(`{decision: refuse, reply: any, forwarded_body: a}`),
		"action unknown":      inWant(`{decision: allow, action: pause}`),
		"action elsewhere":    inStep(`{advance: 1s, want: {action: Pause}}`),
		"logs of nothing":     inWant(`{decision: allow, logs: {}}`),
		"logs has a text":     inWant(`{decision: allow, logs: {has: any}}`),
		"time-out a word":     inWant(`{decision: allow, calls: [{cluster: a, headers: any, timeout_ms: all}]}`),
		"metrics a word":      inWant(`{decision: allow, metrics: none}`),
		"response status":     inRequest(`{response: {status: 99}}`),
	} {
		t.Run(name, func(t *testing.T) {
			if err := schema(t, "schema.json").Validate(document(t, text)); err == nil {
				t.Error("the schema accepts it")
			}
			dir := t.TempDir()
			write(t, dir, "contract.yaml", plain)
			write(t, dir, "zz.yaml", plainCase)
			write(t, dir, "a.yaml", text)
			if _, err := table.Load(dir); err == nil {
				t.Error("the loader accepts it")
			}
		})
	}
}

func TestBothRefuseContract(t *testing.T) {
	for name, text := range map[string]string{
		"no clauses":         "name: a\nclauses: []",
		"strictness unknown": "name: a\nclauses: [{id: \"1\", text: a}]\nstrict: {action: true}",
		"default unknown":    "name: a\nclauses: [{id: \"1\", text: a}]\ndefaults: {steps: []}",
		"no name":            "clauses: [{id: \"1\", text: a}]",
		"clause id a number": "name: a\nclauses: [{id: 1, text: a}]",
		"clause id odd":      "name: a\nclauses: [{id: \"1 \", text: a}]",
		"clause without":     "name: a\nclauses: [{id: \"1\"}]",
		"reply a text":       "name: a\nclauses: [{id: \"1\", text: a}]\nreplies: {no: a}",
		"log named any":      "name: a\nclauses: [{id: \"1\", text: a}]\nlogs: {any: {info: a}}",
		"name in capitals":   "name: a\nclauses: [{id: \"1\", text: a}]\nlogs: {No: {info: a}}",
		"good none":          "name: a\nclauses: [{id: \"1\", text: a}]\ngood: {none: a}",
		"unknown key":        "name: a\nclauses: [{id: \"1\", text: a}]\nlog: {}",
	} {
		t.Run(name, func(t *testing.T) {
			if err := schema(t, "contract.schema.json").Validate(document(t, text)); err == nil {
				t.Error("the schema accepts it")
			}
			dir := t.TempDir()
			write(t, dir, "contract.yaml", text)
			write(t, dir, "zz.yaml", plainCase)
			if _, err := table.Load(dir); err == nil {
				t.Error("the loader accepts it")
			}
		})
	}
}

func schema(t *testing.T, name string) *jsonschema.Schema {
	t.Helper()
	s, err := jsonschema.NewCompiler().Compile(filepath.Join(cases, name))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// document is YAML as JSON values, which a schema validates.
func document(t *testing.T, source string) any {
	t.Helper()
	var tree any
	if err := yaml.Unmarshal([]byte(source), &tree); err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(tree)
	if err != nil {
		t.Fatal(err)
	}
	v, err := jsonschema.UnmarshalJSON(strings.NewReader(string(text)))
	if err != nil {
		t.Fatal(err)
	}
	return v
}
