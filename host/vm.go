package host

import (
	"context"
	"crypto/rand"
	"io"
	"slices"
	"time"

	"github.com/tetratelabs/wazero/api"

	"github.com/header-auth/header-auth/host/abi"
	"github.com/header-auth/header-auth/host/headermap"
	"github.com/header-auth/header-auth/host/linearmemory"
	"github.com/header-auth/header-auth/host/process"
	"github.com/header-auth/header-auth/host/trace"
)

// VM is an instance of a module, with its plugins (root contexts) and their streams. One goroutine at a time may use
// it.
//
// No method panics because of the guest. A guest that traps ends the VM: see Failure.
type VM struct {
	module      *Module
	config      VMConfig
	clock       Clock
	random      io.Reader
	environment []string // NAME=VALUE
	createdAt   time.Time
	loadedAt    time.Time // when it was last (re)loaded

	ctx           *goContext
	callCtx       context.Context // ctx, or while a call with a deadline runs a child of it
	instance      api.Module
	memory        api.Memory
	linear        *linearmemory.Memory
	functions     [abi.Callbacks]api.Function
	allocator     api.Function
	allocatorName string

	phase               abi.Phases
	tracedOrIntercepted bool
	callsDirectly       bool         // neither traced nor watched nor under a deadline
	starting            string       // the start function that runs, or ran last
	callback            abi.Callback // the callback that runs, or ran last
	inGuest             bool         // one of them is running now
	output              []byte       // the end of what the guest's call has written to stdout and stderr
	failure             *Failure
	closed              bool
	lastSize            uint32 // bytes of memory when the instance was unloaded
	generation          int    // of the instance: counts reloads
	liveGeneration      int    // the same while the instance lives, else -1
	stack               [5]uint64
	allocStack          [2]uint64

	contextZero       abiContext // context 0
	currentContext    *abiContext
	effectiveContext  *abiContext
	contexts          []*abiContext
	lastID            uint32
	connections       uint64    // of clients so far
	contextIDsWrapped bool      // all numbers have been used once
	plugins           []*Plugin // that are not closed
	hadPlugin         bool      // the first plugin has started

	uses    int    // exchanges that the instance has served
	fused   *fused // nil until the instance has served some exchanges, and where its guest lacks callbacks
	fusion  fusion // that runs
	stopped bool   // the helper has been told to return behind the callback that runs

	stopIteration bool // the running callback's message is held, whatever it returns
	actions       []action
	nextAction    int // in actions
	nesting       int // callbacks inside host calls
	entryDepth    int // exported methods that are running: one may be called inside another
	events        eventQueue
	keptBytes     int // bytes kept for the guest in this callback
	reloads       int
	bornDead      bool // a plugin has trapped in its first proxy_on_context_create: Envoy has no VM to reload it from

	calls        []*Call
	lastCall     uint32
	grpc         []*GrpcCall
	lastUnary    uint32
	lastGrpc     uint32
	headerCaches [2]headerCache   // headers of requests and responses
	callHeaders  [2]headermap.Map // headers and trailers of the reply to a call
	shared       *process.Shared
	metrics      *process.Metrics
	metricIDs    [abi.MetricTypes][]*process.Value

	trace       []trace.Crossing
	traffic     trace.Traffic
	traceDepth  int // Depth of the next crossing
	freeReplies []*reply
	pairs       []headermap.Pair
}

// NewVM instantiates the module and runs its start functions. The error is a *Failure when the guest has caused it.
func (m *Module) NewVM(ctx context.Context, c VMConfig) (*VM, error) {
	vm := &VM{module: m, config: c, clock: c.Clock, random: c.Random, shared: c.Shared, metrics: c.Metrics}
	if vm.clock == nil {
		vm.clock = systemClock{}
	}
	if vm.random == nil {
		vm.random = rand.Reader
	}
	if vm.shared == nil {
		vm.shared = process.NewShared()
	}
	if vm.metrics == nil {
		vm.metrics = process.NewMetrics()
	}
	for _, v := range slices.Concat(m.options.Environment, c.Environment) {
		vm.environment = append(vm.environment, v.Name+"="+v.Value)
	}
	vm.tracedOrIntercepted = c.Trace || c.Intercept != nil
	vm.callsDirectly = !c.Trace && m.options.Deadline == 0 && m.options.Watch == nil
	vm.ctx = &goContext{ctx, vm}
	vm.createdAt = vm.now()
	if err := vm.load(ctx); err != nil {
		vm.unload(ctx)
		return nil, err
	}
	return vm, nil
}

// Failure says how the VM died, nil while it lives.
func (vm *VM) Failure() *Failure { return vm.failure }

// Memory is the size of linear memory in bytes; of a closed VM, what it was last.
func (vm *VM) Memory() uint32 {
	if vm.memory == nil {
		return vm.lastSize
	}
	return vm.memory.Size()
}

// MemoryLimit is how many bytes linear memory can have at most: the module's own maximum, or Options.MemoryPages.
func (vm *VM) MemoryLimit() int64 {
	pages := vm.module.options.load().Pages()
	if vm.memory != nil {
		if most, ok := vm.memory.Definition().Max(); ok {
			pages = min(pages, most)
		}
	}
	return int64(pages) << 16
}

// Kept is how many bytes the host keeps for plugins: shared data and queues, and metrics. VMs that
// share them have the same.
func (vm *VM) Kept() int { return vm.shared.Bytes() + vm.metrics.Bytes() }

// Linear is linear memory itself, without a copy: it must not be written, and it is valid until the guest runs again.
// Of a closed VM it is nil.
func (vm *VM) Linear() []byte {
	if vm.memory == nil {
		return nil
	}
	b, _ := vm.memory.Read(0, vm.memory.Size())
	return b
}

// Module is what the VM is an instance of.
func (vm *VM) Module() *Module { return vm.module }

// Reloads is how often the failure policy has put a new instance in the place of a dead one.
func (vm *VM) Reloads() int { return vm.reloads }

// dead reports that no call into the guest may be made.
func (vm *VM) dead() bool { return vm.liveGeneration < 0 }
