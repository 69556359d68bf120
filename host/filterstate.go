package host

import (
	"net/netip"
	"strconv"
	"strings"

	"github.com/header-auth/header-auth/host/profile"
	"github.com/header-auth/header-auth/host/property"
)

// filterState is what plugins have set for an exchange, or for Envoy's other filters (Envoy,
// source/common/stream_info/filter_state_impl.cc). All plugins of a chain have one.
type filterState map[string]*filterObject

// filterObject is an entry of the filter state.
type filterObject struct {
	value     any
	hidden    bool // no property shows it
	span      uint64
	prototype *prototype // of a value of proxy_set_property
}

// prototype is what the foreign function declare_property says of a property that plugins set.
type prototype struct {
	readOnly bool
	kind     propertyKind
	schema   string
	span     uint64
}

type propertyKind uint64

const (
	bytesProperty propertyKind = iota
	stringProperty
	flatBufferProperty // not looked into
	messageProperty
)

// setProperty is the beginning of the name under which a value of proxy_set_property stands in the filter state.
const setProperty = "wasm."

// undeclared is the prototype of what was not declared.
var undeclared prototype

// filterStateProperty is the value of filter_state.NAME.
func (s *Stream) filterStateProperty(name string) (any, bool) {
	o := s.filterState[name]
	if o == nil || o.hidden {
		return nil, false
	}
	if p := o.prototype; p != nil && p.kind == messageProperty && p.schema == structType {
		if v, ok := property.ParseStruct(o.value.([]byte)); ok {
			return v, true
		}
	}
	return o.value, true
}

// wholeMessage is a message that a plugin has set, by its own name alone: the bytes as they are.
func (s *Stream) wholeMessage(name string) ([]byte, bool) {
	if s == nil {
		return nil, false
	}
	o := s.filterState[setProperty+name]
	if o == nil || o.prototype == nil || o.prototype.kind != messageProperty {
		return nil, false
	}
	value, ok := o.value.([]byte)
	return value, ok
}

// structType is the one message that can be looked into.
const structType = "type.googleapis.com/google.protobuf.Struct"

// setOwnProperty keeps a value of proxy_set_property. It reports false for a value that may not be set again.
func (s *Stream) setOwnProperty(path string, value []byte) bool {
	name := setProperty + path
	o := s.filterState[name]
	if o == nil {
		p := s.plugin.prototypes[path]
		if p == nil {
			p = &undeclared
		}
		o = &filterObject{prototype: p, span: p.span}
		s.addObject(name, o)
	} else if o.prototype != nil && o.prototype.readOnly {
		return false
	}
	o.value = value
	return true
}

// addObject puts an object into the filter state. One that is there stays when the new one has another life span.
func (s *Stream) addObject(name string, o *filterObject) {
	if s.filterState == nil {
		s.filterState = filterState{}
	}
	if old := s.filterState[name]; old == nil || old.span == o.span {
		s.filterState[name] = o
	}
}

// objectFactory makes an object of Envoy's own from text; false when it can't be.
type objectFactory struct {
	make  func(text string) (any, bool)
	since profile.Profile // the oldest Envoy that has it, of those that were tried
	// readableSince is the oldest one whose properties show it.
	readableSince profile.Profile
}

const never = profile.Profile(255) // no Envoy shows it

// objectFactories are the objects that the foreign function set_envoy_filter_state can make in the published Envoy.
var objectFactories = map[string]objectFactory{
	"envoy.string":                                        {anyText, profile.Envoy131, profile.Envoy131},
	"envoy.hashable_string":                               {anyText, profile.Envoy139, profile.Envoy139},
	"envoy.bool":                                          {truth, profile.Envoy140, profile.Envoy140},
	"envoy.network.ip":                                    {ipAddress, profile.Envoy131, profile.Envoy131},
	"envoy.network.upstream_server_name":                  {anyText, profile.Envoy131, profile.Envoy131},
	"envoy.network.upstream_subject_alt_names":            {anyText, profile.Envoy131, profile.Envoy139},
	"envoy.network.application_protocols":                 {anyText, profile.Envoy131, never},
	"envoy.network.network_namespace":                     {anyText, profile.Envoy137, profile.Envoy137},
	"envoy.network.transport_socket.original_dst_address": {address, profile.Envoy131, profile.Envoy131},
	"envoy.network.transport_socket.http_11_proxy.info":   {proxyInfo, profile.Envoy139, never},
	"envoy.filters.listener.original_dst.local_ip":        {address, profile.Envoy131, profile.Envoy131},
	"envoy.filters.listener.original_dst.remote_ip":       {address, profile.Envoy131, profile.Envoy131},
	"envoy.ratelimit.hits_addend":                         {number(32), profile.Envoy131, profile.Envoy131},
	"envoy.router.debug_config":                           {anyText, profile.Envoy131, never},
	"envoy.tcp_proxy.cluster":                             {anyText, profile.Envoy131, profile.Envoy131},
	"envoy.tcp_proxy.disable_tunneling":                   {tunneling, profile.Envoy131, profile.Envoy131},
	"envoy.tcp_proxy.per_connection_idle_timeout_ms":      {number(64), profile.Envoy131, profile.Envoy131},
	"envoy.upstream.dynamic_host":                         {anyText, profile.Envoy131, profile.Envoy131},
	"envoy.upstream.dynamic_port":                         {number(32), profile.Envoy131, profile.Envoy131},
}

func anyText(text string) (any, bool) { return text, true }

// tunneling is "true" for that text alone.
func tunneling(text string) (any, bool) { return strconv.FormatBool(text == "true"), true }

// truth reads what absl::SimpleAtob does.
func truth(text string) (any, bool) {
	switch strings.ToLower(text) {
	case "true", "t", "yes", "y", "1":
		return "true", true
	case "false", "f", "no", "n", "0":
		return "false", true
	}
	return nil, false
}

// number reads what absl::SimpleAtoi does.
func number(bits int) func(string) (any, bool) {
	return func(text string) (any, bool) {
		n, err := strconv.ParseUint(strings.TrimPrefix(strings.TrimSpace(text), "+"), 10, bits)
		return strconv.FormatUint(n, 10), err == nil
	}
}

func ipAddress(text string) (any, bool) {
	ip, err := netip.ParseAddr(text)
	if err != nil {
		return nil, false
	}
	return netip.AddrPortFrom(ip, 0).String(), true
}

// addressObject is an address with its fields, which cannot be listed.
type addressObject struct{ property.Values }

func (addressObject) Keys() ([]string, bool) { return nil, true }

func address(text string) (any, bool) {
	a, err := netip.ParseAddrPort(text)
	if err != nil {
		return nil, false
	}
	return addressObject{property.Values{"ip": a.Addr().String(), "port": int64(a.Port())}}, true
}

// proxyInfo reads "HOST,ADDRESS:PORT".
func proxyInfo(text string) (any, bool) {
	_, at, found := strings.Cut(text, ",")
	_, valid := address(at)
	return text, found && valid
}
