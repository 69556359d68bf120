package host

import (
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/header-auth/header-auth/host/abi"
	"github.com/header-auth/header-auth/host/headermap"
)

// GrpcCall is a gRPC call, or stream, that a plugin made.
type GrpcCall struct {
	Token     uint32
	Streaming bool
	Cluster   string // "" with a Target
	Target    string // URI, for the library of Google that Envoy has too (google_grpc)
	Service   string
	Method    string
	Metadata  []Header
	Messages  [][]byte // sent by the plugin
	HalfEnded bool     // before the server's end, the plugin has said that no message follows, or called proxy_grpc_close
	Timeout   time.Duration
	ContextID uint32 // of the stream or plugin on whose behalf it was made
	Done      bool   // nothing more comes: answered, closed by the server, cancelled, timed out
	Answered  bool   // the server has sent something
	Cancelled bool   // the plugin has given it up: proxy_grpc_cancel, or proxy_grpc_close of a call that is no stream

	plugin      *Plugin
	generation  int
	due         time.Time // when it times out; zero: never
	halfEnded   time.Time // since when HalfEnded is set
	noBody      bool      // the answer's only headers are its trailers
	inTrailers  bool      // the callback of its trailing metadata runs
	late        bool      // the plugin has done something in it: nothing is sent any more
	closes      uint32    // the status of a close that Envoy makes itself
	google      bool      // google_grpc: Envoy asks no cluster
	localClosed bool      // by proxy_grpc_close
	forgotten   bool      // its token means nothing any more
}

// GrpcEventKind says what the server of a gRPC call has sent.
type GrpcEventKind uint8

const (
	GrpcInitialMetadata  GrpcEventKind = iota // the headers; a callback for streams only
	GrpcMessage                               // ends a unary call
	GrpcTrailingMetadata                      // streams only
	GrpcClose                                 // ends a stream, or a unary call that failed
)

// GrpcEvent is something that the server of a gRPC call has sent, or, with a Failure, the end of a call that has failed
// in Envoy; the other fields are not used then. Before the first event Envoy answers in the server's place, with 14;
// later, and for CallBrokenOff, it closes with 13. Envoy appends where a status comes from to the message that the
// plugin reads: {via_upstream}.
type GrpcEvent struct {
	Kind          GrpcEventKind
	Metadata      []Header
	Message       []byte
	Status        uint32 // of GrpcClose; a unary call that is closed with 0 had no message: the plugin gets 13
	StatusMessage string
	Failure       CallFailure
}

// noMap is a number that is no MapType.
const noMap = ^abi.MapType(0)

// grpcData is what the plugin may read in a gRPC callback.
type grpcData struct {
	message    []byte
	hasMessage bool
	mapType    abi.MapType // noMap: none
}

// GrpcCalls are the gRPC calls and streams made so far, in order.
func (vm *VM) GrpcCalls() []*GrpcCall { return vm.grpc }

// AnswerGrpc delivers what the server of a gRPC call has sent. The error is ErrNoCall or the VM's *Failure.
func (vm *VM) AnswerGrpc(token uint32, e GrpcEvent) error {
	c := vm.findGrpc(token)
	if c == nil || c.Done || c.generation != vm.generation || c.plugin.closed {
		return fmt.Errorf("answer gRPC call %d: %w", token, ErrNoCall)
	}
	vm.enter()
	defer vm.leave()
	defer vm.recoverPanic("AnswerGrpc")
	vm.deliverGrpc(c, e)
	return vm.err()
}

// deliverAllGrpc delivers events until one of them ends the call, or the plugin does.
func (vm *VM) deliverAllGrpc(c *GrpcCall, events []GrpcEvent) {
	for _, e := range events {
		if c.Done || c.generation != vm.generation || c.plugin.closed {
			return
		}
		vm.deliverGrpc(c, e)
	}
}

