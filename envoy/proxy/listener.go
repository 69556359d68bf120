package proxy

import (
	"cmp"
	_ "embed"
	"fmt"
	"time"

	core "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	listener "github.com/envoyproxy/go-control-plane/envoy/config/listener/v3"
	route "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	lua "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/lua/v3"
	router "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/router/v3"
	wasmfilter "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/wasm/v3"
	hcm "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/http_connection_manager/v3"
	wasm "github.com/envoyproxy/go-control-plane/envoy/extensions/wasm/v3"
	matcher "github.com/envoyproxy/go-control-plane/envoy/type/matcher/v3"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/wrapperspb"
)

// Listener is a Unix socket, named as it is (Process.Socket), with filters and a route behind it.
type Listener struct {
	Name    string
	Filters []Filter
	Cluster string // that requests go to; "": Envoy answers 200 itself
	// Branches are for the requests that they match, the first one that does.
	Branches []Branch
	Names    Names
	Limit    int // bytes of a body that is held, for clients of HTTP/1.1; 0: Envoy's own
}

// Names are what a plugin can read of a listener; nothing else goes by them.
type Names struct {
	Route, VirtualHost, FilterChain string
	Direction                       core.TrafficDirection
}

// Branch is the route of requests with a header.
type Branch struct {
	Header, Value string
	Cluster       string
	Timeout       time.Duration // 0: none
}

// Filter is an HTTP filter: a plugin, a Lua script when Lua is set, or any other when Native is.
type Filter struct {
	Lua    string        // source
	Native proto.Message // the configuration of a filter that is part of Envoy

	Module         string // path of a plugin's file
	Plugin, RootID string // names of the plugin context
	VM             string // plugins with the same one, the same module, VMConfig and Environment share a VM
	VMConfig       []byte // nil: none is set
	Environment    map[string]string
	Config         []byte // plugin configuration; nil: none is set
	FailurePolicy  string // fail_open, fail_closed, fail_reload or legacy_fail_open; "": fail_closed
	BodyWhileHeld  bool   // allow_on_headers_stop_iteration
	Updated        bool   // its configuration comes from SetFilter, by extension configuration discovery (ECDS)
}

func (f *Filter) config() proto.Message {
	if f.Native != nil {
		return f.Native
	}
	if f.Lua != "" {
		return &lua.Lua{DefaultSourceCode: &core.DataSource{Specifier: &core.DataSource_InlineString{InlineString: f.Lua}}}
	}
	vm := &wasm.VmConfig{
		VmId: f.VM, Runtime: "envoy.wasm.runtime.v8",
		Code: &core.AsyncDataSource{Specifier: &core.AsyncDataSource_Local{
			Local: &core.DataSource{Specifier: &core.DataSource_Filename{Filename: f.Module}}}},
	}
	if f.VMConfig != nil {
		vm.Configuration = packed(wrapperspb.Bytes(f.VMConfig))
	}
	if len(f.Environment) > 0 {
		vm.EnvironmentVariables = &wasm.EnvironmentVariables{KeyValues: f.Environment}
	}
	c := &wasm.PluginConfig{Name: f.Plugin, RootId: f.RootID, Vm: &wasm.PluginConfig_VmConfig{VmConfig: vm}}
	if f.Config != nil {
		c.Configuration = packed(wrapperspb.Bytes(f.Config))
	}
	if f.BodyWhileHeld {
		c.AllowOnHeadersStopIteration = wrapperspb.Bool(true)
	}
	switch f.FailurePolicy {
	case "fail_open":
		c.FailurePolicy = wasm.FailurePolicy_FAIL_OPEN
	case "fail_reload":
		c.FailurePolicy = wasm.FailurePolicy_FAIL_RELOAD
	case "legacy_fail_open":
		//lint:ignore SA1019 a case may name the old field
		c.FailOpen = true
	case "fail_closed":
		c.FailurePolicy = wasm.FailurePolicy_FAIL_CLOSED
	}
	return &wasmfilter.Wasm{Config: c}
}

