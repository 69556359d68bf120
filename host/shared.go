package host

import (
	"sync"

	"github.com/header-auth/header-auth/host/abi"
)

// Shared is the shared data and the queues of a process. VMs that are given the same one share what belongs to their
// VM id, whichever goroutine they run in.
type Shared struct {
	mu     sync.Mutex
	data   map[sharedKey]sharedItem
	cas    uint32
	queues []*queue
	byName map[sharedKey]uint32 // token: index in queues + 1
	bytes  int                  // kept in data and queues
}

type sharedKey struct{ vm, name string }

type sharedItem struct {
	value []byte
	cas   uint32
}

type queue struct {
	vm    *VM
	owner *Plugin
	items [][]byte
}

// NewShared makes an empty one.
func NewShared() *Shared {
	return &Shared{data: map[sharedKey]sharedItem{}, byName: map[sharedKey]uint32{}}
}

// Get is the value of a key of shared data.
func (s *Shared) Get(vmID, key string) ([]byte, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	item, found := s.data[sharedKey{vmID, key}]
	return append([]byte(nil), item.value...), found
}

// Set sets the value of a key of shared data.
func (s *Shared) Set(vmID, key string, value []byte) { s.set(sharedKey{vmID, key}, value, 0) }

// sharedBytes is how much a Shared keeps. Envoy has no limit: it would run out of memory.
const sharedBytes = 128 << 20

// full reports that n more bytes are too many.
func (s *Shared) full(n int) bool {
	if s.bytes+n > sharedBytes {
		return true
	}
	s.bytes += n
	return false
}

// set stores a copy of value. cas, when not 0, must be that of the value which is there, if one is.
func (s *Shared) set(key sharedKey, value []byte, cas uint32) (status abi.Status, full bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	old, found := s.data[key]
	if found && cas != 0 && cas != old.cas {
		return abi.StatusCasMismatch, false
	}
	if found {
		s.bytes -= len(old.value)
	} else if s.full(len(key.name) + 64) {
		return abi.StatusOk, true
	}
	if s.full(len(value)) {
		return abi.StatusOk, true
	}
	s.cas++
	if s.cas == 0 {
		s.cas = 1
	}
	s.data[key] = sharedItem{append([]byte(nil), value...), s.cas}
	return abi.StatusOk, false
}

// register makes p the owner of a queue, which is made if it isn't there.
func (s *Shared) register(key sharedKey, p *Plugin) uint32 {
	s.mu.Lock()
	defer s.mu.Unlock()
	token, found := s.byName[key]
	if !found {
		s.queues = append(s.queues, &queue{})
		token = uint32(len(s.queues))
		s.byName[key] = token
	}
	q := s.queues[token-1]
	q.vm, q.owner = p.vm, p
	return token
}

func (s *Shared) resolve(key sharedKey) uint32 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.byName[key]
}

// enqueue appends a copy of item and tells the queue's owner.
func (s *Shared) enqueue(token uint32, item []byte) (status abi.Status, full bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if token == 0 || token > uint32(len(s.queues)) {
		return abi.StatusNotFound, false
	}
	if s.full(len(item) + 64) {
		return abi.StatusOk, true
	}
	q := s.queues[token-1]
	q.items = append(q.items, append([]byte(nil), item...))
	q.vm.inbox.put(event{plugin: q.owner, queue: token})
	return abi.StatusOk, false
}

func (s *Shared) dequeue(token uint32) ([]byte, abi.Status) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if token == 0 || token > uint32(len(s.queues)) {
		return nil, abi.StatusNotFound
	}
	q := s.queues[token-1]
	if len(q.items) == 0 {
		return nil, abi.StatusEmpty
	}
	item := q.items[0]
	q.items[0] = nil
	q.items = q.items[1:]
	s.bytes -= len(item) + 64
	return item, abi.StatusOk
}
