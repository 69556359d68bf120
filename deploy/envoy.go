package deploy

import (
	"fmt"
	"net/url"
	"time"

	bootstrap "github.com/envoyproxy/go-control-plane/envoy/config/bootstrap/v3"
	cluster "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	core "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	endpoint "github.com/envoyproxy/go-control-plane/envoy/config/endpoint/v3"
	listener "github.com/envoyproxy/go-control-plane/envoy/config/listener/v3"
	route "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	router "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/router/v3"
	wasmfilter "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/wasm/v3"
	hcm "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/http_connection_manager/v3"
	tls "github.com/envoyproxy/go-control-plane/envoy/extensions/transport_sockets/tls/v3"
	wasm "github.com/envoyproxy/go-control-plane/envoy/extensions/wasm/v3"
	matcher "github.com/envoyproxy/go-control-plane/envoy/type/matcher/v3"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/anypb"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/wrapperspb"
)

const (
	connectTimeout  = 2 * time.Second
	downloadTimeout = 30 * time.Second
	// moduleCluster is where a plain Envoy downloads the module from.
	moduleCluster = "module"
	// trustedAuthorities is where Debian and Envoy's images keep the certificates of the system's authorities.
	trustedAuthorities = "/etc/ssl/certs/ca-certificates.crt"
)

const envoyComment = `# The plugin's configuration is a StringValue. Of a Struct, Envoy would hand over protobuf, which the plugin refuses.
`

// Envoy is the file of a plain Envoy: a listener with the plugin, a route to the upstream, and the clusters of both.
func Envoy(o Options) ([]byte, error) {
	b, err := Bootstrap(o)
	if err != nil {
		return nil, err
	}
	text, err := message(b)
	if err != nil {
		return nil, err
	}
	return document(envoyComment, text)
}

// Bootstrap is what Envoy's file says, valid by the rules of Envoy's own types.
func Bootstrap(o Options) (*bootstrap.Bootstrap, error) {
	called, err := o.callouts()
	if err != nil {
		return nil, err
	}
	code, err := o.code()
	if err != nil {
		return nil, err
	}
	plugin := &wasm.PluginConfig{
		Name: o.Name,
		Vm: &wasm.PluginConfig_VmConfig{VmConfig: &wasm.VmConfig{
			VmId: o.Name, Runtime: "envoy.wasm.runtime.v8", Code: code,
		}},
		FailurePolicy: wasm.FailurePolicy_FAIL_CLOSED,
	}
	if len(o.Config) > 0 {
		plugin.Configuration = packed(wrapperspb.String(string(o.Config)))
	}
	manager := &hcm.HttpConnectionManager{
		StatPrefix: "ingress",
		RouteSpecifier: &hcm.HttpConnectionManager_RouteConfig{RouteConfig: &route.RouteConfiguration{
			VirtualHosts: []*route.VirtualHost{{Name: "all", Domains: []string{"*"}, Routes: []*route.Route{{
				Match: &route.RouteMatch{PathSpecifier: &route.RouteMatch_Prefix{Prefix: "/"}},
				Action: &route.Route_Route{Route: &route.RouteAction{
					ClusterSpecifier: &route.RouteAction_Cluster{Cluster: "upstream"}}},
			}}}},
		}},
		HttpFilters: []*hcm.HttpFilter{
			filter(o.Name, &wasmfilter.Wasm{Config: plugin}),
			filter("envoy.filters.http.router", &router.Router{}),
		},
	}
	b := &bootstrap.Bootstrap{StaticResources: &bootstrap.Bootstrap_StaticResources{
		Listeners: []*listener.Listener{{
			Name: "ingress", Address: socket(o.Listen.Host, o.Listen.Port),
			FilterChains: []*listener.FilterChain{{Filters: []*listener.Filter{{
				Name:       "envoy.filters.network.http_connection_manager",
				ConfigType: &listener.Filter_TypedConfig{TypedConfig: packed(manager)},
			}}}},
		}},
		Clusters: []*cluster.Cluster{service("upstream", o.Upstream)},
	}}
	for _, c := range clusters(called) {
		b.StaticResources.Clusters = append(b.StaticResources.Clusters, service(c.Cluster, c.address))
	}
	if o.URL != "" {
		at, _ := ParseAddress(hostOf(o.URL)) // code has looked at it
		b.StaticResources.Clusters = append(b.StaticResources.Clusters, service(moduleCluster, at))
	}
	return b, b.ValidateAll()
}

