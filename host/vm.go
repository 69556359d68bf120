package host

import (
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"time"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
	"github.com/tetratelabs/wazero/experimental"

	"github.com/header-auth/header-auth/host/abi"
	"github.com/header-auth/header-auth/host/headermap"
	"github.com/header-auth/header-auth/host/load"
)

// Variable is one environment variable.
type Variable struct{ Name, Value string }

// ClusterState is what the host knows of an upstream cluster that a plugin wants to call.
type ClusterState uint8

const (
	ClusterUnknown ClusterState = iota
	ClusterEmpty                // no healthy host, or its circuit breaker is open: proxy_http_call fails
	ClusterReady
)

// VMConfig says how a VM is made. The zero value will do.
type VMConfig struct {
	ID            string
	Configuration []byte
	Environment   []Variable
	Clock         Clock                                // nil: the machine's
	Random        io.Reader                            // nil: crypto/rand
	LogLevel      abi.LogLevel                         // least level passed on to Log
	Log           func(LogLine)                        // nil: lines are dropped
	Clusters      func(name string) ClusterState       // nil: every cluster is unknown
	Shared        *Shared                              // shared data and queues; nil: the VM's own
	Metrics       *Metrics                             // nil: the VM's own
	Intercept     func(function string) (Answer, bool) // fault injection: true makes a host function do nothing but give this
	Upstream      func(*Call) (CallAnswer, bool)       // true: the answer to this call, once the callback has returned; else VM.Answer
	Trace         bool                                 // record Crossings
}

// Answer is what a guest gets in place of a host function's own answer.
type Answer struct {
	Status abi.Status
	Data   []byte // not nil: the bytes or pairs the function hands over, with StatusOk; else its out words stay as they were
}

// VM is an instance of a module, with its plugins (root contexts) and their streams. It serves one goroutine at a time.
//
// Nothing that is done to a VM panics because of its guest. A guest that misbehaves ends the VM: see Failure.
type VM struct {
	module      *Module
	config      VMConfig
	clock       Clock
	random      io.Reader
	environment []string // NAME=VALUE
	born        time.Time
	loaded      time.Time // when it was last (re)loaded

	ctx       *vmContext
	callCtx   context.Context // ctx, or while a call with a deadline runs a child of it
	instance  api.Module
	memory    api.Memory
	linear    *linearMemory
	functions [abi.Callbacks]api.Function
	allocator api.Function
	allocName string

	phase      abi.Phases
	watched    bool   // traced or intercepted
	plain      bool   // neither traced nor under a deadline
	running    string // the export that runs, or ran last
	inGuest    bool   // it runs
	failure    *Failure
	closed     bool
	lastSize   uint32 // bytes of memory when it was let go of
	generation int    // of the instance: counts reloads
	living     int    // the same while the instance lives, else -1
	stack      [5]uint64
	allocStack [2]uint64

	base      scope // context 0
	current   *scope
	effective *scope
	contexts  []*scope
	lastID    uint32
	wrapped   bool      // context ids have started again
	plugins   []*Plugin // that live
	peopled   bool      // there has been one

	stopNext bool // the callback that runs must not let its message go on
	actions  []action
	next     int // in actions
	depth    int // of users' calls inside users' calls
	inbox    inbox
	charged  int // bytes kept for the guest in this callback
	reloads  int

	calls     []*Call
	lastCall  uint32
	grpc      []*GrpcCall
	lastUnary uint32
	lastGrpc  uint32
	tidied    [2]tidied        // headers of requests and responses
	received  [2]headermap.Map // headers and trailers of the reply to a call
	shared    *Shared
	metrics   *Metrics
	metricIDs [abi.MetricTypes][]*metric

	trace       []Crossing
	traffic     Traffic
	nested      int // how deep what is traced next lies
	freeReplies []*reply
	pairs       []headermap.Pair
}

// NewVM instantiates the module and runs its start functions. The error is a *Failure when the guest is at fault.
func (m *Module) NewVM(ctx context.Context, c VMConfig) (*VM, error) {
	vm := &VM{module: m, config: c, clock: c.Clock, random: c.Random, shared: c.Shared, metrics: c.Metrics}
	if vm.clock == nil {
		vm.clock = systemClock{}
	}
	if vm.random == nil {
		vm.random = rand.Reader
	}
	if vm.shared == nil {
		vm.shared = NewShared()
	}
	if vm.metrics == nil {
		vm.metrics = NewMetrics()
	}
	for _, v := range c.Environment {
		vm.environment = append(vm.environment, v.Name+"="+v.Value)
	}
	vm.watched = c.Trace || c.Intercept != nil
	vm.plain = !c.Trace && m.options.Deadline == 0
	vm.ctx = &vmContext{ctx, vm}
	vm.born = vm.now()
	if err := vm.load(ctx); err != nil {
		vm.unload(ctx)
		return nil, err
	}
	return vm, nil
}

