package process

import (
	"strconv"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/header-auth/header-auth/host/abi"
)

func TestSharedData(t *testing.T) {
	s := NewShared()
	key := Key{"vm", "key"}
	store := func(value string, cas uint32, want abi.Status) {
		t.Helper()
		if got, full := s.Store(key, []byte(value), cas); got != want || full {
			t.Errorf("store %q with cas %d: %v, full %v; want %v", value, cas, got, full, want)
		}
	}
	store("a", 99, abi.StatusOk) // a new key takes any number
	first, _ := s.Item(key)
	store("b", first.CAS, abi.StatusOk)
	store("c", first.CAS, abi.StatusCasMismatch)
	store("d", 0, abi.StatusOk)
	if value, found := s.Get("vm", "key"); string(value) != "d" || !found {
		t.Errorf("value %q, found %v", value, found)
	}
	if _, found := s.Get("other", "key"); found {
		t.Error("another VM id has the value too")
	}
}

// What is replaced or taken out no longer counts against the limit.
func TestSharedLimit(t *testing.T) {
	s := NewShared()
	large := make([]byte, maxBytes/3)
	for range 5 {
		if _, full := s.Store(Key{"vm", "key"}, large, 0); full {
			t.Fatal("replacing a value fills the limit")
		}
	}
	queue, _ := s.Register(Key{"vm", "queue"}, func(uint32) {})
	for range 5 {
		if _, full := s.Enqueue(queue, large); full {
			t.Fatal("an item that was taken out counts")
		}
		if _, status := s.Dequeue(queue); status != abi.StatusOk {
			t.Fatal(status)
		}
	}
	if _, full := s.Store(Key{"vm", "another key"}, large, 0); full {
		t.Error("two thirds are too much")
	}
	if _, full := s.Enqueue(queue, large); !full {
		t.Error("there is no limit")
	}
}

func TestQueue(t *testing.T) {
	s := NewShared()
	if s.Resolve(Key{"vm", "queue"}) != 0 {
		t.Error("a queue that was not made has a number")
	}
	var owners []string
	ready := func(name string) func(uint32) { return func(uint32) { owners = append(owners, name) } }
	queue, _ := s.Register(Key{"vm", "queue"}, ready("first"))
	s.Enqueue(queue, []byte("a"))
	if again, _ := s.Register(Key{"vm", "queue"}, ready("second")); again != queue ||
		s.Resolve(Key{"vm", "queue"}) != queue {
		t.Errorf("numbers %d and %d", queue, again)
	}
	s.Enqueue(queue, []byte("b"))
	if diff := cmp.Diff([]string{"first", "second"}, owners); diff != "" {
		t.Errorf("owners (-want +got):\n%s", diff)
	}
	for _, want := range []string{"a", "b"} {
		if item, status := s.Dequeue(queue); string(item) != want || status != abi.StatusOk {
			t.Errorf("item %q, %v; want %q", item, status, want)
		}
	}
	if _, status := s.Dequeue(queue); status != abi.StatusEmpty {
		t.Errorf("empty queue: %v", status)
	}
	if _, status := s.Dequeue(queue + 1); status != abi.StatusNotFound {
		t.Errorf("no queue: %v", status)
	}
	if status, _ := s.Enqueue(0, nil); status != abi.StatusNotFound {
		t.Errorf("queue 0: %v", status)
	}
}

// Nothing takes queues or metrics away: their number has a limit.
func TestNumbersHaveLimits(t *testing.T) {
	s, m := NewShared(), NewMetrics()
	full := false
	for i := 0; i <= maxBytes/ItemBytes && !full; i++ {
		_, full = s.Register(Key{"vm", strconv.Itoa(i)}, func(uint32) {})
	}
	if !full {
		t.Error("there is no limit to queues")
	}
	for i := range maxMetrics {
		if m.Define(abi.Gauge, strconv.Itoa(i)) == nil {
			t.Fatalf("%d metrics are too many", i)
		}
	}
	if m.Define(abi.Gauge, "one more") != nil {
		t.Error("there is no limit to metrics")
	}
	if m.Define(abi.Gauge, "0") == nil {
		t.Error("a metric that is there is not found")
	}
}

func TestMetrics(t *testing.T) {
	m := NewMetrics()
	counter := m.Define(abi.Counter, "n")
	if again := m.Define(abi.Counter, "n"); again != counter {
		t.Error("the same counter is there twice")
	}
	gauge := m.Define(abi.Gauge, "n")
	histogram := m.Define(abi.Histogram, "h")
	counter.Add(2)
	counter.Add(3)
	gauge.Set(7)
	gauge.Set(6)
	histogram.Add(10)
	histogram.Add(20)
	want := []Metric{{abi.Histogram, "h", 30, 2}, {abi.Counter, "n", 5, 0}, {abi.Gauge, "n", 6, 0}}
	before := m.Changes()
	if diff := cmp.Diff(want, m.All()); diff != "" {
		t.Errorf("metrics (-want +got):\n%s", diff)
	}
	if m.Changes() != before || before != 3+6 {
		t.Errorf("%d changes, then %d; want 9", before, m.Changes())
	}
	if value, found := m.Value(abi.Gauge, "n"); value != 6 || !found || counter.Get() != 5 {
		t.Errorf("gauge %d, %v; counter %d", value, found, counter.Get())
	}
	if _, found := m.Value(abi.Gauge, "h"); found {
		t.Error("a metric that is not defined is found")
	}
}
