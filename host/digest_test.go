package host

import (
	"hash/maphash"
	"testing"

	"github.com/header-auth/header-auth/host/headermap"
)

// TestDigest: two exchanges that show the same have the same digest, and others have another.
func TestDigest(t *testing.T) {
	p := startPlugin(t, allCallbacks(), VMConfig{})
	seed := maphash.MakeSeed()
	sum := func(path, body, trailer string) uint64 {
		s := p.NewStream(StreamConfig{})
		s.RequestHeaders(headermap.Of(":method", "GET", ":path", path, ":authority", "a"), false)
		s.RequestBody([]byte(body), false)
		s.RequestTrailers(headermap.Of("t", trailer))
		s.ResponseHeaders(headermap.Of(":status", "200"), true)
		s.Close()
		var h maphash.Hash
		h.SetSeed(seed)
		s.Digest(&h)
		s.Release()
		return h.Sum64()
	}
	first := sum("/", "a", "1")
	if again := sum("/", "a", "1"); again != first {
		t.Error("the same exchange has another digest")
	}
	for _, other := range []uint64{sum("/b", "a", "1"), sum("/", "b", "1"), sum("/", "a", "2"), sum("/", "", "1")} {
		if other == first {
			t.Error("another exchange has the same digest")
		}
	}
}
