package deploy

import (
	"strings"

	eg "github.com/envoyproxy/gateway/api/v1alpha1"
	apiextensions "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	gateway "sigs.k8s.io/gateway-api/apis/v1"
)

const patchComment = `# Envoy Gateway obeys an EnvoyPatchPolicy only if its own configuration has extensionApis.enableEnvoyPatchPolicy: true.
`

// EnvoyGateway is an EnvoyExtensionPolicy. An EnvoyPatchPolicy adds the clusters that the plugin's call-outs need.
func EnvoyGateway(o Options) ([]byte, error) {
	called, err := o.callouts()
	if err != nil {
		return nil, err
	}
	target := gateway.LocalPolicyTargetReference{Group: gateway.GroupName, Kind: "Gateway",
		Name: gateway.ObjectName(o.Gateway)}
	_, digest, _ := strings.Cut(o.Image, "@sha256:")
	image := &eg.ImageWasmCodeSource{URL: o.Image, SHA256: &digest}
	if o.PullSecret != "" {
		image.PullSecretRef = &gateway.SecretObjectReference{Name: gateway.ObjectName(o.PullSecret)}
		image.PullSecretRef.Group, image.PullSecretRef.Kind = pointer[gateway.Group](""), pointer[gateway.Kind]("Secret")
	}
	plugin := eg.Wasm{
		Name:     &o.Name,
		Code:     eg.WasmCodeSource{Type: eg.ImageWasmCodeSourceType, Image: image},
		FailOpen: pointer(false),
	}
	if len(o.Config) > 0 {
		plugin.Config = &apiextensions.JSON{Raw: o.Config}
	}
	policy, err := object(&eg.EnvoyExtensionPolicy{
		TypeMeta:   metav1.TypeMeta{APIVersion: eg.GroupVersion.String(), Kind: "EnvoyExtensionPolicy"},
		ObjectMeta: o.meta(o.Name),
		Spec: eg.EnvoyExtensionPolicySpec{
			PolicyTargetReferences: eg.PolicyTargetReferences{
				TargetRefs: []gateway.LocalPolicyTargetReferenceWithSectionName{{LocalPolicyTargetReference: target}}},
			Wasm: []eg.Wasm{plugin},
		},
	})
	if err != nil {
		return nil, err
	}
	if len(called) == 0 {
		return document("", policy)
	}
	patch, err := o.patch(target, clusters(called))
	if err != nil {
		return nil, err
	}
	return document(patchComment, policy, patch)
}

func (o *Options) patch(target gateway.LocalPolicyTargetReference, called []callout) (map[string]any, error) {
	patch := &eg.EnvoyPatchPolicy{
		TypeMeta:   metav1.TypeMeta{APIVersion: eg.GroupVersion.String(), Kind: "EnvoyPatchPolicy"},
		ObjectMeta: o.meta(o.Name + "-services"),
		Spec:       eg.EnvoyPatchPolicySpec{Type: eg.JSONPatchEnvoyPatchType, TargetRef: target},
	}
	for _, c := range called {
		text, err := message(service(c.Cluster, c.address))
		if err != nil {
			return nil, err
		}
		patch.Spec.JSONPatches = append(patch.Spec.JSONPatches, eg.EnvoyJSONPatchConfig{
			Type: eg.ClusterEnvoyResourceType, Name: c.Cluster,
			Operation: eg.JSONPatchOperation{Op: "add", Path: pointer(""), Value: &apiextensions.JSON{Raw: text}},
		})
	}
	return object(patch)
}

func pointer[T any](v T) *T { return &v }