// code is where Envoy takes the module from.
func (o *Options) code() (*core.AsyncDataSource, error) {
	if o.URL == "" {
		return &core.AsyncDataSource{Specifier: &core.AsyncDataSource_Local{
			Local: &core.DataSource{Specifier: &core.DataSource_Filename{Filename: o.Module}}}}, nil
	}
	if _, err := ParseAddress(hostOf(o.URL)); err != nil {
		return nil, fmt.Errorf("--url %q: expected http://… or https://…", o.URL)
	}
	return &core.AsyncDataSource{Specifier: &core.AsyncDataSource_Remote{Remote: &core.RemoteDataSource{
		HttpUri: &core.HttpUri{Uri: o.URL, Timeout: durationpb.New(downloadTimeout),
			HttpUpstreamType: &core.HttpUri_Cluster{Cluster: moduleCluster}},
		Sha256: o.SHA256,
	}}}, nil
}

// hostOf is SCHEME://HOST:PORT of an address with a path; "" when it is none.
func hostOf(address string) string {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" {
		return ""
	}
	return u.Scheme + "://" + u.Host
}

func filter(name string, m proto.Message) *hcm.HttpFilter {
	return &hcm.HttpFilter{Name: name, ConfigType: &hcm.HttpFilter_TypedConfig{TypedConfig: packed(m)}}
}

// service is a cluster whose hosts are found by DNS.
func service(name string, a Address) *cluster.Cluster {
	c := &cluster.Cluster{
		Name:                 name,
		ClusterDiscoveryType: &cluster.Cluster_Type{Type: cluster.Cluster_STRICT_DNS},
		ConnectTimeout:       durationpb.New(connectTimeout),
		LoadAssignment: &endpoint.ClusterLoadAssignment{ClusterName: name,
			Endpoints: []*endpoint.LocalityLbEndpoints{{LbEndpoints: []*endpoint.LbEndpoint{{
				HostIdentifier: &endpoint.LbEndpoint_Endpoint{Endpoint: &endpoint.Endpoint{Address: socket(a.Host, a.Port)}},
			}}}}},
	}
	if a.TLS {
		c.TransportSocket = &core.TransportSocket{Name: "envoy.transport_sockets.tls",
			ConfigType: &core.TransportSocket_TypedConfig{TypedConfig: packed(&tls.UpstreamTlsContext{
				Sni: a.Host,
				CommonTlsContext: &tls.CommonTlsContext{ValidationContextType: &tls.CommonTlsContext_ValidationContext{
					ValidationContext: &tls.CertificateValidationContext{
						TrustedCa: &core.DataSource{Specifier: &core.DataSource_Filename{Filename: trustedAuthorities}},
						MatchTypedSubjectAltNames: []*tls.SubjectAltNameMatcher{{
							SanType: tls.SubjectAltNameMatcher_DNS, Matcher: exactly(a.Host)}},
					}}},
			})}}
	}
	return c
}

func exactly(text string) *matcher.StringMatcher {
	return &matcher.StringMatcher{MatchPattern: &matcher.StringMatcher_Exact{Exact: text}}
}

func socket(host string, port uint32) *core.Address {
	return &core.Address{Address: &core.Address_SocketAddress{SocketAddress: &core.SocketAddress{
		Address: host, PortSpecifier: &core.SocketAddress_PortValue{PortValue: port}}}}
}

// packed puts a message into an Any. It fails only for a message that is nil, which none here is.
func packed(m proto.Message) *anypb.Any {
	a, err := anypb.New(m)
	if err != nil {
		panic(err)
	}
	return a
}
