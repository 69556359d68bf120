package model

import (
	"cmp"
	"encoding/base64"
	"maps"
	"slices"

	"github.com/header-auth/header-auth/conformance/table"
	"github.com/header-auth/header-auth/host/headermap"
)

// Possible says whether a step can be done: whether its stream is open, its call waits, its plugin context exists.
func (w *World) Possible(s table.Step) bool {
	if !w.Case.Start.Accepted {
		return false
	}
	open := w.streams[s.StreamName()]
	switch {
	case s.Request != nil:
		more := s.Stream != "" && len(s.Request.Body)+len(s.Request.Trailers) > 0
		return open == nil && w.contexts[cmp.Or(s.Plugin, table.Main)] != nil && (more || !s.HeadersOnly)
	case s.StreamName() == "":
		return s.Answer == nil || slices.ContainsFunc(w.Waiting(), func(call int) bool {
			return s.Answer.Call == 0 || s.Answer.Call == call
		})
	case open == nil:
		return false
	case s.Upload != "":
		return open.arriving
	case s.Respond != "": // an upstream answers a request that it has received, once
		return !open.arriving && !open.responded && open.decision != table.Hold
	}
	return true
}

// Open are the names of the streams that are open.
func (w *World) Open() []string { return slices.Sorted(maps.Keys(w.streams)) }

// Plugins are the names of the plugin contexts.
func (w *World) Plugins() []string { return slices.Sorted(maps.Keys(w.contexts)) }

// Waiting are the numbers of the calls that wait for an answer.
func (w *World) Waiting() []int {
	var all []int
	for i, call := range w.calls {
		if !call.done {
			all = append(all, i+1)
		}
	}
	return all
}

// Key is a header with which a plugin context allows a request.
func (w *World) Key(plugin string) headermap.Header {
	c := w.contexts[plugin].config
	if c.basic == nil {
		return headermap.Header{Name: c.header, Value: c.values[0]}
	}
	user := slices.Sorted(maps.Keys(c.basic.users))[0]
	return headermap.Header{Name: "authorization",
		Value: "Basic " + base64.StdEncoding.EncodeToString([]byte(user+":"+c.basic.users[user]))}
}

// Reached are the parts of the contract that were used so far.
func (w *World) Reached() []string { return slices.Sorted(maps.Keys(w.host.reached)) }
