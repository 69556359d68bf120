package host

import "github.com/header-auth/header-auth/host/envoy"

// acceptRequest loads the request's headers as Envoy's codecs do. When a codec refuses them, it sends the codec's reply
// and reports false.
func (s *Stream) acceptRequest(h []Header) bool {
	t := s.loadHeaders(&s.request, h)
	if t.fault != 0 {
		s.rejectRequest(t.fault)
		return false
	}
	s.headRequest, s.grpcRequest, s.request.routeUnsure = t.headRequest, t.grpcRequest, t.routeUnsure
	return true
}

// rejectRequest answers for the HTTP/1.1 codec, before any filter; the HTTP/2 codec resets the stream.
func (s *Stream) rejectRequest(status int) {
	s.rejected, s.request.hasHeaders = true, true
	if s.config.Protocol != HTTP1 {
		s.reset()
		return
	}
	r := s.newReply()
	body, details := envoy.CodecReply(status)
	r.code = uint32(status)
	r.body = append(r.body, body...)
	r.details = append(r.details, details...)
	s.recordReply(r)
	s.replyDirectly(r)
}
