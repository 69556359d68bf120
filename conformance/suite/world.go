package suite

import (
	"io"
	"math/rand/v2"

	"github.com/header-auth/header-auth/conformance/table"
	"github.com/header-auth/header-auth/host"
	"github.com/header-auth/header-auth/host/property"
)

// streamOf says how a request reached Envoy. Raw: the table tests the plugin and not Envoy's codecs, which would reject
// some hostile requests before the plugin.
func streamOf(r *table.Request) host.StreamConfig {
	return host.StreamConfig{Raw: true, Properties: r.Properties}
}

func variables(all []table.Variable) (out []host.Variable) {
	for _, v := range all {
		out = append(out, host.Variable{Name: v.Name, Value: v.Value})
	}
	return out
}

func nodeOf(n *table.Node) *property.Node {
	if n == nil {
		return nil
	}
	return &property.Node{ID: n.ID, Cluster: n.Cluster, Metadata: n.Metadata,
		Locality: property.Locality{Region: n.Region, Zone: n.Zone, SubZone: n.SubZone}}
}

// randomOf is where random bytes come from: those of the case, again and again, or numbers that are always the same.
func randomOf(given []byte) io.Reader {
	if given == nil {
		return rand.NewChaCha8([32]byte{})
	}
	return &repeated{of: given}
}

type repeated struct {
	of []byte
	at int
}

func (r *repeated) Read(b []byte) (int, error) {
	for i := range b {
		b[i] = r.of[r.at]
		r.at = (r.at + 1) % len(r.of)
	}
	return len(b), nil
}
