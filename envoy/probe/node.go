package probe

import "google.golang.org/protobuf/encoding/protowire"

// nodePath is the property that is the Envoy's own description as a whole, an envoy.config.core.v3.Node.
const nodePath = "xds\x00node"

// withoutBuild leaves out of a Node what an Envoy says of its own build and package host cannot know: its version and
// the extensions that it has, several hundred.
func withoutBuild(node string) string {
	const version, extensions = 8, 9
	var kept []byte
	for b := []byte(node); len(b) > 0; {
		number, _, n := protowire.ConsumeField(b)
		if n < 0 {
			return node
		}
		if number != version && number != extensions {
			kept = append(kept, b[:n]...)
		}
		b = b[n:]
	}
	return string(kept)
}
