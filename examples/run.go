package examples

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"

	bootstrap "github.com/envoyproxy/go-control-plane/envoy/config/bootstrap/v3"
	cluster "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	core "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	wasmfilter "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/wasm/v3"
	hcm "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/http_connection_manager/v3"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/types/known/anypb"
	"sigs.k8s.io/yaml"

	"github.com/header-auth/header-auth/envoy/proxy"
)

// Options say how an example runs.
type Options struct {
	Envoy  string            // its program
	Module string            // the plugin's file
	Clock  *proxy.Clock      // nil: the machine's
	Line   func(proxy.Line)  // is given each line of Envoy's log; nil: dropped
	Asked  func(name string) // a service has been asked; nil: dropped
}

// Running is an example that runs.
type Running struct {
	Address  string // host and port of Envoy
	process  *proxy.Process
	services []*service
}

// Start runs the example's envoy.yaml. Only the addresses and the module's path are not those of the file: Envoy
// listens on a free port of the loopback interface, and its clusters lead to services of this process.
func (e *Example) Start(ctx context.Context, o Options) (*Running, error) {
	b, err := e.bootstrap()
	if err != nil {
		return nil, err
	}
	r := new(Running)
	if err := r.start(ctx, e, b, o); err != nil {
		r.Stop()
		return nil, err
	}
	return r, nil
}

func (r *Running) start(ctx context.Context, e *Example, b *bootstrap.Bootstrap, o Options) error {
	for _, c := range b.StaticResources.Clusters {
		answers, ok := e.Services[c.Name]
		if !ok {
			return fmt.Errorf("%s: no service for the cluster %s", filepath.Join(e.Dir, "services.yaml"), c.Name)
		}
		s, err := serve(answers, func() {
			if o.Asked != nil {
				o.Asked(c.Name)
			}
		})
		if err != nil {
			return err
		}
		r.services = append(r.services, s)
		leadTo(c, s.port)
	}
	module, err := filepath.Abs(o.Module)
	if err != nil {
		return err
	}
	if err := setModule(b, module); err != nil {
		return err
	}
	b.StaticResources.Listeners[0].Address = loopback(0)
	dir, err := proxy.MakeDir()
	if err != nil {
		return err
	}
	r.process, err = proxy.Start(ctx, dir, proxy.Options{Program: o.Envoy, Static: b, Info: true, Clock: o.Clock,
		Line: o.Line})
	if err != nil {
		os.RemoveAll(dir)
		return err
	}
	r.Address, err = r.address(ctx)
	return err
}

// address asks Envoy for its port.
func (r *Running) address(ctx context.Context) (string, error) {
	text, err := r.process.Admin(ctx, "/listeners?format=json")
	if err != nil {
		return "", err
	}
	var all struct {
		Status []struct {
			Address struct {
				Socket struct {
					Port int `json:"port_value"`
				} `json:"socket_address"`
			} `json:"local_address"`
		} `json:"listener_statuses"`
	}
	if err := json.Unmarshal([]byte(text), &all); err != nil || len(all.Status) != 1 {
		return "", fmt.Errorf("ask Envoy for its port: got %q (%v)", text, err)
	}
	return fmt.Sprintf("localhost:%d", all.Status[0].Address.Socket.Port), nil
}

// Done is closed when Envoy has ended by itself. Err says why.
func (r *Running) Done() <-chan struct{} { return r.process.Done() }

// Err is why Envoy has ended; nil while it runs.
func (r *Running) Err() error { return r.process.Err() }

// Stop ends Envoy and the services.
func (r *Running) Stop() {
	if r.process != nil {
		r.process.Stop()
	}
	for _, s := range r.services {
		s.server.Close()
	}
}

// bootstrap reads envoy.yaml.
func (e *Example) bootstrap() (*bootstrap.Bootstrap, error) {
	file := filepath.Join(e.Dir, "envoy.yaml")
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	if text, err = yaml.YAMLToJSON(text); err != nil {
		return nil, fmt.Errorf("read %s: %w", file, err)
	}
	b := new(bootstrap.Bootstrap)
	if err := protojson.Unmarshal(text, b); err != nil {
		return nil, fmt.Errorf("read %s: %w", file, err)
	}
	return b, nil
}

func leadTo(c *cluster.Cluster, port uint32) {
	c.ClusterDiscoveryType = &cluster.Cluster_Type{Type: cluster.Cluster_STATIC}
	c.LoadAssignment.Endpoints[0].LbEndpoints[0].GetEndpoint().Address = loopback(port)
}

func loopback(port uint32) *core.Address {
	return &core.Address{Address: &core.Address_SocketAddress{SocketAddress: &core.SocketAddress{
		Address: "127.0.0.1", PortSpecifier: &core.SocketAddress_PortValue{PortValue: port}}}}
}

// setModule puts the module's path into the first HTTP filter of the only listener.
func setModule(b *bootstrap.Bootstrap, path string) error {
	manager := new(hcm.HttpConnectionManager)
	at := b.StaticResources.Listeners[0].FilterChains[0].Filters[0].GetTypedConfig()
	if err := at.UnmarshalTo(manager); err != nil {
		return err
	}
	plugin := new(wasmfilter.Wasm)
	if err := manager.HttpFilters[0].GetTypedConfig().UnmarshalTo(plugin); err != nil {
		return err
	}
	plugin.Config.GetVmConfig().Code = &core.AsyncDataSource{Specifier: &core.AsyncDataSource_Local{
		Local: &core.DataSource{Specifier: &core.DataSource_Filename{Filename: path}}}}
	packed, err := anypb.New(plugin)
	if err != nil {
		return err
	}
	manager.HttpFilters[0].GetTypedConfig().Value = packed.Value
	if packed, err = anypb.New(manager); err != nil {
		return err
	}
	at.Value = packed.Value
	return nil
}
