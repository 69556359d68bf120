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
	HalfEnded bool     // the plugin has sent its last message
	Timeout   time.Duration
	ContextID uint32
	Done      bool

	plugin     *Plugin
	generation int
}

// GrpcEventKind says what comes from the other end of a gRPC call.
type GrpcEventKind uint8

const (
	GrpcInitialMetadata  GrpcEventKind = iota // streams only
	GrpcMessage                               // ends a unary call
	GrpcTrailingMetadata                      // streams only
	GrpcClose                                 // ends a stream, or a unary call that failed
)

// GrpcEvent is something that comes from the other end.
type GrpcEvent struct {
	Kind          GrpcEventKind
	Metadata      []Header
	Message       []byte
	Status        uint32 // of GrpcClose
	StatusMessage string
}

// noMap is no type of a map.
const noMap = ^abi.MapType(0)

// grpcData is what the plugin may read in a gRPC callback.
type grpcData struct {
	message []byte
	mapType abi.MapType // noMap: none
}

// GrpcCalls are the gRPC calls and streams made so far, in order.
func (vm *VM) GrpcCalls() []*GrpcCall { return vm.grpc }

// AnswerGrpc delivers what comes from the other end of a gRPC call. The error is ErrNoCall or the VM's *Failure.
func (vm *VM) AnswerGrpc(token uint32, e GrpcEvent) error {
	c := vm.findGrpc(token)
	if c == nil || c.generation != vm.generation || c.plugin.gone {
		return fmt.Errorf("answer gRPC call %d: %w", token, ErrNoCall)
	}
	vm.enter()
	defer vm.leave()
	defer vm.rescue("AnswerGrpc")
	p := c.plugin
	data := &grpcData{message: e.Message, mapType: noMap}
	vm.received[0].Reset(headermap.Response)
	vm.received[0].Load(e.Metadata, false)
	n := uint32(len(vm.received[0].Entries))
	p.grpc = data
	switch e.Kind {
	case GrpcInitialMetadata:
		data.mapType = abi.GrpcReceiveInitialMetadata
		vm.call(abi.OnGrpcReceiveInitialMetadata, &p.scope, 0, token, n, 0, 0)
	case GrpcMessage:
		c.Done = !c.Streaming
		vm.call(abi.OnGrpcReceive, &p.scope, 0, token, uint32(len(e.Message)), 0, 0)
	case GrpcTrailingMetadata:
		data.mapType = abi.GrpcReceiveTrailingMetadata
		vm.call(abi.OnGrpcReceiveTrailingMetadata, &p.scope, 0, token, n, 0, 0)
	case GrpcClose:
		c.Done = true
		p.code, p.message = e.Status, e.StatusMessage
		vm.call(abi.OnGrpcClose, &p.scope, 0, token, e.Status, 0, 0)
		p.message = ""
	}
	p.grpc = nil
	vm.after()
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
