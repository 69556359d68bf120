package process

import (
	"sync"

	"github.com/header-auth/header-auth/host/abi"
)

// Shared is the shared data and the queues of a process. VMs that are given the same Shared share what belongs to their
// VM id; they may run in different goroutines.
type Shared struct {
	mu     sync.Mutex
	data   map[Key]Item
	cas    uint32
	queues []*queue
	byName map[Key]uint32 // token: index in queues + 1
	bytes  int            // kept in data and queues
}

// Key names shared data, or a queue, of the VMs with one VM id.
type Key struct{ VMID, Name string }

// Item is a value with the number of its version.
type Item struct {
	Value []byte // replaced as a whole, never changed
	CAS   uint32
}

type queue struct {
	name  string
	ready func(token uint32) // tells the owner that there is an item
	items [][]byte
}

// NewShared makes an empty one.
func NewShared() *Shared { return &Shared{data: map[Key]Item{}, byName: map[Key]uint32{}} }

// Bytes is how many it keeps, with a few for each key and item.
func (s *Shared) Bytes() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.bytes
}

// Get is a copy of the value of a key of shared data; false when it is not there.
func (s *Shared) Get(vmID, key string) ([]byte, bool) {
	item, found := s.Item(Key{vmID, key})
	return append([]byte(nil), item.Value...), found
}

// Set sets the value of a key of shared data.
func (s *Shared) Set(vmID, key string, value []byte) { s.Store(Key{vmID, key}, value, 0) }

// Item is the value of a key of shared data, without a copy; false when it is not there.
func (s *Shared) Item(key Key) (Item, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	item, found := s.data[key]
	return item, found
}

// maxBytes is how much a Shared keeps. Envoy has no limit and would run out of memory.
const maxBytes = 64 << 20

// ItemBytes is about how many an item in a queue takes besides its bytes, with the event that tells the queue's owner.
const ItemBytes = 256

// overLimit counts n more bytes, or reports that they are too many.
func (s *Shared) overLimit(n int) bool {
	if s.bytes+n > maxBytes {
		return true
	}
	s.bytes += n
	return false
}

// Store stores a copy of value. A cas other than 0 must be that of the value that is there. full says that the limit is
// reached.
func (s *Shared) Store(key Key, value []byte, cas uint32) (status abi.Status, full bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	old, found := s.data[key]
	if found && cas != 0 && cas != old.CAS {
		return abi.StatusCasMismatch, false
	}
	if found {
		s.bytes -= len(old.Value)
	} else if s.overLimit(len(key.Name) + 64) {
		return abi.StatusOk, true
	}
	if s.overLimit(len(value)) {
		return abi.StatusOk, true
	}
	s.cas++
	if s.cas == 0 {
		s.cas = 1
	}
	s.data[key] = Item{append([]byte(nil), value...), s.cas}
	return abi.StatusOk, false
}

// Register makes the caller the owner of a queue, which is made if it does not exist, and returns the queue's number.
// ready is called for each item that is put in, in the goroutine that puts it in; it must not use s. full says that the
// limit is reached.
func (s *Shared) Register(key Key, ready func(token uint32)) (token uint32, full bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	token, found := s.byName[key]
	if !found {
		if s.overLimit(len(key.Name) + ItemBytes) {
			return 0, true
		}
		s.queues = append(s.queues, &queue{name: key.Name})
		token = uint32(len(s.queues))
		s.byName[key] = token
	}
	s.queues[token-1].ready = ready
	return token, false
}

// Resolve is the number of a queue, 0 when it does not exist.
func (s *Shared) Resolve(key Key) uint32 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.byName[key]
}

// QueueName is the name of a queue, "" when there is none of that number.
func (s *Shared) QueueName(token uint32) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if token == 0 || token > uint32(len(s.queues)) {
		return ""
	}
	return s.queues[token-1].name
}

// Enqueue appends a copy of item and calls ready of the queue's owner. full says that the limit is reached.
func (s *Shared) Enqueue(token uint32, item []byte) (status abi.Status, full bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if token == 0 || token > uint32(len(s.queues)) {
		return abi.StatusNotFound, false
	}
	if s.overLimit(len(item) + ItemBytes) {
		return abi.StatusOk, true
	}
	q := s.queues[token-1]
	q.items = append(q.items, append([]byte(nil), item...))
	q.ready(token)
	return abi.StatusOk, false
}

// Dequeue takes the first item out of a queue.
func (s *Shared) Dequeue(token uint32) ([]byte, abi.Status) {
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
	s.bytes -= len(item) + ItemBytes
	return item, abi.StatusOk
}
