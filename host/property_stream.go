package host

import (
	"encoding/binary"
	"strings"

	"github.com/header-auth/header-auth/host/abi"
	"github.com/header-auth/header-auth/host/envoy"
	"github.com/header-auth/header-auth/host/headermap"
)

// property is the value of an object's field, and of a key in it.
func (s *Stream) property(root, rest string) ([]byte, abi.Status) {
	field, key, keyed := strings.Cut(rest, "\x00")
	var v []byte
	found := false
	switch root {
	case "request":
		if field == "headers" {
			return mapProperty(s.propertyMap(abi.RequestHeaders), key, keyed)
		}
		v, found = s.requestProperty(field)
	case "response":
		switch field {
		case "headers":
			return mapProperty(s.propertyMap(abi.ResponseHeaders), key, keyed)
		case "trailers":
			return mapProperty(s.propertyMap(abi.ResponseTrailers), key, keyed)
		}
		v, found = s.responseProperty(field)
	case "source":
		v, found = addressProperty(s.config.Source, field)
	case "destination":
		v, found = addressProperty(s.config.Destination, field)
	case "connection":
		if field == "mtls" {
			v, found = []byte{0}, true
		}
	}
	if !found || keyed {
		return nil, abi.StatusNotFound
	}
	return v, abi.StatusOk
}

// propertyMap is a map of the stream when it can be read now, else nil.
func (s *Stream) propertyMap(t abi.MapType) *headermap.Map {
	current, effective := s.vm.currentContext, s.vm.effectiveContext
	s.vm.currentContext, s.vm.effectiveContext = &s.abiContext, nil
	defer func() { s.vm.currentContext, s.vm.effectiveContext = current, effective }()
	return s.vm.readableMap(t)
}

// mapProperty is the whole map as pairs, or all values of one name, joined with commas.
func mapProperty(m *headermap.Map, key string, keyed bool) ([]byte, abi.Status) {
	switch {
	case m == nil:
		return nil, abi.StatusNotFound
	case !keyed:
		b := make([]byte, headermap.PairsSize(m.Entries))
		if len(b) > 0 {
			headermap.PutPairs(b, m.Entries)
		}
		return b, abi.StatusOk
	}
	value, found := m.Joined(key)
	if !found {
		return nil, abi.StatusNotFound
	}
	return []byte(value), abi.StatusOk
}

// requestProperty is the value of request.FIELD.
func (s *Stream) requestProperty(field string) ([]byte, bool) {
	switch field {
	case "time":
		return number(uint64(s.started)), true
	case "protocol":
		return []byte(s.config.Protocol.String()), true
	case "size":
		if m := s.propertyMap(abi.RequestHeaders); m != nil {
			if value, found := m.Get("content-length"); found {
				return number(uint64(envoy.Number(value))), true
			}
		}
		return number(uint64(s.receivedBytes)), true
	case "total_size":
		return number(uint64(s.receivedBytes + s.request.headers.Size())), true
	case "duration":
		if !s.closing {
			return nil, false
		}
		return number(uint64(s.finished - s.started)), true
	}
	m := s.propertyMap(abi.RequestHeaders)
	if m == nil {
		return nil, false
	}
	var value string
	var found bool
	switch field {
	case "path":
		value, found = m.Get(":path")
	case "url_path":
		value, found = m.Get(":path")
		value, _, _ = strings.Cut(value, "?")
	case "query":
		value, found = m.Get(":path")
		_, value, _ = strings.Cut(value, "?")
		value, _, _ = strings.Cut(value, "#")
	case "host":
		value, found = m.Get(":authority")
	case "scheme":
		value, found = m.Get(":scheme")
	case "method":
		value, found = m.Get(":method")
	case "referer":
		value, found = m.Get("referer")
	case "useragent":
		value, found = m.Get("user-agent")
	case "id":
		value, found = m.Get("x-request-id")
	}
	return []byte(value), found
}

// responseProperty is the value of response.FIELD.
func (s *Stream) responseProperty(field string) ([]byte, bool) {
	if !s.response.hasHeaders {
		return nil, false
	}
	h := &s.response.headers
	switch field {
	case "code":
		value, _ := h.Get(":status")
		return number(uint64(envoy.Number(value))), true
	case "code_details":
		if len(s.details) == 0 {
			return []byte("via_upstream"), true
		}
		return s.details, true
	case "flags":
		return number(0), true
	case "size":
		return number(uint64(s.sentBytes)), true
	case "total_size":
		return number(uint64(s.sentBytes + h.Size())), true
	case "grpc_status":
		value, found := h.Get("grpc-status")
		if !found {
			value, found = s.response.trailers.Get("grpc-status")
		}
		return number(uint64(envoy.Number(value))), found
	}
	return nil, false
}

// addressProperty is the address, or the port, of "ADDRESS:PORT".
func addressProperty(address, field string) ([]byte, bool) {
	if address == "" {
		return nil, false
	}
	switch field {
	case "address":
		return []byte(address), true
	case "port":
		return number(uint64(envoy.Number(address[strings.LastIndexByte(address, ':')+1:]))), true
	}
	return nil, false
}

func number(n uint64) []byte { return binary.LittleEndian.AppendUint64(nil, n) }
