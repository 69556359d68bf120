package sandbox

import (
	"bytes"
	"sync/atomic"
	"time"
	"unsafe"
)

// Page is memory that a process shares with the one that started it. A host.Watch.
type Page struct {
	*shared
	unseen bool         // by any other process
	last   func() error // unmaps it
}

type shared struct {
	limit  atomic.Int64  // of a call, which the process itself asks for; 0: none
	number atomic.Uint64 // of calls that have begun
	slots  [slots]slot
}

// slots is how many calls are seen at once: one for each goroutine that calls guests.
const slots = 64

type slot struct {
	count  atomic.Uint64 // of calls that have begun or ended: odd while one runs
	number atomic.Uint64 // of the call that began last, among all
	name   [120]byte     // what is called, and then 0
}

const pageBytes = int(unsafe.Sizeof(shared{}))

// Begin notes that a call begins. The result is for End.
func (p *Page) Begin(what string) int {
	for i := range p.slots {
		s := &p.slots[i]
		if n := s.count.Load(); n&1 == 0 && s.count.CompareAndSwap(n, n+1) {
			s.name[copy(s.name[:len(s.name)-1], what)] = 0
			s.number.Store(p.number.Add(1))
			return i
		}
	}
	return -1 // more at once than there are slots: this one is not seen
}

// End notes that it has ended.
func (p *Page) End(call int) {
	if call >= 0 {
		p.slots[call].count.Add(1)
	}
}

// changes counts all that was noted.
func (p *Page) changes() (n uint64) {
	for i := range p.slots {
		n += p.slots[i].count.Load()
	}
	return n
}

// running is what is called now; "": nothing. Of calls inside each other it is the innermost, which began last.
func (p *Page) running() (what string) {
	last := uint64(0)
	for i := range p.slots {
		if s := &p.slots[i]; s.count.Load()&1 == 1 && s.number.Load() > last {
			last, what = s.number.Load(), s.what()
		}
	}
	return what
}

func (s *slot) what() string {
	name, _, _ := bytes.Cut(s.name[:], []byte{0})
	return string(name)
}

// Limit sets the longest time in which no call begins or ends, from now on and until the job ends, for a job without
// Job.Call.
func (p *Page) Limit(call time.Duration) { p.limit.Store(int64(call)) }
