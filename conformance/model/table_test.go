package model_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/header-auth/header-auth/conformance/model"
	"github.com/header-auth/header-auth/conformance/table"
	"github.com/header-auth/header-auth/host/headermap"
)

// TestTheTableSaysWhatTheModelSays compares what every case wants with what the model expects.
func TestTheTableSaysWhatTheModelSays(t *testing.T) {
	cases, err := table.Load("../cases")
	if err != nil {
		t.Fatal(err)
	}
	if cases.Len() < 200 {
		t.Fatalf("%d cases, expected the whole table", cases.Len())
	}
	for _, c := range cases.Cases() {
		t.Run(c.ID, func(t *testing.T) {
			if diff := cmp.Diff(essence(c), essence(model.Expect(c)), cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("-table +model:\n%s%s", diff, c.Position)
			}
		})
	}
}

// essence is what a case wants, with each list of headers in full.
func essence(c table.Case) []any {
	s := c.Start
	all := []any{s.Accepted, table.Want{Logs: s.Logs, Calls: s.Calls, Metrics: s.Metrics, TickEvery: s.TickEvery}}
	requests := map[string]*table.Request{}
	for _, s := range c.Steps {
		w := s.Want
		if s.Stream != "" {
			requests[s.Stream] = s.Request
		}
		request := s.Request
		if request == nil {
			request = requests[s.StreamName()]
		}
		w = written(w, request)
		w.Streams = slices.Clone(w.Streams)
		for i, other := range w.Streams {
			w.Streams[i].Want = written(other.Want, requests[other.Stream])
		}
		all = append(all, w)
	}
	return all
}

// written is a want with its headers in full. Of a refusal the response is not compared, because cases do not say what
// Envoy itself adds to it.
func written(w table.Want, r *table.Request) table.Want {
	w.MemoryBounded, w.MemoryGrowth = false, 0
	if w.Reply != nil {
		reply := *w.Reply
		reply.GRPCStatus, reply.Details = nil, ""
		w.Reply = &reply
	}
	if w.Logs.Any {
		w.Logs = table.Logs{}
	}
	if w.Decision == table.Allow {
		w.Forwarded = inFull(w.Forwarded, w.ForwardedEdit, r.Headers)
		w.Response = inFull(w.Response, w.ResponseEdit, r.Response.Headers)
	} else {
		w.Response = nil
	}
	w.ForwardedEdit, w.ResponseEdit, w.ResponseIs = nil, nil, ""
	return w
}

func inFull(whole []headermap.Header, edit *table.Edit, sent []headermap.Header) []headermap.Header {
	if whole != nil {
		return sorted(whole)
	}
	all := sorted(sent)
	if edit != nil {
		all = slices.DeleteFunc(all, func(h headermap.Header) bool {
			return slices.Contains(edit.Remove, h.Name) ||
				slices.ContainsFunc(edit.Set, func(set headermap.Header) bool { return set.Name == h.Name })
		})
		all = append(append(all, edit.Add...), edit.Set...)
	}
	return sorted(all)
}

// sorted sorts headers by their names in lower case, because Envoy decides where a header that is set goes.
func sorted(headers []headermap.Header) []headermap.Header {
	all := slices.Clone(headers)
	for i := range all {
		all[i].Name = strings.ToLower(all[i].Name)
	}
	slices.SortStableFunc(all, func(a, b headermap.Header) int { return strings.Compare(a.Name, b.Name) })
	return all
}
