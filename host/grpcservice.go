package host

import (
	"unicode/utf8"

	"google.golang.org/protobuf/encoding/protowire"
)

// grpcService is what the host needs of an envoy.config.core.v3.GrpcService: one of the two targets is set in one that
// works.
type grpcService struct {
	isEnvoy bool
	cluster string // of envoy_grpc
	target  string // of google_grpc, with isEnvoy false; a URI
	set     bool
}

// field types of a protobuf schema. A field that is not in the schema, or has another wire type, may be anything.
type (
	message map[protowire.Number]any // of message, text or octets
	text    struct{}                 // valid UTF-8
	octets  struct{}
)

var (
	wrapper      = message{}
	retryBackOff = message{1: message{}, 2: message{}}
	headerValue  = message{1: text{}, 2: text{}, 3: octets{}}
	schema       = message{
		1: message{1: text{}, 2: text{}, 3: message{1: retryBackOff, 2: wrapper, 3: text{}, 4: message{}, 5: message{}},
			4: wrapper},
		2: message{1: text{}, 2: message{}, 3: message{}, 4: text{}, 5: text{}, 6: message{}, 7: wrapper, 8: message{}},
		3: message{},
		5: headerValue,
		6: message{},
	}
)

// parse says whether b is a message of that type, as protobuf's C++ parser reads it.
func (m message) parse(b []byte) bool {
	for len(b) > 0 {
		number, kind, n := protowire.ConsumeField(b)
		if n < 0 {
			return false
		}
		if kind == protowire.BytesType {
			_, _, tag := protowire.ConsumeTag(b)
			value, _ := protowire.ConsumeBytes(b[tag:])
			switch field := m[number].(type) {
			case message:
				if !field.parse(value) {
					return false
				}
			case text:
				if !utf8.Valid(value) {
					return false
				}
			}
		}
		b = b[n:]
	}
	return true
}

// parseGrpcService reads a GrpcService; false when b is none. Every b that is valid protobuf is one, also the names of
// some clusters, such as "users" (Envoy, source/extensions/common/wasm/context.cc, Context::grpcCall).
func parseGrpcService(b []byte) (s grpcService, ok bool) {
	if !schema.parse(b) {
		return s, false
	}
	eachField(b, func(number protowire.Number, target []byte) {
		switch number {
		case 1: // of several fields of the two the last one counts, parts of the same are merged
			if !s.isEnvoy {
				s = grpcService{isEnvoy: true, set: true}
			}
			eachField(target, func(number protowire.Number, value []byte) {
				if number == 1 {
					s.cluster = string(value)
				}
			})
		case 2:
			if s.isEnvoy {
				s = grpcService{}
			}
			s.set = true
			eachField(target, func(number protowire.Number, value []byte) {
				if number == 1 {
					s.target = string(value)
				}
			})
		}
	})
	return s, true
}

// eachField goes through the fields with a length of a valid message.
func eachField(b []byte, do func(protowire.Number, []byte)) {
	for len(b) > 0 {
		number, kind, n := protowire.ConsumeField(b)
		if kind == protowire.BytesType {
			_, _, tag := protowire.ConsumeTag(b)
			value, _ := protowire.ConsumeBytes(b[tag:])
			do(number, value)
		}
		b = b[n:]
	}
}
