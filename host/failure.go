package host

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"strings"

	"github.com/tetratelabs/wazero/sys"

	"github.com/header-auth/header-auth/host/abi"
)

// FailureKind says how a VM died.
type FailureKind uint8

const (
	Trapped          FailureKind = iota + 1 // the guest trapped; in Envoy this VM is dead, others live on
	DeadlineExceeded                        // a call took longer than Options.Deadline; Envoy's worker would wait for ever
	WouldCrashEnvoy                         // the guest did what kills a real Envoy
	HostFault                               // an error in this package, which the guest need not have caused
	OutOfMemory                             // given by who limits the process's memory, never by this package
)

func (k FailureKind) String() string {
	return abi.NameOf(uint32(k), "none", "trapped", "deadline exceeded", "would crash Envoy", "fault of the host", "out of memory")
}

// Failure says why a VM is dead. No callback is made into a dead VM.
type Failure struct {
	Kind   FailureKind
	In     string // the export that was running
	Reason string // one line
	Stack  string // the guest's stack, a frame a line, innermost first; may be empty
}

func (f *Failure) Error() string {
	s := f.Kind.String()
	if f.In != "" {
		s += " in " + f.In
	}
	return s + ": " + f.Reason
}

// The errors of NewPlugin, besides a *Failure.
var (
	ErrStartRefused     = errors.New("proxy_on_vm_start returned false")
	ErrConfigureRefused = errors.New("proxy_on_configure returned false")
)

// trapError is the panic value by which a host function makes the guest trap.
type trapError struct{ reason string }

func (e *trapError) Error() string { return e.reason }

// trap makes the running guest function trap. It does not return.
func (vm *VM) trap(reason string) { panic(&trapError{reason}) }

// crash ends the VM because a real Envoy would not survive. Inside a host call it does not return.
func (vm *VM) crash(reason string) {
	if vm.failure == nil {
		vm.setFailure(&Failure{Kind: WouldCrashEnvoy, In: vm.running, Reason: reason})
	}
	if vm.inGuest {
		panic(&trapError{reason})
	}
}

// setFailure makes f the reason why no further call is made into the guest.
func (vm *VM) setFailure(f *Failure) { vm.failure, vm.liveGeneration = f, -1 }

// fail ends the VM with the error of a call into it. The first failure counts.
func (vm *VM) fail(export string, err error) {
	if vm.failure != nil {
		return
	}
	f := &Failure{Kind: Trapped, In: export}
	text, stack, _ := strings.Cut(err.Error(), "\nwasm stack trace:\n")
	f.Stack = strings.ReplaceAll(strings.TrimSpace(stack), "\t", "")
	f.Reason, _, _ = strings.Cut(strings.TrimPrefix(text, "wasm error: "), "\n")
	var exit *sys.ExitError
	var trap *trapError
	switch {
	case errors.As(err, &exit):
		f.Kind = DeadlineExceeded
		f.Reason = fmt.Sprintf("the call took longer than %v", vm.module.options.Deadline)
		f.Stack = ""
	case errors.Is(err, context.DeadlineExceeded):
		f.Kind = DeadlineExceeded
	case errors.As(err, &trap):
		f.Reason = trap.reason
	case strings.Contains(f.Reason, "(recovered by wazero)"):
		f.Kind = HostFault
	}
	vm.setFailure(f)
}

// recoverPanic makes a panic of the host itself a failure of the VM. Each exported method that runs the guest defers
// it.
func (vm *VM) recoverPanic(in string) { vm.recordPanic(recover(), in) }

func (vm *VM) recordPanic(r any, in string) {
	if r == nil {
		return
	}
	if _, ok := r.(*trapError); !ok && vm.failure == nil {
		vm.setFailure(&Failure{Kind: HostFault, In: in, Reason: fmt.Sprint(r), Stack: string(debug.Stack())})
	}
	vm.inGuest, vm.actions, vm.nextAction = false, vm.actions[:0], 0
}
