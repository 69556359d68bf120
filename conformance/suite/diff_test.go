package suite

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/header-auth/header-auth/conformance/table"
	"github.com/header-auth/header-auth/host/headermap"
	"github.com/header-auth/header-auth/report"
)

func TestDiff(t *testing.T) {
	changed := func(change func(o *Observation)) Observation {
		o := allowed()
		change(&o)
		return o
	}
	line := func(text string) Observation {
		return changed(func(o *Observation) { first(o).Logs[0].Text = text })
	}
	tests := []struct {
		name string
		seen []Seen
		want []report.Divergence
	}{
		{"one build", []Seen{{"a", allowed()}}, nil},
		{"equal", []Seen{{"a", allowed()}, {"b", allowed()}}, nil},
		{"one differs", []Seen{{"a", line("x")}, {"b", allowed()}, {"c", allowed()}},
			[]report.Divergence{{Field: "log lines", Sides: []report.Side{{Builds: []string{"b", "c"}, Value: "info hello"},
				{Builds: []string{"a"}, Value: "info x"}}}}},
		{"all differ", []Seen{{"a", line("x")}, {"b", line("y")}, {"c", line("z")}},
			[]report.Divergence{{Field: "log lines", Sides: []report.Side{{Builds: []string{"a"}, Value: "info x"},
				{Builds: []string{"b"}, Value: "info y"}, {Builds: []string{"c"}, Value: "info z"}}}}},
		{"memory is no divergence", []Seen{{"a", allowed()}, {"b", changed(func(o *Observation) { o.Steps[0].Growth = 7 })}},
			nil},
		{"the text of a trap is no divergence", []Seen{
			{"a", changed(func(o *Observation) { o.Failure = &Failure{Kind: "trapped", In: "f", Reason: "x"} })},
			{"b", changed(func(o *Observation) { o.Failure = &Failure{Kind: "trapped", In: "f", Reason: "y"} })}}, nil},
		{"one step fewer",
			[]Seen{{"a", allowed()}, {"b", changed(func(o *Observation) { o.Steps = nil; o.Good = allowed().Good })}},
			[]report.Divergence{
				{Field: "decision", Sides: []report.Side{{Builds: []string{"a"}, Value: "allow"},
					{Builds: []string{"b"}, Value: "not reached"}}},
				{Field: "on_request_headers returned", Sides: []report.Side{{Builds: []string{"a"}, Value: "Continue"},
					{Builds: []string{"b"}, Value: "not reached"}}},
				{Field: "on_response_headers returned", Sides: []report.Side{{Builds: []string{"a"}, Value: "Continue"},
					{Builds: []string{"b"}, Value: "not reached"}}},
				{Field: "local reply", Sides: []report.Side{{Builds: []string{"a"}, Value: ""},
					{Builds: []string{"b"}, Value: "not reached"}}},
				{Field: "forwarded", Sides: []report.Side{{Builds: []string{"a"}, Value: ":method: GET\n:path: /\nallow: " +
					"true\n\nab\n\nt: 1\ncomplete"}, {Builds: []string{"b"}, Value: "not reached"}}},
				{Field: "client", Sides: []report.Side{{Builds: []string{"a"}, Value: ":status: 200\nx: y\n\nok\n\nu: 2\ncomplete"},
					{Builds: []string{"b"}, Value: "not reached"}}},
				{Field: "log lines", Sides: []report.Side{{Builds: []string{"a"}, Value: "info hello"},
					{Builds: []string{"b"}, Value: ""}}},
			}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, Diff(test.seen)); diff != "" {
				t.Errorf("divergences (-want +got):\n%s", diff)
			}
		})
	}
}

// TestDiffNotices changes one field at a time.
func TestDiffNotices(t *testing.T) {
	tests := []struct {
		field  string
		change func(o *Observation)
	}{
		{"configuration: verdict", func(o *Observation) { o.Start.Accepted = false }},
		{"configuration: log lines", func(o *Observation) { o.Start.Logs = []table.Log{{Level: "error", Text: "x"}} }},
		{"decision", func(o *Observation) { first(o).Decision = "hold" }},
		{"on_request_headers returned", func(o *Observation) { first(o).RequestAction = "Continue" }},
		{"on_response_headers returned", func(o *Observation) { first(o).ResponseAction = "Pause" }},
		{"local reply", func(o *Observation) { first(o).Reply.Details = "x" }},
		{"local reply", func(o *Observation) { first(o).Reply.GRPCStatus = grpc(8) }},
		{"local reply", func(o *Observation) { first(o).Reply = nil }},
		{"forwarded", func(o *Observation) { first(o).Upstream.Reset = true }},
		{"client", func(o *Observation) { first(o).Client.Trailers = headermap.Of("a", "b") }},
		{"client", func(o *Observation) { first(o).Client.Body = "x" }},
		{"log lines", func(o *Observation) { first(o).Logs[0].Level = "info" }},
		{"outgoing calls", func(o *Observation) { first(o).Calls = []table.Call{{TimeoutMS: 1}} }},
		{"metrics", func(o *Observation) { o.Steps[0].Metrics = []table.Metric{{Kind: "Counter", Name: "a", Value: 1}} }},
		{"good request afterwards: log lines", func(o *Observation) { o.Good.Logs = []table.Log{{Level: "info", Text: ""}} }},
		{"virtual machine", func(o *Observation) { o.Failure = &Failure{} }},
	}
	for _, test := range tests {
		t.Run(test.field, func(t *testing.T) {
			o := refused()
			test.change(&o)
			got := Diff([]Seen{{"a", refused()}, {"b", o}})
			if len(got) != 1 || got[0].Field != test.field {
				t.Errorf("divergences %+v, want one in %s", got, test.field)
			}
		})
	}
}

func TestDiffOfRepetitions(t *testing.T) {
	repeated := func(times ...int) Observation {
		o := allowed()
		run := o.Steps[0].Runs[0]
		o.Steps[0].Runs = nil
		for i, n := range times {
			run.Times = n
			run.Logs = []table.Log{{Level: "info", Text: []string{"even", "odd"}[i%2]}}
			o.Steps[0].Runs = append(o.Steps[0].Runs, run)
		}
		return o
	}
	got := Diff([]Seen{{"a", repeated(10)}, {"b", repeated(4, 6)}})
	want := []report.Divergence{{Field: "repetition 5: log lines",
		Sides: []report.Side{{Builds: []string{"a"}, Value: "info even"}, {Builds: []string{"b"}, Value: "info odd"}}}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("divergences (-want +got):\n%s", diff)
	}
	if got := Diff([]Seen{{"a", repeated(4, 6)}, {"b", repeated(4, 6)}}); got != nil {
		t.Errorf("equal repetitions diverge: %+v", got)
	}
}
