package host

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"runtime/debug"
	"strconv"
	"strings"

	"github.com/ianlancetaylor/demangle"
	"github.com/tetratelabs/wazero/sys"

	"github.com/header-auth/header-auth/host/abi"
	"github.com/header-auth/header-auth/host/trace"
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
	return abi.NameOf(uint32(k), "none", "trapped", "deadline exceeded", "would crash Envoy", "fault of the host",
		"out of memory")
}

// Failure says why a VM is dead. No callback is made into a dead VM.
type Failure struct {
	Kind   FailureKind
	In     string // the export that was running
	Reason string // one line
	Stack  string // the guest's stack, a frame a line, innermost first, with names of the source; may be empty
	Output string // what the call had written to stdout and stderr until then, the last 8 KiB: a panic's text
}

func (f *Failure) Error() string {
	s := f.Kind.String()
	if f.In != "" {
		s += " in " + f.In
	}
	s += ": " + f.Reason
	if lines := linesOf(f.Output, 1); len(lines) > 0 {
		s += "; it wrote " + strconv.Quote(lines[0])
	}
	return s
}

// Details are what explains a failure, in lines that can be printed: what the guest wrote, such as a
// panic's text, and its stack.
func (f *Failure) Details() []string {
	const most = 16 // lines of each
	var all []string
	for _, part := range []struct{ what, text string }{{"it wrote ", f.Output}, {"in ", f.Stack}} {
		if part.text == f.Stack && f.Kind == HostFault {
			continue // it is Go's
		}
		lines := linesOf(part.text, most+1)
		for i, line := range lines {
			if i == most {
				line = "…"
			}
			all = append(all, part.what+line)
		}
	}
	return all
}

// linesOf are the first lines of a text that have one, with what cannot be printed escaped.
func linesOf(text string, most int) (lines []string) {
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); line == "" {
			continue
		}
		if len(lines) == most {
			break
		}
		quoted := strconv.Quote(strings.ToValidUTF8(line[:min(len(line), 500)], "\uFFFD"))
		lines = append(lines, strings.ReplaceAll(quoted[1:len(quoted)-1], `\"`, `"`))
	}
	return lines
}

// mostOutput is how many bytes of a call's output are kept.
const mostOutput = 8 << 10

// keepOutput keeps what the guest writes to stdout and stderr, and shows it in the trace.
func (vm *VM) keepOutput(text []byte) {
	if last := len(vm.trace) - 1; vm.config.Trace && last >= 0 {
		if c := &vm.trace[last]; c.Name == "fd_write" || c.Name == "fd_pwrite" {
			c.Args += ", " + trace.Text(text)
		}
	}
	vm.output = append(vm.output, text[max(0, len(text)-mostOutput):]...)
	if more := len(vm.output) - mostOutput; more > 0 {
		vm.output = append(vm.output[:0], vm.output[more:]...)
	}
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
	// What a callback asked for before it trapped is still done, and may end the Envoy.
	if vm.failure == nil || vm.failure.Kind == Trapped && !vm.inGuest {
		vm.setFailure(&Failure{Kind: WouldCrashEnvoy, In: vm.running(), Reason: reason})
	}
	if vm.inGuest {
		panic(&trapError{reason})
	}
}

// running is the name of the export that runs, or ran last.
func (vm *VM) running() string {
	switch vm.phase {
	case abi.WhenRunning:
		return vm.callback.Name()
	case abi.WhenAllocating:
		return vm.allocatorName
	}
	return vm.starting
}

// setFailure makes f the reason why no further call is made into the guest.
func (vm *VM) setFailure(f *Failure) {
	f.Output = string(vm.output)
	vm.failure, vm.liveGeneration = f, -1
}

// fail ends the VM with the error of a call into it. The first failure counts.
func (vm *VM) fail(export string, err error) {
	if vm.failure != nil {
		return
	}
	f := &Failure{Kind: Trapped, In: export}
	text, stack, _ := strings.Cut(err.Error(), "\nwasm stack trace:\n")
	f.Stack = readable(strings.ReplaceAll(strings.TrimSpace(stack), "\t", ""))
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

// mangled is a name of a function as Rust's compilers (_ZN…E, _R…) and those of C++ (_Z…) write it into a module.
var mangled = regexp.MustCompile(`\b_(Z|R)[\w.$]+`)

// mostMangled is how long a name may be that is read: the library goes one call deeper for each part of it, so that a
// name of some MiB would overflow the stack, which ends the process.
const mostMangled = 4 << 10

// readable is a stack with the names that the functions have in the source.
func readable(stack string) string {
	return mangled.ReplaceAllStringFunc(stack, func(name string) string {
		if len(name) > mostMangled {
			return name
		}
		return demangle.Filter(name, demangle.NoParams, demangle.NoTemplateParams)
	})
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
