package host

import (
	"fmt"
	"time"

	"github.com/header-auth/header-auth/host/abi"
	"github.com/header-auth/header-auth/host/headermap"
)

// GrpcCall is a gRPC call, or stream, that a plugin made.
type GrpcCall struct {
	Token     uint32
	Streaming bool
	Cluster   string
	Service   string
	Method    string
	Metadata  []Header
	Messages  [][]byte // sent by the plugin
	HalfEnded bool     // the plugin has said that no message follows
	Timeout   time.Duration
	ContextID uint32
	Done      bool

	plugin     *Plugin
	generation int
}

// GrpcEventKind says what the server of a gRPC call has sent.
type GrpcEventKind uint8

const (
	GrpcInitialMetadata  GrpcEventKind = iota // streams only
	GrpcMessage                               // ends a unary call
	GrpcTrailingMetadata                      // streams only
	GrpcClose                                 // ends a stream, or a unary call that failed
)

// GrpcEvent is something that the server of a gRPC call has sent.
type GrpcEvent struct {
	Kind          GrpcEventKind
	Metadata      []Header
	Message       []byte
	Status        uint32 // of GrpcClose
	StatusMessage string
}

// noMap is a number that is no MapType.
const noMap = ^abi.MapType(0)

// grpcData is what the plugin may read in a gRPC callback.
type grpcData struct {
	message []byte
	mapType abi.MapType // noMap: none
}

// GrpcCalls are the gRPC calls and streams made so far, in order.
func (vm *VM) GrpcCalls() []*GrpcCall { return vm.grpc }

// AnswerGrpc delivers what the server of a gRPC call has sent. The error is ErrNoCall or the VM's *Failure.
func (vm *VM) AnswerGrpc(token uint32, e GrpcEvent) error {
	c := vm.findGrpc(token)
	if c == nil || c.generation != vm.generation || c.plugin.closed {
		return fmt.Errorf("answer gRPC call %d: %w", token, ErrNoCall)
	}
	vm.enter()
	defer vm.leave()
	defer vm.recoverPanic("AnswerGrpc")
	p := c.plugin
	data := &grpcData{message: e.Message, mapType: noMap}
	vm.callHeaders[0].Reset(headermap.Response)
	vm.callHeaders[0].Load(e.Metadata, false)
	n := uint32(len(vm.callHeaders[0].Entries))
	p.grpcEvent = data
	switch e.Kind {
	case GrpcInitialMetadata:
		data.mapType = abi.GrpcReceiveInitialMetadata
		vm.callGuest(abi.OnGrpcReceiveInitialMetadata, &p.abiContext, 0, token, n, 0, 0)
	case GrpcMessage:
		c.Done = !c.Streaming
		vm.callGuest(abi.OnGrpcReceive, &p.abiContext, 0, token, uint32(len(e.Message)), 0, 0)
	case GrpcTrailingMetadata:
		data.mapType = abi.GrpcReceiveTrailingMetadata
		vm.callGuest(abi.OnGrpcReceiveTrailingMetadata, &p.abiContext, 0, token, n, 0, 0)
	case GrpcClose:
		c.Done = true
		p.statusCode, p.statusMessage = e.Status, e.StatusMessage
		vm.callGuest(abi.OnGrpcClose, &p.abiContext, 0, token, e.Status, 0, 0)
		p.statusMessage = ""
	}
	p.grpcEvent = nil
	vm.runActions()
	return vm.err()
}

// findGrpc is the call of that token that is not done.
func (vm *VM) findGrpc(token uint32) *GrpcCall {
	for _, c := range vm.grpc {
		if c.Token == token && !c.Done {
			return c
		}
	}
	return nil
}
