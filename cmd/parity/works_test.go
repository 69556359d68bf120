package main

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/header-auth/header-auth/bench"
	"github.com/header-auth/header-auth/conformance/suite"
	"github.com/header-auth/header-auth/conformance/table"
	"github.com/header-auth/header-auth/deploy"
	"github.com/header-auth/header-auth/host"
	"github.com/header-auth/header-auth/internal/redteam"
	"github.com/header-auth/header-auth/report"
)

// endless is a module that does not return from a callback, and can't be ended inside the process.
func endless(t *testing.T, at redteam.Place) []byte {
	t.Helper()
	k := redteam.Kinds()[1]
	if k.Name != "tail call" {
		t.Fatalf("the kind is %s", k.Name)
	}
	return k.Module(at)
}

var shortDeadline = host.Options{Deadline: 200 * time.Millisecond}

// TestDeployOfAnEndlessPlugin: a plugin that does not return from its configuration refuses it, and says where.
func TestDeployOfAnEndlessPlugin(t *testing.T) {
	runner := newRunner(shortDeadline, 1)
	defer runner.Close()
	plugin, err := runner.Compile(t.Context(), endless(t, "proxy_on_configure"), nil)
	if err != nil {
		t.Fatal(err)
	}
	var refused *deploy.RefusedError
	if err := startsWith(t.Context(), plugin, []byte("{}")); !errors.As(err, &refused) || !strings.Contains(refused.Line,
		"proxy_on_configure: the call took longer than 200ms") {
		t.Errorf("%v, want that proxy_on_configure took too long", err)
	}
}

// TestEndlessMutant: a mutant that does not return fails its case, and the next one is judged.
func TestEndlessMutant(t *testing.T) {
	engine, done := mutantEngine(shortDeadline)
	defer done()
	c := allowOnce()
	for _, interpreted := range []bool{true, false} {
		for name, wasm := range map[string][]byte{"endless": endless(t, "proxy_on_request_headers"),
			"good": guest().Bytes()} {
			m, err := engine(t.Context(), wasm, interpreted)
			if err != nil {
				t.Fatal(err)
			}
			seen, err := m.Observe(t.Context(), &c, nil)
			if err != nil || (seen.Failure != nil && seen.Failure.Ends()) != (name == "endless") {
				t.Errorf("%s, interpreted %t: %v, %+v", name, interpreted, err, seen.Failure)
			}
		}
	}
}

// TestHang: the callback that does not come back is found again, also when it is a late one, and be it the allocator.
func TestHang(t *testing.T) {
	b := benchmark{options: shortDeadline}
	c := allowOnce()
	for name, test := range map[string]struct {
		wasm []byte
		want string // "": it comes back
	}{
		"late":      {modules()["stuck.wasm"], "proxy_on_request_headers: the call took longer than 200ms"},
		"allocator": {endless(t, "malloc"), "malloc: the call took longer than 200ms"},
		"good":      {guest().Bytes(), ""},
	} {
		if name == "late" {
			c.Steps[0].Want = table.Want{Decision: table.Refuse, Reply: &table.Reply{Status: 403, Body: "no"},
				Logs: table.Logs{Any: true}}
		} else {
			c = allowOnce()
		}
		s := bench.Subject{Subject: suite.Subject{Build: report.Build{Name: name}, Wasm: test.wasm}}
		if err := b.hang(t.Context(), s, &c, 1000); (err == nil) != (test.want == "") || err != nil &&
			!strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: %v, want %q", name, err, test.want)
		}
	}
}

// allowOnce is a case of one request that is let pass.
func allowOnce() table.Case {
	return table.Case{ID: "all/get", Start: table.Start{Accepted: true}, AnyAction: true, Steps: []table.Step{{Times: 1,
		Request: &table.Request{
			Message: table.Message{Headers: []host.Header{{Name: ":method", Value: "GET"}, {Name: ":path", Value: "/"},
				{Name: ":authority", Value: "a.example"}}},
			Response: table.Message{Headers: []host.Header{{Name: ":status", Value: "200"}}},
		},
		Want: table.Want{Decision: table.Allow, Logs: table.Logs{Any: true}}}}}
}
