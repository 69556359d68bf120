package load

import "strings"

// Fault is one reason why Envoy would not load a module, and what its author can do about it.
type Fault struct{ What, Cure string }

// Error says why a module cannot be loaded. There is at least one fault.
type Error struct{ Faults []Fault }

func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString("load module: ")
	for i, f := range e.Faults {
		if i > 0 {
			b.WriteString("; ")
		}
		b.WriteString(f.What)
		if f.Cure != "" {
			b.WriteString(" (" + f.Cure + ")")
		}
	}
	return b.String()
}
