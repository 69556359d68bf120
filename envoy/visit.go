package envoy

import (
	"context"
	"slices"
	"time"

	"github.com/header-auth/header-auth/conformance/table"
	"github.com/header-auth/header-auth/envoy/wire"
	"github.com/header-auth/header-auth/host/headermap"
)

// garbage is no HTTP, and long enough for the head of a frame.
const garbage = "garbage that is no HTTP, long enough for the head of a frame\r\n\r\n"

// visit is a call at a service.
type visit struct {
	service *service
	conn    *wire.Conn
	stream  uint32
	call    *call     // nil: its headers have not come, or it is a gRPC call
	grpc    *grpcCall // nil: it is none
	ended   bool      // answered, or broken off by one of the sides
}

func (v *visit) Headers(stream uint32, headers []headermap.Header, end bool) {
	l := v.service.lane
	if v.grpc != nil {
		return // trailers, which no plugin sends
	}
	if v.call == nil {
		// The log says which call this is, and may be read later than the socket.
		var found *call
		var grpc *grpcCall
		_ = l.until(context.Background(), func() bool {
			if v.service.run == nil {
				return true // of a case that has ended
			}
			if isGRPC(headers) {
				grpc = v.service.run.arrivedGRPC(v.service.name, headers)
			}
			if grpc == nil {
				found = v.service.run.arrived(v.service.name)
			}
			return found != nil || grpc != nil
		})
		if found == nil && grpc == nil {
			return
		}
		l.mu.Lock()
		defer l.mu.Unlock()
		if grpc != nil {
			v.stream, v.grpc, grpc.visit = stream, grpc, v
			v.end(end || grpc.stream)
			return
		}
		v.stream, v.call = stream, found
		found.visit, found.Headers = v, withoutScheme(headers, found.Headers)
	} else {
		l.mu.Lock()
		defer l.mu.Unlock()
		v.call.Trailers = headers
	}
	v.end(end)
}

// withoutScheme leaves out the scheme of a call that the plugin has given none: Envoy adds it,
// for HTTP/2 alone to show.
func withoutScheme(arrived, made []headermap.Header) []headermap.Header {
	isScheme := func(h headermap.Header) bool { return h.Name == ":scheme" }
	if slices.ContainsFunc(made, isScheme) {
		return arrived
	}
	return slices.DeleteFunc(arrived, isScheme)
}

func (v *visit) Data(_ uint32, data []byte, end bool) {
	l := v.service.lane
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case v.call != nil:
		v.call.body = append(v.call.body, data...)
		v.end(end)
	case v.grpc != nil:
		v.end(end && !v.grpc.stream)
	}
}

func (v *visit) Reset(uint32) { v.Closed() }

func (v *visit) Closed() {
	l := v.service.lane
	l.mu.Lock()
	defer l.mu.Unlock()
	v.ended = true
	l.happened()
}

// end answers a call that has come to its end, when the case has an answer for it.
func (v *visit) end(now bool) {
	run := v.service.run
	switch {
	case !now:
	case v.grpc != nil:
		if run != nil {
			if a := run.take(v.service.name, true); a != nil {
				v.answerGRPC(a)
			}
		}
	default:
		v.call.Body = v.call.body
		if run != nil {
			if a := run.take(v.service.name, false); a != nil {
				v.answer(a)
			}
		}
	}
	v.service.lane.happened()
}

// answer does what an answer of a case says. The lock is held.
func (v *visit) answer(a *table.Answer) {
	if a.Kind == table.TimedOut { // Envoy gives up once time has passed: see run.settle
		v.call.due = v.call.made + time.Duration(v.call.TimeoutMS)*time.Millisecond
		return
	}
	v.ended = true
	if a.Kind != table.Answers {
		v.fails(a.Kind)
		return
	}
	var packed packer
	if hostile(a) {
		packed = carry
	}
	_ = v.conn.Headers(v.stream, answerOnWire(a.Headers, packed), len(a.Body) == 0 && a.Trailers == nil)
	if len(a.Body) > 0 {
		_ = v.conn.Data(v.stream, a.Body, a.Trailers == nil)
	}
	if a.Trailers != nil {
		_ = v.conn.Headers(v.stream, answerOnWire(a.Trailers, nil), true)
	}
}

// fails breaks a call off.
func (v *visit) fails(kind table.AnswerKind) {
	switch kind {
	case table.Reset:
		_ = v.conn.Headers(v.stream, headermap.Of(":status", "200"), false)
		_ = v.conn.Data(v.stream, []byte("half"), false)
		_ = v.conn.Reset(v.stream)
	case table.Garbage:
		_, _ = v.conn.Write([]byte(garbage))
		_ = v.conn.Close()
	default: // closed; and refused, which a call that has arrived can't be any more
		_ = v.conn.Close()
	}
}
