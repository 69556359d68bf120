package host

import (
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/header-auth/header-auth/host/abi"
	"github.com/header-auth/header-auth/host/envoy"
	"github.com/header-auth/header-auth/host/headermap"
	"github.com/header-auth/header-auth/host/property"
)

// What an exchange has when StreamConfig says nothing else.
const (
	defaultSource      = "127.0.0.1:50000"
	defaultDestination = "127.0.0.1:10000"
	defaultUpstream    = "127.0.0.1:8080"
	upstreamLocal      = "127.0.0.1:50001"
)

// topProperty is an object of the exchange, or a value that a plugin has set.
func (s *Stream) topProperty(name string) (any, bool) {
	switch name {
	case "request":
		return property.Object(s.requestProperty), true
	case "response":
		return property.Object(s.responseProperty), true
	case "connection":
		return property.Object(s.connectionProperty), true
	case "upstream":
		return property.Object(s.upstreamProperty), true
	case "source":
		return property.Object(func(field string) (any, bool) {
			return addressProperty(or(s.config.Source, defaultSource), field)
		}), true
	case "destination":
		return property.Object(func(field string) (any, bool) {
			return addressProperty(or(s.config.Destination, defaultDestination), field)
		}), true
	case "metadata":
		return property.Metadata{}, true
	case "filter_state":
		return property.Object(s.filterStateProperty), true
	case "upstream_filter_state":
		return property.Object(func(string) (any, bool) { return nil, false }), s.connected()
	case "connection_id":
		return s.connectionID, true
	}
	return s.filterStateProperty(setProperty + name)
}

// or is the value, or a default for an empty one.
func or(value, otherwise string) string {
	if value == "" {
		return otherwise
	}
	return value
}

// requestProperty is the value of request.FIELD.
func (s *Stream) requestProperty(field string) (any, bool) {
	switch field {
	case "time":
		return time.Unix(0, s.started), true
	case "protocol":
		return s.config.Protocol.String(), true
	case "duration":
		return time.Duration(s.finished - s.started), s.closing
	}
	m := s.propertyMap(abi.RequestHeaders)
	switch field {
	case "headers":
		return headersValue{m}, true
	case "headers_bytes":
		return int64(m.Size()), true
	case "total_size":
		return int64(s.receivedBytes + m.Size()), true
	case "size":
		if value, found := m.Get("content-length"); found {
			n := envoy.Number(value)
			return int64(n), n > 0 || value == "0"
		}
		return int64(s.receivedBytes), true
	case "path":
		return header(m, ":path")
	case "url_path":
		path, found := m.Get(":path")
		path, _, _ = strings.Cut(path, "?")
		return path, found
	case "query":
		path, found := m.Get(":path")
		_, query, _ := strings.Cut(path, "?")
		query, _, _ = strings.Cut(query, "#")
		return query, found
	case "host":
		return header(m, ":authority")
	case "scheme":
		return header(m, ":scheme")
	case "method":
		return header(m, ":method")
	case "referer":
		return header(m, "referer")
	case "useragent":
		return header(m, "user-agent")
	case "id":
		return header(m, "x-request-id")
	}
	return nil, false
}

// header is the value of a header as a property.
func header(m *headermap.Map, name string) (any, bool) {
	value, found := m.Get(name)
	return value, found
}

// responseProperty is the value of response.FIELD.
func (s *Stream) responseProperty(field string) (any, bool) {
	sent := int64(len(s.Downstream().body))
	switch field {
	case "code":
		return int64(s.responseCode()), s.responded()
	case "code_details":
		if len(s.details) > 0 {
			return string(s.details), true
		}
		return "via_upstream", s.responded()
	case "flags":
		return int64(s.flags), true
	case "size":
		return sent, true
	case "backend_latency":
		return time.Duration(0), s.hasUpstream() && s.last().response.ended && len(s.details) == 0 &&
			s.upstreamFailure == CallAnswered
	}
	h, t := s.propertyMap(abi.ResponseHeaders), s.propertyMap(abi.ResponseTrailers)
	switch field {
	case "headers":
		return headersValue{h}, true
	case "trailers":
		return headersValue{t}, true
	case "headers_bytes":
		return int64(h.Size()), true
	case "total_size":
		return sent + int64(h.Size()+t.Size()), true
	case "grpc_status":
		for _, m := range []*headermap.Map{t, h} {
			if value, found := m.Get("grpc-status"); found {
				return int64(envoy.GRPCStatus(value)), true
			}
		}
		return int64(envoy.GRPCStatusOf(s.responseCode())), s.responded()
	}
	return nil, false
}

