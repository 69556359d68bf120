package host

import (
	"io"

	"github.com/header-auth/header-auth/host/abi"
	"github.com/header-auth/header-auth/host/process"
	"github.com/header-auth/header-auth/host/property"
)

// Variable is one environment variable.
type Variable struct{ Name, Value string }

// ClusterState is what Envoy knows of an upstream cluster that a plugin wants to call.
type ClusterState uint8

const (
	ClusterUnknown ClusterState = iota
	ClusterEmpty                // no healthy host, or its circuit breaker is open: proxy_http_call fails
	ClusterReady
)

// VMConfig says how a VM is made. The zero value is a VM with the machine's clock, without log and without clusters.
type VMConfig struct {
	ID            string
	Configuration []byte
	Environment   []Variable
	Clock         Clock            // nil: the machine's
	Random        io.Reader        // nil: crypto/rand
	LogLevel      abi.LogLevel     // least level passed on to Log
	Log           func(LogLine)    // nil: lines are dropped
	Shared        *process.Shared  // shared data and queues; nil: the VM's own
	Metrics       *process.Metrics // nil: the VM's own
	Trace         bool             // record Crossings and Traffic
	Node          *property.Node   // what Envoy's bootstrap says of itself: the property xds.node; nil: nothing

	// Clusters says what Envoy knows of a cluster. nil: every cluster is unknown.
	Clusters func(name string) ClusterState

	// Upstream answers an HTTP call once the callback has returned. With false, or without it, the call waits for
	// VM.Answer or its time-out.
	Upstream func(*Call) (CallAnswer, bool)

	// GrpcUpstream gives what the server of a gRPC call sends once the callback has returned, in order. Without events, or
	// without it, the call waits for VM.AnswerGrpc or its time-out.
	GrpcUpstream func(*GrpcCall) []GrpcEvent

	// Effect is told what a plugin does to things that outlive the callback, once it is done. nil: it is not told.
	Effect func(Effect)

	// Intercept injects faults. With true the host function does nothing and gives the answer to the guest.
	Intercept func(function string) (Answer, bool)
}

// Answer is what a guest gets in place of a host function's own answer (VMConfig.Intercept).
type Answer struct {
	Status abi.Status
	Data   []byte // not nil: the bytes or pairs that the function gives, with StatusOk; nil: its out words are not written
}
