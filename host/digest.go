package host

import (
	"encoding/binary"
	"hash/maphash"
)

// Digest writes into h all that Actions, Upstream, Downstream and Reply show, and whether the reply is that for a dead
// VM, without copies. Two streams that show the same write the same.
func (s *Stream) Digest(h *maphash.Hash) {
	digestNumber(h, int(s.request.action)<<32|int(s.response.action))
	flags := byte(0)
	if s.reply != nil {
		flags |= 1
	}
	if string(s.details) == failStream {
		flags |= 2
	}
	_ = h.WriteByte(flags)
	s.Upstream().digest(h)
	s.Downstream().digest(h)
	if r := s.reply; r != nil {
		digestNumber(h, int(r.code))
		digestNumber(h, int(r.grpc))
		digestBytes(h, r.details)
		digestPairs(h, r.pairs.Entries)
		digestBytes(h, r.body)
	}
}

// Digest writes the call as it leaves Envoy into h; not its token, or whether it is done.
func (c *Call) Digest(h *maphash.Hash) {
	digestNumber(h, len(c.Cluster))
	_, _ = h.WriteString(c.Cluster)
	digestPairs(h, c.Headers)
	digestBytes(h, c.Body)
	digestPairs(h, c.Trailers)
	digestNumber(h, int(c.Timeout))
}

func (m *Message) digest(h *maphash.Hash) {
	flags := byte(0)
	for i, set := range [...]bool{m.HeadersSent, m.Ended, m.Reset, m.trailersSent} {
		if set {
			flags |= 1 << i
		}
	}
	_ = h.WriteByte(flags)
	if m.HeadersSent {
		digestPairs(h, m.direction.headers.Entries)
	}
	if m.trailersSent {
		digestPairs(h, m.direction.trailers.Entries)
	}
	digestBytes(h, m.body)
}

func digestPairs(h *maphash.Hash, pairs []Header) {
	digestNumber(h, len(pairs))
	for i := range pairs {
		digestNumber(h, len(pairs[i].Name)<<32|len(pairs[i].Value))
		_, _ = h.WriteString(pairs[i].Name)
		_, _ = h.WriteString(pairs[i].Value)
	}
}

func digestBytes(h *maphash.Hash, b []byte) {
	digestNumber(h, len(b))
	_, _ = h.Write(b)
}

func digestNumber(h *maphash.Hash, n int) {
	var b [8]byte
	binary.LittleEndian.PutUint64(b[:], uint64(n))
	_, _ = h.Write(b[:])
}
