package suite

import (
	"fmt"
	"hash/maphash"
	"slices"
	"strconv"
	"strings"

	"github.com/header-auth/header-auth/conformance/table"
	"github.com/header-auth/header-auth/host"
	"github.com/header-auth/header-auth/host/headermap"
)

// grpcCalls follow the gRPC calls of a VM.
type grpcCalls struct {
	open []grpcCall // on which more may happen
	seen int        // of the VM's calls
}

// grpcCall is a call with what was seen of it so far.
type grpcCall struct {
	*host.GrpcCall
	number, messages int
	ended, cancelled bool
}

// did is what the plugin did on gRPC calls since the last time: first on those made before, then the new ones. made
// counts all that were made.
func (g *grpcCalls) did(vm *host.VM, made *int) (all []table.GRPC) {
	calls := vm.GrpcCalls()
	if len(g.open) == 0 && len(calls) == g.seen {
		return nil
	}
	for i := range g.open {
		c := &g.open[i]
		if d, more := c.did(); more {
			d.Call = c.number
			all = append(all, d)
		}
	}
	for _, c := range calls[min(g.seen, len(calls)):] {
		*made++
		n := grpcCall{GrpcCall: c, number: *made}
		d, _ := n.did()
		d.Cluster, d.Service, d.Method, d.Metadata = c.Cluster+c.Target, c.Service, c.Method, c.Metadata
		if d.Stream = c.Streaming; !d.Stream {
			d.TimeoutMS = int(c.Timeout.Milliseconds())
		}
		all = append(all, d)
		g.open = append(g.open, n)
	}
	g.seen = len(calls)
	g.open = slices.DeleteFunc(g.open, func(c grpcCall) bool {
		return c.Cancelled || c.Done && (!c.Streaming || c.HalfEnded)
	})
	return all
}

func (c *grpcCall) did() (d table.GRPC, something bool) {
	d.Messages = slices.Clone(c.Messages[c.messages:])
	d.Ended, d.Cancelled = c.Streaming && c.HalfEnded && !c.ended, c.Cancelled && !c.cancelled
	c.messages, c.ended, c.cancelled = len(c.Messages), c.ended || d.Ended, c.Cancelled
	return d, len(d.Messages) > 0 || d.Ended || d.Cancelled
}

// forget begins anew: calls are counted from 1.
func (g *grpcCalls) forget(vm *host.VM) { *g = grpcCalls{seen: len(vm.GrpcCalls())} }

// find is the call of a number that waits, 0 for the oldest.
func (g *grpcCalls) find(number int) *host.GrpcCall {
	for i := range g.open {
		if c := &g.open[i]; !c.Done && (number == 0 || number == c.number) {
			return c.GrpcCall
		}
	}
	return nil
}

// answerGRPC answers a gRPC call that waits. It returns why it could not, "" if it could.
func (r *run) answerGRPC(a *table.Answered) string {
	vm, c := r.vm, r.grpc.find(a.Call)
	for i := 0; c == nil && i < len(r.machines); i++ {
		vm, c = r.machines[i].vm, r.machines[i].grpc.find(a.Call)
	}
	switch {
	case c == nil && a.Call > 0 && a.Call <= r.grpcMade:
		return "the gRPC call is done already"
	case c == nil:
		return "no such gRPC call waits"
	case !c.Streaming && len(a.Messages) > 1:
		return fmt.Sprintf("the gRPC call is no stream, and takes one message, not %d", len(a.Messages))
	}
	for _, e := range grpcEvents(c, &a.Answer) {
		if c.Done || vm.AnswerGrpc(c.Token, e) != nil { // a failure of the VM is looked for later
			break
		}
	}
	return ""
}

// answerGRPC is what the script of a cluster says to a call.
func (u *upstreams) answerGRPC(c *host.GrpcCall) []host.GrpcEvent {
	if a, _ := u.Take(c.Cluster, true); a != nil {
		return grpcEvents(c, a)
	}
	return nil
}

