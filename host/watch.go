package host

// Watch is told when a call into a guest begins and when it ends, and the same of a compilation. A call of the guest's
// allocator begins and ends inside that of a callback. What a Watch writes to memory that another process
// reads lets that process end this one when a call does not end: see the package's documentation. Several
// goroutines use it at once.
type Watch interface {
	Begin(what string) (call int) // what is the export that is called, or Compilation
	End(call int)
}

// Compilation is what a Watch is told while a module is compiled.
const Compilation = "compilation"

// watched tells w, which may be nil, of a call that begins. The result ends it.
func watched(w Watch, what string) (end func()) {
	if w == nil {
		return func() {}
	}
	call := w.Begin(what)
	return func() { w.End(call) }
}
