package probe

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/header-auth/header-auth/host"
	"github.com/header-auth/header-auth/host/abi"
	"github.com/header-auth/header-auth/host/cel"
	"github.com/header-auth/header-auth/host/headermap"
	"github.com/header-auth/header-auth/host/load"
	"github.com/header-auth/header-auth/host/process"
	"github.com/header-auth/header-auth/host/profile"
	"github.com/header-auth/header-auth/host/property"
)

// ours is a script on package host.
type ours struct {
	script *Script
	plugins
	answer Answer

	vms    []*host.VM
	filter []*host.Plugin
	chain  *host.Chain
	logged []logged

	seen   [2]progress // of the upstream and of the client
	chance bool        // what follows is not compared
	calls  [2]int      // of each VM that were shown
	waits  [2][]*host.Call
	grpc   [2][]*grpcCall
}

// grpcCall is a gRPC call and how much of it was shown.
type grpcCall struct {
	*host.GrpcCall
	vm       *host.VM
	messages int
	ended    bool
	metadata bool   // of the answer was given
	whole    bool   // so was its end
	answer   []byte // the last message of an answer to a call that waits for its end
}

// progress is how much of a message was shown.
type progress struct {
	headers, trailers, body int
	copies                  int // that have begun beside it
	ended, reset            bool
}

var policies = map[string]host.FailurePolicy{"": host.FailClosed, "fail_closed": host.FailClosed,
	"fail_open": host.FailOpen, "fail_reload": host.FailReload, "legacy_fail_open": host.LegacyFailOpen}

// refused is the answer of a script whose plugin is not taken.
const refused = "refused"

// Ours runs a script on package host.
func Ours(ctx context.Context, s *Script, p profile.Profile) (Answer, error) {
	o := &ours{script: s, plugins: build(s, probeName)}
	shared, metrics := process.NewShared(), process.NewMetrics()
	clock := host.NewManualClock(time.Unix(1_700_000_000, 0))
	for i, m := range o.plugins {
		compiled, err := host.Compile(ctx, m.Wasm, host.Options{Profile: p, Interpreter: true, Expressions: expressions})
		var fault *load.Error
		if errors.As(err, &fault) {
			return Answer{refused}, nil
		} else if err != nil {
			return nil, err
		}
		defer compiled.Close(ctx)
		vm, err := compiled.NewVM(ctx, host.VMConfig{ID: pluginName(probeName, i), LogLevel: abi.LogInfo,
			Clock: clock, Shared: shared, Metrics: metrics,
			Node: &property.Node{ID: "parity", Cluster: "parity"}, Clusters: cluster,
			Log: func(l host.LogLine) { o.logged = append(o.logged, logged{i > 0, l.Text}) }})
		if err != nil {
			return Answer{refused}, nil
		}
		defer vm.Close(ctx)
		o.vms = append(o.vms, vm)
	}
	for i, vm := range o.vms {
		plugin, err := vm.NewPlugin(ctx, host.PluginConfig{Name: pluginName(probeName, i),
			Configuration: []byte("configuration"), FailurePolicy: policies[s.Policy],
			AllowOnHeadersStopIteration: s.StopIteration, BufferLimit: s.Limit,
			Properties: map[string]any{"xds.cluster_name": probeName + upstreamSuffix, "xds.virtual_host_name": "all"}})
		if err != nil {
			if o.crashed() {
				return Answer{"> start", Crash}, nil
			}
			return Answer{refused}, nil
		}
		o.filter = append(o.filter, plugin)
	}
	o.take("start")
	for _, e := range s.Events {
		if o.event(e); o.crashed() {
			return append(o.answer, Crash), nil
		} else if o.chance {
			return append(o.answer, Undecided), nil
		}
	}
	if o.chain != nil {
		if o.event(Event{Kind: Leave}); o.crashed() {
			return append(o.answer, Crash), nil
		}
	}
	return o.answer, nil
}

// expressions are compiled for all scripts.
var expressions = cel.New()

// Clusters of a script besides the one that answers: one without a host, and the upstream.
const (
	emptyName      = "empty"
	upstreamSuffix = "-up"
)

// cluster is what is known of a cluster.
func cluster(name string) host.ClusterState {
	switch name {
	case callee(probeName, false), callee(probeName, true):
		return host.ClusterReady
	case emptyName:
		return host.ClusterEmpty
	}
	return host.ClusterUnknown
}