// deliverGrpc makes the callbacks for an event (Envoy, source/common/grpc/async_client_impl.cc; source/extensions/
// common/wasm/context.cc, Context::onGrpcReceiveWrapper and its like).
func (vm *VM) deliverGrpc(c *GrpcCall, e GrpcEvent) {
	begun := c.Answered
	c.Answered = true
	switch {
	case e.Failure != CallAnswered:
		c.fail(e.Failure, begun || e.Failure == CallBrokenOff)
	case e.Kind == GrpcInitialMetadata:
		if c.noBody = len(e.Metadata) == 0; c.Streaming {
			c.metadata(abi.OnGrpcReceiveInitialMetadata, c.timed(e.Metadata, !c.noBody))
		}
	case e.Kind == GrpcTrailingMetadata:
		c.inTrailers = !c.HalfEnded
		c.metadata(abi.OnGrpcReceiveTrailingMetadata, c.timed(e.Metadata, c.noBody))
		c.inTrailers = false
	case e.Kind == GrpcMessage:
		c.Done = !c.Streaming
		c.plugin.grpcEvent = &grpcData{message: e.Message, hasMessage: true, mapType: noMap}
		c.callback(abi.OnGrpcReceive, uint32(len(e.Message)))
		c.forgotten = c.forgotten || c.Done
	case e.Status == 0 && !c.Streaming:
		c.close(grpcInternal, "")
	default:
		c.close(e.Status, withDetails(e.StatusMessage, "via_upstream"))
	}
}

// timed are metadata as the call's own router passes them on: when they are the server's headers, and the plugin has
// sent all by then, it says how long the server took (Envoy, source/common/router/router.cc,
// Filter::onUpstreamHeaders).
func (c *GrpcCall) timed(h []Header, headers bool) []Header {
	if !headers || !c.HalfEnded {
		return h
	}
	took := c.plugin.vm.now().Sub(c.halfEnded).Milliseconds()
	return append(slices.Clip(h), Header{Name: "x-envoy-upstream-service-time", Value: strconv.FormatInt(took, 10)})
}

// halfEnd notes that the plugin sends no more.
func (c *GrpcCall) halfEnd() {
	if !c.HalfEnded && !c.late {
		c.HalfEnded, c.halfEnded = true, c.plugin.vm.now()
	}
}

// metadata makes a callback with headers.
func (c *GrpcCall) metadata(callback abi.Callback, h []Header) {
	vm := c.plugin.vm
	kind, mapType := headermap.Response, abi.GrpcReceiveInitialMetadata
	if callback == abi.OnGrpcReceiveTrailingMetadata {
		kind, mapType = headermap.ResponseTrailers, abi.GrpcReceiveTrailingMetadata
	}
	vm.callHeaders[0].Reset(kind)
	vm.callHeaders[0].Load(h, false)
	c.plugin.grpcEvent = &grpcData{mapType: mapType}
	c.callback(callback, uint32(len(vm.callHeaders[0].Entries)))
}

// close is the end of a call, which a stream keeps its token for until the plugin has closed it too.
func (c *GrpcCall) close(status uint32, message string) {
	c.Done = true
	p := c.plugin
	if p.vm.functions[abi.OnGrpcClose] != nil {
		p.statusCode, p.statusMessage = status, message
	}
	c.callback(abi.OnGrpcClose, status)
	p.statusMessage = ""
	c.forgotten = c.forgotten || !c.Streaming || c.localClosed
}

// callback makes a callback of the call's plugin.
func (c *GrpcCall) callback(callback abi.Callback, arg uint32) {
	vm := c.plugin.vm
	vm.callGuest(callback, &c.plugin.abiContext, 0, c.Token, arg, 0, 0)
	c.plugin.grpcEvent = nil
	vm.runActions()
}

// findGrpc is the call that a token means.
func (vm *VM) findGrpc(token uint32) *GrpcCall {
	for _, c := range vm.grpc {
		if c.Token == token && !c.forgotten {
			return c
		}
	}
	return nil
}

// withDetails is a status message as Envoy makes it of a message and of where it comes from (Envoy,
// source/common/grpc/async_client_impl.cc).
func withDetails(message, details string) string {
	if message == "" || details == "" {
		return message + details
	}
	return message + "{" + details + "}"
}
