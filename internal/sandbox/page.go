package sandbox

import (
	"sync/atomic"
	"unsafe"
)

// Page is memory that a process shares with the one that started it. A host.Watch.
type Page struct {
	slots *[slots]slot
	last  func() error // unmaps it
}

// slots is how many calls are seen at once: one for each goroutine that calls guests.
const slots = 64

type slot struct {
	count atomic.Uint64 // of calls that have begun or ended: odd while one runs
	name  [120]byte     // what is called, and then 0
}

const pageBytes = int(unsafe.Sizeof([slots]slot{}))

// Begin notes that a call begins. The result is for End.
func (p *Page) Begin(what string) int {
	for i := range p.slots {
		s := &p.slots[i]
		if n := s.count.Load(); n&1 == 0 && s.count.CompareAndSwap(n, n+1) {
			s.name[copy(s.name[:len(s.name)-1], what)] = 0
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

// running is what is called now; "": nothing.
func (p *Page) running() string {
	for i := range p.slots {
		s := &p.slots[i]
		if s.count.Load()&1 == 1 {
			name := s.name[:]
			for n, b := range name {
				if b == 0 {
					return string(name[:n])
				}
			}
		}
	}
	return ""
}

// reset forgets a call that a process did not end because it was killed.
func (p *Page) reset() { *p.slots = [slots]slot{} }