func (o *ours) crashed() bool {
	return slices.ContainsFunc(o.vms, func(vm *host.VM) bool {
		f := vm.Failure()
		return f != nil && f.Kind == host.WouldCrashEnvoy
	})
}

func (o *ours) event(e Event) {
	switch c := o.chain; {
	case e.Kind == Request && c == nil:
		protocol := host.HTTP2
		if o.script.HTTP1 {
			protocol = host.HTTP1
		}
		o.chain = host.NewChain(host.StreamConfig{Protocol: protocol}, o.filter...)
		o.seen = [2]progress{}
		o.chain.RequestHeaders(e.requestHeaders(), e.End)
	case e.Kind == Advance:
		for range 2 { // as batch.go does
			o.chance = o.chance || o.unordered()
			by := time.Second / 2
			for _, vm := range o.vms {
				_ = vm.Advance(by)
				by = 0 // they have one clock
			}
		}
	case e.Kind == CallAnswer:
		for i, vm := range o.vms {
			if len(o.waits[i]) > 0 {
				status, body, more := e.answer()
				_ = vm.Answer(o.waits[i][0].Token, host.CallAnswer{Headers: append(headermap.Of(":status", status), more...),
					Body: []byte(body)})
				break
			}
		}
	case e.Kind == GrpcMetadata || e.Kind == GrpcMessage || e.Kind == GrpcEnd:
		all := slices.Concat(o.grpc[0], o.grpc[1])
		if at := slices.IndexFunc(all, func(c *grpcCall) bool { return !c.Done && !c.whole }); at >= 0 {
			all[at].answerPart(e)
		}
	case c == nil:
	case e.Kind == RequestBody:
		c.RequestBody([]byte(e.Args[0].Text), e.End)
	case e.Kind == RequestTrailers:
		c.RequestTrailers(e.more(0))
	case e.Kind == Response:
		c.ResponseHeaders(e.responseHeaders(), e.End)
	case e.Kind == ResponseBody:
		c.ResponseBody([]byte(e.Args[0].Text), e.End)
	case e.Kind == ResponseTrailers:
		c.ResponseTrailers(e.more(0))
	case e.Kind == Leave:
		c.Close()
	}
	over := func() bool { return o.chain != nil && (o.chain.Downstream().Ended || o.chain.Downstream().Reset) }
	if over() {
		o.chain.Close()
	}
	for _, vm := range o.vms {
		_ = vm.Advance(0) // what the other one has put into its queues
	}
	o.take(e.String())
	if over() {
		o.chain = nil
	}
}

// answerPart is a part of a gRPC call's answer. An Envoy looks at the answer to a call when it has ended.
func (c *grpcCall) answerPart(e Event) {
	tell := func(e host.GrpcEvent) { _ = c.vm.AnswerGrpc(c.Token, e) }
	if !c.metadata {
		c.metadata = true
		h := grpcHeaders()
		if e.Kind == GrpcMetadata {
			h = append(h, e.more(0)...)
		}
		tell(host.GrpcEvent{Kind: host.GrpcInitialMetadata, Metadata: h})
	}
	switch {
	case e.Kind == GrpcMessage && c.Streaming:
		tell(host.GrpcEvent{Kind: host.GrpcMessage, Message: []byte(e.Args[0].Text)})
	case e.Kind == GrpcMessage:
		c.answer = []byte(e.Args[0].Text)
	case e.Kind == GrpcEnd:
		c.whole = true
		text, message, _ := e.answer()
		status, err := strconv.ParseUint(text, 10, 32)
		if err != nil {
			status = 2
		}
		if c.Streaming {
			tell(host.GrpcEvent{Kind: host.GrpcTrailingMetadata, Metadata: e.grpcTrailers()})
		} else if status == 0 && c.answer != nil {
			tell(host.GrpcEvent{Kind: host.GrpcMessage, Message: c.answer})
			return
		}
		tell(host.GrpcEvent{Kind: host.GrpcClose, Status: uint32(status), StatusMessage: message})
	}
}

// answer is the status, the body and more headers of an answer to a call.
func (e Event) answer() (status, body string, more []headermap.Header) {
	return e.Args[0].Text, e.Args[1].Text, e.more(2)
}