// grpcEvents are what the plugin gets of an answer. A stream gets metadata before the first message, and before its
// close, as Envoy reads them from headers and trailers of a server (Envoy, source/common/grpc/async_client_impl.cc).
func grpcEvents(c *host.GrpcCall, a *table.Answer) (events []host.GrpcEvent) {
	if a.Kind != table.Answers {
		failure := failures[a.Kind]
		if a.Kind == table.Reset {
			failure = host.CallReset
			if !c.Answered { // the headers have come
				events = append(events, host.GrpcEvent{Kind: host.GrpcInitialMetadata, Metadata: grpcHeaders})
			}
		}
		return append(events, host.GrpcEvent{Failure: failure})
	}
	closes := host.GrpcEvent{Kind: host.GrpcClose, Status: uint32(a.Status), StatusMessage: a.StatusMessage}
	if !c.Streaming {
		if len(a.Messages) == 0 || a.Status != 0 {
			return []host.GrpcEvent{closes}
		}
		return []host.GrpcEvent{{Kind: host.GrpcMessage, Message: a.Messages[0]}}
	}
	initial, trailing := slices.Concat(grpcHeaders, a.Headers), slices.Clone(a.Trailers)
	if a.Closes {
		trailing = append(trailing, headermap.Header{Name: "grpc-status", Value: strconv.Itoa(a.Status)})
		if a.StatusMessage != "" {
			trailing = append(trailing, headermap.Header{Name: "grpc-message", Value: a.StatusMessage})
		}
	}
	if !c.Answered {
		if a.Closes && len(a.Messages) == 0 && a.Headers == nil { // the server's only headers are its trailers
			initial, trailing = nil, slices.Concat(initial, trailing)
		}
		events = append(events, host.GrpcEvent{Kind: host.GrpcInitialMetadata, Metadata: initial})
	}
	for _, m := range a.Messages {
		events = append(events, host.GrpcEvent{Kind: host.GrpcMessage, Message: m})
	}
	if a.Closes {
		events = append(events, host.GrpcEvent{Kind: host.GrpcTrailingMetadata, Metadata: trailing}, closes)
	}
	return events
}

// grpcHeaders begin the answer of a server.
var grpcHeaders = headermap.Of(":status", "200", "content-type", "application/grpc")

// resolvedGRPC are the wanted calls, with each part that is a pattern replaced by the observed one if it matches.
func resolvedGRPC(wanted []table.WantedGRPC, got []table.GRPC) []table.GRPC {
	all := make([]table.GRPC, len(wanted))
	for i, w := range wanted {
		var g table.GRPC
		if i < len(got) {
			g = got[i]
		}
		r := &all[i]
		*r = table.GRPC{Call: w.Call, Stream: w.Stream, TimeoutMS: w.TimeoutMS, Ended: w.Ended, Cancelled: w.Cancelled}
		if w.Call == 0 {
			r.Cluster, r.Service, r.Method = resolvedValue(w.Cluster, g.Cluster), resolvedValue(w.Service, g.Service),
				resolvedValue(w.Method, g.Method)
		} else {
			r.Stream = g.Stream // it was said when the call was made
		}
		if w.AnyTimeout {
			r.TimeoutMS = g.TimeoutMS
		}
		if w.Metadata != nil {
			r.Metadata = observedOr("(metadata)", w.Metadata, g.Metadata)
		}
		for n, m := range w.Messages {
			value := ""
			if n < len(g.Messages) {
				value = string(g.Messages[n])
			} else if m.Form == table.AnyValue || m.Match("") { // there is no message that it could be right for
				r.Messages = append(r.Messages, []byte(m.String()))
				continue
			}
			r.Messages = append(r.Messages, []byte(resolvedValue(m, value)))
		}
	}
	return all
}

func renderGRPC(calls []table.GRPC) string {
	var lines []string
	for _, c := range calls {
		what := quote(c.Cluster) + "/" + quote(c.Service) + "/" + quote(c.Method)
		switch {
		case c.Call > 0:
			lines = append(lines, fmt.Sprintf("on gRPC call %d", c.Call))
		case c.Stream:
			lines = append(lines, "gRPC stream to "+what)
		default:
			lines = append(lines, fmt.Sprintf("gRPC call to %s, time-out %d ms", what, c.TimeoutMS))
		}
		if text := renderHeaders(c.Metadata); text != "" {
			lines = append(lines, "  "+strings.ReplaceAll(text, "\n", "\n  "))
		}
		for _, m := range c.Messages {
			lines = append(lines, "  message "+quote(string(m)))
		}
		if c.Ended {
			lines = append(lines, "  no message follows")
		}
		if c.Cancelled {
			lines = append(lines, "  given up")
		}
	}
	return strings.Join(lines, "\n")
}

func digestGRPC(h *maphash.Hash, calls []table.GRPC) {
	number(h, uint64(len(calls)))
	if len(calls) > 0 {
		text(h, renderGRPC(calls))
	}
}
