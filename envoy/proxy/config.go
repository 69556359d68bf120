package proxy

import (
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"time"

	bootstrap "github.com/envoyproxy/go-control-plane/envoy/config/bootstrap/v3"
	cluster "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	core "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	endpoint "github.com/envoyproxy/go-control-plane/envoy/config/endpoint/v3"
	codec "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/upstream_codec/v3"
	hcm "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/http_connection_manager/v3"
	tls "github.com/envoyproxy/go-control-plane/envoy/extensions/transport_sockets/tls/v3"
	upstreams "github.com/envoyproxy/go-control-plane/envoy/extensions/upstreams/http/v3"
	discovery "github.com/envoyproxy/go-control-plane/envoy/service/discovery/v3"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/anypb"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/wrapperspb"
)

// Limits beyond Envoy's defaults, so that the table's largest requests reach the plugin.
const (
	headerKB    = 8192 // the most that Envoy takes
	headerCount = 10_000
)

// packed puts a message into an Any. It fails only for a message that is nil, which none here is.
func packed(m proto.Message) *anypb.Any {
	a, err := anypb.New(m)
	if err != nil {
		panic(err)
	}
	return a
}

func pipe(path string) *core.Address {
	return &core.Address{Address: &core.Address_Pipe{Pipe: &core.Pipe{Path: path}}}
}

// watched is a file of resources that Envoy reads again when it is replaced.
func (p *Process) watched(name string) *core.ConfigSource {
	return &core.ConfigSource{
		ResourceApiVersion: core.ApiVersion_V3,
		ConfigSourceSpecifier: &core.ConfigSource_PathConfigSource{PathConfigSource: &core.PathConfigSource{
			Path:             filepath.Join(p.Dir, name),
			WatchedDirectory: &core.WatchedDirectory{Path: p.Dir},
		}},
	}
}

func (p *Process) writeBootstrap(o Options) error {
	b := o.Static
	if b == nil {
		if err := p.SetListeners(o.Listeners...); err != nil {
			return err
		}
		if err := p.SetClusters(); err != nil {
			return err
		}
		b = &bootstrap.Bootstrap{
			Node: cmp.Or(o.Node, &core.Node{Id: "parity", Cluster: "parity"}),
			DynamicResources: &bootstrap.Bootstrap_DynamicResources{
				LdsConfig: p.watched("listeners.json"), CdsConfig: p.watched("clusters.json"),
			},
		}
	}
	b.Admin = &bootstrap.Admin{Address: pipe(p.Socket("admin"))}
	text, err := protojson.Marshal(b)
	if err != nil {
		return fmt.Errorf("write Envoy's bootstrap: %w", err)
	}
	return os.WriteFile(filepath.Join(p.Dir, "bootstrap.json"), text, 0o600)
}

// publish replaces a file of resources.
func (p *Process) publish(name string, resources []proto.Message) error {
	p.version++
	response := &discovery.DiscoveryResponse{VersionInfo: strconv.Itoa(p.version)}
	for _, r := range resources {
		response.Resources = append(response.Resources, packed(r))
	}
	text, err := protojson.Marshal(response)
	if err != nil {
		return fmt.Errorf("write Envoy's %s: %w", name, err)
	}
	temp := filepath.Join(p.Dir, "."+name)
	if err := os.WriteFile(temp, text, 0o600); err != nil {
		return err
	}
	return os.Rename(temp, filepath.Join(p.Dir, name))
}

// Cluster is a service over HTTP/2 at a Unix socket, reached by a connection for each request unless it is Kept: so a
// service can decide anew about each whether there is one.
type Cluster struct {
	Name   string
	Socket string // path
	Port   int    // of this machine, in place of Socket; without both the cluster has no host
	Kept   bool   // a connection serves many requests
	// Silent makes Envoy begin with a TLS handshake, which a service that says nothing leaves open until ConnectTimeout.
	Silent bool
	Filter *Filter // that answers go through; nil: none
}

// ConnectTimeout is how long a connection to a cluster may take to be made.
const ConnectTimeout = 250 * time.Millisecond