// take adds what was seen in an event.
func (o *ours) take(event string) {
	o.answer = append(o.answer, "> "+event)
	o.answer = append(o.answer, o.lines(o.logged)...)
	o.logged = nil
	for i, vm := range o.vms {
		for _, c := range vm.Calls()[o.calls[i]:] {
			// One that was answered before it left has reached no service.
			if !c.Done {
				var to side
				to.headers(withoutScheme(c.Headers))
				to.data(c.Body)
				o.answer = append(o.answer, to.take("call")...)
				o.waits[i] = append(o.waits[i], c)
			}
			o.calls[i]++
		}
		o.waits[i] = slices.DeleteFunc(o.waits[i], func(c *host.Call) bool { return c.Done })
	}
	for i, vm := range o.vms {
		o.takeGrpc(i, vm)
	}
	if o.chain == nil {
		return
	}
	up, down := o.chain.Upstream(), o.chain.Downstream()
	gone := up.Reset || o.chain.Reply() != nil || down.HeadersSent || down.Reset
	answered := down.HeadersSent || slices.ContainsFunc(o.chain.Streams(), (*host.Stream).ResponseHeld)
	var upstream side
	o.seen[0].show(up, &upstream, gone, false, answered, down.Reset)
	o.chance = o.chance || o.unseen(answered)
	client := side{client: true, http1: o.script.HTTP1, bodiless: o.script.HTTP1 && bodiless(down.Status())}
	o.seen[1].show(down, &client, false, event == Leave, false, false)
	if n := len(client.lines); down.Reset && !o.script.HTTP1 && strings.HasPrefix(event, Request) && n > 1 {
		client.lines = client.lines[n-1:] // Envoy sends nothing while it reads a request, so that a reset comes first
	}
	o.answer = slices.Concat(o.answer, upstream.take("upstream"), client.take("client"))
}

// takeGrpc adds what the gRPC calls of a plugin have sent.
func (o *ours) takeGrpc(plugin int, vm *host.VM) {
	known := len(o.grpc[plugin])
	for _, c := range vm.GrpcCalls()[known:] {
		o.grpc[plugin] = append(o.grpc[plugin], &grpcCall{GrpcCall: c, vm: vm})
	}
	for i, c := range o.grpc[plugin] {
		var to side
		if i >= known && c.Done {
			c.ended, c.messages = true, len(c.Messages) // it has reached no service
		} else if i >= known {
			to.headers(ofGrpcCall(append(headermap.Of(":path", "/"+c.Service+"/"+c.Method), c.Metadata...)))
		}
		for ; c.messages < len(c.Messages); c.messages++ {
			to.data(grpcFrame(c.Messages[c.messages]))
		}
		if c.HalfEnded && !c.ended {
			c.ended = true
			to.end()
		}
		o.answer = append(o.answer, to.take("call")...)
	}
}

// withoutScheme leaves out what Envoy adds to a call for HTTP/2.
func withoutScheme(h []headermap.Header) []headermap.Header {
	return slices.DeleteFunc(slices.Clone(h), func(e headermap.Header) bool { return e.Name == ":scheme" })
}

// show tells what has been added to a message since the last time. gone says that the exchange has another end than the
// upstream's; left that the client has gone itself, and so does not see the end; answered that there is a response,
// which ends the copies of a request that has not ended; closed that the exchange was broken off.
func (p *progress) show(m *host.Message, to *side, gone, left, answered, closed bool) {
	if gone && p.headers == 0 && m.HeadersSent {
		// Given up before a connection was there: the upstream has seen nothing of it.
		p.headers, p.reset = 1+len(m.Repeated), true
		return
	}
	for ; m.HeadersSent && p.headers < 1+len(m.Repeated); p.headers++ {
		to.headers(m.Headers())
		if p.headers < len(m.Repeated) && m.Repeated[p.headers] || m.Ended && len(m.Repeated) > 0 && len(m.Body()) == 0 &&
			len(m.Trailers()) == 0 {
			to.end()
			p.ended = true
		} else if p.headers > 0 {
			p.copies++ // that do not end
		}
	}
	resetCopies := func() {
		for ; p.copies > 0; p.copies-- {
			to.reset()
		}
	}
	if answered && !p.ended {
		resetCopies()
	}
	body := m.Body()
	to.data(body[p.body:])
	p.body = len(body)
	if t := m.Trailers(); len(t) > 0 && p.trailers == 0 {
		p.trailers = 1
		if to.client && t[0].Name == ":status" { // it takes them for headers
			to.headers(t)
		} else {
			to.trailers(t)
		}
	}
	switch {
	case p.ended || p.reset:
	case m.Ended:
		p.ended = true
		to.end()
	case m.Reset:
		p.reset = true
		if !left {
			to.reset()
		}
	}
	if closed {
		resetCopies()
	}
}