// load instantiates the module and runs the start functions.
func (vm *VM) load(ctx context.Context) error {
	vm.loaded = vm.now()
	vm.phase, vm.failure, vm.living, vm.callCtx, vm.charged = 0, nil, vm.generation, vm.ctx, 0
	vm.current, vm.effective, vm.contexts, vm.lastID, vm.wrapped = &vm.base, nil, vm.contexts[:0], 0, false
	vm.metricIDs = [abi.MetricTypes][]*metric{}
	vm.lastCall, vm.lastUnary, vm.lastGrpc = 0, 0, 0
	vm.nested = 0
	vm.linear = &linearMemory{}

	err := vm.guarded("the start section", func(callCtx context.Context) (err error) {
		callCtx = experimental.WithMemoryAllocator(callCtx, vm.linear)
		vm.instance, err = vm.module.runtime.InstantiateModule(callCtx, vm.module.compiled,
			wazero.NewModuleConfig().WithName("").WithStartFunctions())
		return err
	})
	if err != nil {
		return err
	}
	if vm.memory = vm.instance.Memory(); vm.memory == nil {
		return &load.Error{Faults: []load.Fault{{What: "the module has no memory", Cure: "export a memory"}}}
	}
	vm.lookUp()
	return vm.start()
}

// lookUp finds the exports the host calls.
func (vm *VM) lookUp() {
	for c := range abi.Callbacks {
		if c.In(vm.module.abi) {
			vm.functions[c] = vm.instance.ExportedFunction(c.Name())
		}
	}
	vm.allocName = vm.module.options.Allocator.Find(vm.module.file)
	vm.allocator = vm.instance.ExportedFunction(vm.allocName)
}

// start runs the start functions: _initialize and then main, or else _start.
func (vm *VM) start() error {
	vm.phase = abi.WhenStarting
	defer func() { vm.phase = abi.WhenRunning }()
	for _, name := range load.StartFunctions(vm.module.file, vm.module.options.Profile) {
		if err := vm.runStart(name); err != nil {
			return err
		}
	}
	return nil
}

func (vm *VM) runStart(name string) error {
	f := vm.instance.ExportedFunction(name)
	vm.traceStart(name)
	err := vm.guarded(name, func(ctx context.Context) error {
		vm.callCtx = ctx
		defer func() { vm.callCtx = vm.ctx }()
		return f.CallWithStack(ctx, make([]uint64, 2))
	})
	vm.traceStartEnd(name, err)
	return err
}

// guarded runs guest code outside any callback, under the deadline. The error is a *Failure, which is also recorded.
func (vm *VM) guarded(name string, run func(context.Context) error) (err error) {
	ctx := context.Context(vm.ctx)
	if d := vm.module.options.Deadline; d > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, d)
		defer cancel()
	}
	vm.running, vm.inGuest = name, true
	defer func() {
		vm.inGuest = false
		if r := recover(); r != nil {
			err = fmt.Errorf("%v (recovered by wazero)", r)
		}
		if err != nil {
			vm.fail(name, err)
			err = vm.failure
		}
	}()
	return run(ctx)
}

// unload lets go of the instance.
func (vm *VM) unload(ctx context.Context) error {
	var err error
	if vm.instance != nil {
		err = vm.instance.Close(ctx)
		vm.instance = nil
	}
	if vm.memory != nil {
		vm.lastSize, vm.memory = vm.memory.Size(), nil
	}
	vm.functions, vm.allocator = [abi.Callbacks]api.Function{}, nil
	vm.linear.release()
	return err
}

// Close ends the VM without any callback, as when Envoy's process ends. Nothing may be done with it afterwards but
// reading what was recorded.
func (vm *VM) Close(ctx context.Context) error {
	vm.closed, vm.living = true, -1
	return vm.unload(ctx)
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

// Linear is linear memory itself, good until the guest runs again and not to be written to; of a closed VM, nil.
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
func (vm *VM) dead() bool { return vm.living < 0 }