func (c Cluster) address() *core.Address {
	switch {
	case c.Port != 0:
		return &core.Address{Address: &core.Address_SocketAddress{SocketAddress: &core.SocketAddress{Address: "127.0.0.1",
			PortSpecifier: &core.SocketAddress_PortValue{PortValue: uint32(c.Port)}}}}
	case c.Socket != "":
		return pipe(c.Socket)
	}
	return nil
}

func (c Cluster) message() *cluster.Cluster {
	endpoints := &endpoint.ClusterLoadAssignment{ClusterName: c.Name}
	if address := c.address(); address != nil {
		endpoints.Endpoints = []*endpoint.LocalityLbEndpoints{{LbEndpoints: []*endpoint.LbEndpoint{{
			HostIdentifier: &endpoint.LbEndpoint_Endpoint{Endpoint: &endpoint.Endpoint{Address: address}},
		}}}}
	}
	once := wrapperspb.UInt32(1)
	if c.Kept {
		once = nil
	}
	var filters []*hcm.HttpFilter
	if c.Filter != nil {
		for i, f := range []proto.Message{c.Filter.config(), &codec.UpstreamCodec{}} {
			filters = append(filters, &hcm.HttpFilter{Name: strconv.Itoa(i),
				ConfigType: &hcm.HttpFilter_TypedConfig{TypedConfig: packed(f)}})
		}
	}
	message := &cluster.Cluster{
		Name:                 c.Name,
		ClusterDiscoveryType: &cluster.Cluster_Type{Type: cluster.Cluster_STATIC},
		ConnectTimeout:       durationpb.New(ConnectTimeout),
		LoadAssignment:       endpoints,
		TypedExtensionProtocolOptions: map[string]*anypb.Any{
			"envoy.extensions.upstreams.http.v3.HttpProtocolOptions": packed(&upstreams.HttpProtocolOptions{
				HttpFilters: filters,
				CommonHttpProtocolOptions: &core.HttpProtocolOptions{
					MaxRequestsPerConnection: once,
					MaxHeadersCount:          wrapperspb.UInt32(headerCount),
					MaxResponseHeadersKb:     wrapperspb.UInt32(headerKB),
				},
				UpstreamProtocolOptions: &upstreams.HttpProtocolOptions_ExplicitHttpConfig_{
					ExplicitHttpConfig: &upstreams.HttpProtocolOptions_ExplicitHttpConfig{
						ProtocolConfig: &upstreams.HttpProtocolOptions_ExplicitHttpConfig_Http2ProtocolOptions{
							Http2ProtocolOptions: &core.Http2ProtocolOptions{},
						}}},
			}),
		},
	}
	if c.Silent {
		message.TransportSocket = &core.TransportSocket{Name: "tls",
			ConfigType: &core.TransportSocket_TypedConfig{TypedConfig: packed(&tls.UpstreamTlsContext{})}}
	}
	return message
}

// SetClusters publishes the clusters that there are from now on.
func (p *Process) SetClusters(clusters ...Cluster) error {
	all := make([]proto.Message, len(clusters))
	for i, c := range clusters {
		all[i] = c.message()
	}
	return p.publish("clusters.json", all)
}

// SetListeners publishes the listeners that there are from now on.
func (p *Process) SetListeners(listeners ...Listener) error {
	all := make([]proto.Message, len(listeners))
	for i := range listeners {
		all[i] = listeners[i].message(p)
	}
	return p.publish("listeners.json", all)
}

// GRPCTarget is the cluster of a gRPC call whose upstream a plugin gives as a GrpcService, or the URI of its
// google_grpc. An upstream that is no GrpcService is the name of a cluster.
func GRPCTarget(upstream string) string {
	var s core.GrpcService
	if proto.Unmarshal([]byte(upstream), &s) != nil {
		return upstream
	}
	if google := s.GetGoogleGrpc(); google != nil {
		return google.TargetUri
	}
	return s.GetEnvoyGrpc().GetClusterName()
}