func (l *Listener) message(p *Process) proto.Message {
	manager := &hcm.HttpConnectionManager{
		StatPrefix: "table", // the connection manager is the same for all cases, and its counters are not looked at
		// What Envoy would put on a request or a response itself. A case writes out all headers that there are.
		GenerateRequestId:            wrapperspb.Bool(false),
		ServerHeaderTransformation:   hcm.HttpConnectionManager_PASS_THROUGH,
		MaxRequestHeadersKb:          wrapperspb.UInt32(headerKB),
		CommonHttpProtocolOptions:    &core.HttpProtocolOptions{MaxHeadersCount: wrapperspb.UInt32(headerCount)},
		StreamIdleTimeout:            durationpb.New(0), // a case may wait for days
		RequestHeadersTimeout:        durationpb.New(0),
		HttpProtocolOptions:          &core.Http1ProtocolOptions{EnableTrailers: true},
		DelayedCloseTimeout:          durationpb.New(0), // with a clock that stands it would not end
		PreserveExternalRequestId:    true,
		AlwaysSetRequestIdInResponse: false,
		RouteSpecifier: &hcm.HttpConnectionManager_RouteConfig{RouteConfig: &route.RouteConfiguration{
			VirtualHosts: []*route.VirtualHost{{Name: cmp.Or(l.Names.VirtualHost, "all"), Domains: []string{"*"},
				Routes: l.routes()}}}},
	}
	for i, f := range l.Filters {
		filter := &hcm.HttpFilter{Name: fmt.Sprintf("%s-%d", l.Name, i),
			ConfigType: &hcm.HttpFilter_TypedConfig{TypedConfig: packed(f.config())}}
		if f.Updated {
			filter.ConfigType = &hcm.HttpFilter_ConfigDiscovery{ConfigDiscovery: &core.ExtensionConfigSource{
				ConfigSource: p.watched(filter.Name + ".json"),
				TypeUrls:     []string{packed(&wasmfilter.Wasm{}).TypeUrl},
			}}
		}
		manager.HttpFilters = append(manager.HttpFilters, filter)
	}
	manager.HttpFilters = append(manager.HttpFilters, &hcm.HttpFilter{Name: "router",
		ConfigType: &hcm.HttpFilter_TypedConfig{TypedConfig: packed(&router.Router{SuppressEnvoyHeaders: true})}})
	var limit *wrapperspb.UInt32Value
	if l.Limit > 0 {
		limit = wrapperspb.UInt32(uint32(l.Limit))
	}
	return &listener.Listener{
		Name:                          l.Name,
		PerConnectionBufferLimitBytes: limit,
		Address:                       pipe(p.Socket(l.Name)),
		TrafficDirection:              l.Names.Direction,
		FilterChains: []*listener.FilterChain{{Name: l.Names.FilterChain, Filters: []*listener.Filter{{Name: "http",
			ConfigType: &listener.Filter_TypedConfig{TypedConfig: packed(manager)}}}}},
	}
}

func (l *Listener) routes() (all []*route.Route) {
	for _, b := range l.Branches {
		r := to(b.Cluster, b.Timeout)
		r.Match.Headers = []*route.HeaderMatcher{{Name: b.Header, HeaderMatchSpecifier: &route.HeaderMatcher_StringMatch{
			StringMatch: &matcher.StringMatcher{MatchPattern: &matcher.StringMatcher_Exact{Exact: b.Value}}}}}
		all = append(all, r)
	}
	last := to(l.Cluster, 0) // an upstream of a case may take days
	if l.Cluster == "" {
		last.Action = &route.Route_DirectResponse{DirectResponse: &route.DirectResponseAction{Status: 200}}
	}
	all = append(all, last)
	for _, r := range all {
		r.Name = l.Names.Route
	}
	return all
}

// to is a route of all requests to a cluster; timeout 0: none.
func to(cluster string, timeout time.Duration) *route.Route {
	return &route.Route{Match: &route.RouteMatch{PathSpecifier: &route.RouteMatch_Prefix{Prefix: "/"}},
		Action: &route.Route_Route{Route: &route.RouteAction{
			ClusterSpecifier: &route.RouteAction_Cluster{Cluster: cluster},
			Timeout:          durationpb.New(timeout),
		}}}
}

// SetFilter publishes the configuration of a filter that is Updated, the nth of its listener from 0.
func (p *Process) SetFilter(listener string, n int, f Filter) error {
	name := fmt.Sprintf("%s-%d", listener, n)
	return p.publish(name+".json", []proto.Message{&core.TypedExtensionConfig{Name: name,
		TypedConfig: packed(f.config())}})
}