// responded says whether there are response headers.
func (s *Stream) responded() bool { return s.last().response.hasHeaders }

// responseCode is the response's status, 0 when there is none.
func (s *Stream) responseCode() int {
	value, _ := s.furthest(true).headers.Get(":status")
	return envoy.Number(value)
}

// connectionProperty is the value of connection.FIELD, of a client without TLS.
func (s *Stream) connectionProperty(field string) (any, bool) {
	switch field {
	case "mtls":
		return false, true
	case "requested_server_name":
		return "", true
	case "id":
		return s.connectionID, true
	}
	return nil, false
}

// upstreamProperty is the value of upstream.FIELD, of a host without TLS.
func (s *Stream) upstreamProperty(field string) (any, bool) {
	chosen := s.choseHost()
	switch field {
	case "address", "port":
		v, found := addressProperty(or(s.config.Upstream, defaultUpstream), field)
		return v, found && chosen
	case "local_address":
		return upstreamLocal, s.connected()
	case "locality":
		return property.Locality{}, chosen
	case "transport_failure_reason":
		if s.upstreamFailure == CallRefused {
			return refusedReason, true
		}
		return "", chosen
	case "cx_pool_ready_duration":
		return time.Duration(0), chosen
	case "request_attempt_count":
		if s.hasUpstream() {
			return uint64(1), true
		}
		return uint64(0), true
	case "num_endpoints":
		if s.upstreamFailure == CallNoHost {
			return uint64(0), true
		}
		return uint64(1), true
	}
	return nil, false
}

// xdsProperty is the value of xds.FIELD besides the node: names are empty and metadata has no entries unless the caller
// gives them.
func (s *Stream) xdsProperty(field string) (any, bool) {
	switch field {
	case "cluster_name", "route_name", "virtual_host_name", "filter_chain_name":
		return "", true
	case "cluster_metadata", "route_metadata", "virtual_host_metadata", "listener_metadata":
		return property.Metadata{}, true
	case "listener_direction":
		return int64(0), true
	case "upstream_host_metadata", "upstream_host_locality_metadata":
		return nil, s.choseHost() // null: neither was configured
	}
	return nil, false
}

// propertyMap is a map of the stream when it can be read now, else an empty one.
func (s *Stream) propertyMap(t abi.MapType) *headermap.Map {
	current, effective := s.vm.currentContext, s.vm.effectiveContext
	s.vm.currentContext, s.vm.effectiveContext = &s.abiContext, nil
	m := s.vm.readableMap(t)
	s.vm.currentContext, s.vm.effectiveContext = current, effective
	if m == nil {
		return &noHeaders
	}
	return m
}

var noHeaders headermap.Map

// headersValue is a header map as a property: an entry for each name, with all its values joined by commas.
type headersValue struct{ m *headermap.Map }

func (h headersValue) Get(name string) (any, bool) {
	value, found := h.m.Joined(name)
	return value, found
}

func (h headersValue) Keys() ([]string, bool) {
	names := map[string]bool{}
	for _, e := range h.m.Entries {
		names[e.Name] = true
	}
	return slices.Sorted(maps.Keys(names)), true
}

// addressProperty is the address, or the port, of "ADDRESS:PORT".
func addressProperty(address, field string) (any, bool) {
	switch field {
	case "address":
		return address, true
	case "port":
		_, port, found := strings.Cut(address[strings.LastIndexByte(address, ']')+1:], ":")
		return int64(envoy.Number(port)), found
	}
	return nil, false
}
