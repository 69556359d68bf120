package deploy

import (
	"fmt"
	"strings"

	extensions "istio.io/api/extensions/v1alpha1"
	networking "istio.io/api/networking/v1alpha3"
	apitype "istio.io/api/type/v1beta1"
	extensionsobject "istio.io/client-go/pkg/apis/extensions/v1alpha1"
	networkingobject "istio.io/client-go/pkg/apis/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/types/known/structpb"
)

// inCluster is the end of the names of services that Istio knows by itself.
const inCluster = ".svc.cluster.local"

// istioName is the beginning of Istio's names of clusters. An author who writes one has told Istio of the service.
const istioName = "outbound|"

// Istio is a WasmPlugin. For each service outside the cluster that the plugin calls there is a ServiceEntry, and a
// DestinationRule if it speaks TLS: Istio makes its clusters from them.
func Istio(o Options) ([]byte, error) {
	called, err := o.callouts()
	if err != nil {
		return nil, err
	}
	config, err := o.istioConfig(called)
	if err != nil {
		return nil, err
	}
	plugin := &extensionsobject.WasmPlugin{
		TypeMeta:   metav1.TypeMeta{APIVersion: "extensions.istio.io/v1alpha1", Kind: "WasmPlugin"},
		ObjectMeta: o.meta(o.Name),
	}
	plugin.Spec.Url = "oci://" + o.Image
	plugin.Spec.ImagePullPolicy = extensions.PullPolicy_IfNotPresent
	plugin.Spec.ImagePullSecret = o.PullSecret
	plugin.Spec.Phase = extensions.PluginPhase_AUTHN
	plugin.Spec.PluginName = o.Name
	plugin.Spec.PluginConfig = config
	if o.Gateway != "" {
		plugin.Spec.TargetRefs = []*apitype.PolicyTargetReference{
			{Group: "gateway.networking.k8s.io", Kind: "Gateway", Name: o.Gateway}}
	} else {
		plugin.Spec.Selector = &apitype.WorkloadSelector{MatchLabels: map[string]string{o.Selector.Key: o.Selector.Value}}
	}
	first, err := object(plugin)
	if err != nil {
		return nil, err
	}
	// It is the default, and left out by the type for that reason. A reader wants to see it.
	first["spec"].(map[string]any)["failStrategy"] = extensions.FailStrategy_FAIL_CLOSE.String()
	objects := []any{first}
	told := map[Address]bool{}
	for _, c := range called {
		if strings.HasSuffix(c.address.Host, inCluster) || strings.HasPrefix(c.Cluster, istioName) || told[c.address] {
			continue
		}
		told[c.address] = true
		more, err := o.outside(c)
		if err != nil {
			return nil, err
		}
		objects = append(objects, more...)
	}
	return document("", objects...)
}

func (o *Options) meta(name string) metav1.ObjectMeta {
	return metav1.ObjectMeta{Name: name, Namespace: o.Namespace}
}

// IstioConfig is the configuration as Istio hands it to the plugin: the same values, written anew, with the names of
// Istio's clusters.
func IstioConfig(o Options) ([]byte, error) {
	called, err := o.callouts()
	if err != nil {
		return nil, err
	}
	config, err := o.istioConfig(called)
	if config == nil || err != nil {
		return nil, err
	}
	return protojson.Marshal(config)
}

func (o *Options) istioConfig(called []callout) (*structpb.Struct, error) {
	if len(o.Config) == 0 {
		return nil, nil
	}
	config := new(structpb.Struct)
	if err := protojson.Unmarshal(o.Config, config); err != nil {
		return nil, fmt.Errorf("read the plugin's configuration: %w", err)
	}
	for _, c := range called {
		config.Fields[c.key].GetStructValue().Fields["cluster"] = structpb.NewStringValue(istioCluster(c))
	}
	return config, nil
}

// istioCluster is the name of a cluster in Istio, which makes it of port and host.
func istioCluster(c callout) string {
	if strings.HasPrefix(c.Cluster, istioName) {
		return c.Cluster
	}
	return fmt.Sprintf("outbound|%d||%s", c.address.Port, c.address.Host)
}

// outside tells Istio of a service outside the cluster.
func (o *Options) outside(c callout) ([]any, error) {
	name := o.Name + "-" + c.key
	port := &networking.ServicePort{Number: c.address.Port, Name: "http", Protocol: "HTTP"}
	entry := &networkingobject.ServiceEntry{
		TypeMeta:   metav1.TypeMeta{APIVersion: "networking.istio.io/v1", Kind: "ServiceEntry"},
		ObjectMeta: o.meta(name),
	}
	entry.Spec.Hosts = []string{c.address.Host}
	entry.Spec.Location = networking.ServiceEntry_MESH_EXTERNAL
	entry.Spec.Resolution = networking.ServiceEntry_DNS
	entry.Spec.Ports = []*networking.ServicePort{port}
	written, err := object(entry)
	if err != nil {
		return nil, err
	}
	written["spec"].(map[string]any)["location"] = "MESH_EXTERNAL" // the default, written for the reader
	if !c.address.TLS {
		return []any{written}, nil
	}
	rule := &networkingobject.DestinationRule{
		TypeMeta:   metav1.TypeMeta{APIVersion: "networking.istio.io/v1", Kind: "DestinationRule"},
		ObjectMeta: o.meta(name),
	}
	rule.Spec.Host = c.address.Host
	rule.Spec.TrafficPolicy = &networking.TrafficPolicy{
		Tls: &networking.ClientTLSSettings{Mode: networking.ClientTLSSettings_SIMPLE, Sni: c.address.Host}}
	second, err := object(rule)
	return []any{written, second}, err
}
