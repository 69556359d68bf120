package suite

import (
	"github.com/header-auth/header-auth/conformance/table"
	"github.com/header-auth/header-auth/host/headermap"
)

// EnvoyAnswer is what the client gets in place of a response that fails, unless the plugin changes it: the headers,
// without those of HostOwned, and what its body is. body is nil when the response does not fail.
func EnvoyAnswer(r *table.Request) (headers []headermap.Header, body *table.Pattern) {
	if r.Response.Failed == "" {
		return nil, nil
	}
	a := envoyAnswers[r.Response.Failed]
	status, text := a.status, table.Exact(a.text)
	if a.reason != "" { // what follows it is not the same in all versions of Envoy
		text = table.Pattern{Form: table.Contains, Text: "reset reason: " + a.reason}
	}
	switch {
	case isGRPC(r):
		status, text = "200", table.Exact("")
	case isHEAD(r):
		text = table.Exact("")
	}
	return headermap.Of(":status", status), &text
}

// envoyAnswers are Envoy's answers in the place of an upstream (Envoy, source/common/router/router.cc).
var envoyAnswers = map[table.AnswerKind]struct{ status, text, reason string }{
	table.NoHost:       {"503", "no healthy upstream", ""},
	table.TimedOut:     {"504", "upstream request timeout", ""},
	table.Refused:      {"503", "", "remote connection failure"},
	table.NotConnected: {"503", "", "connection timeout"},
	table.Closed:       {"503", "", "connection termination"},
	table.Reset:        {"503", "", "remote reset"},
	table.Garbage:      {"502", "", "protocol error"},
}
