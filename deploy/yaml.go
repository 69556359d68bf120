package deploy

import (
	"bytes"
	"encoding/json"
	"fmt"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"sigs.k8s.io/yaml"
)

// document is a file of objects with a comment above.
func document(comment string, objects ...any) ([]byte, error) {
	var b bytes.Buffer
	for i, object := range objects {
		if i > 0 {
			b.WriteString("---\n")
		}
		text, err := json.Marshal(object)
		if err != nil {
			return nil, fmt.Errorf("write manifest: %w", err)
		}
		if text, err = yaml.JSONToYAML(text); err != nil {
			return nil, fmt.Errorf("write manifest: %w", err)
		}
		b.Write(text)
	}
	return append([]byte(comment), b.Bytes()...), nil
}

// object is an object of Kubernetes without its status, which is not the author's to write.
func object(o any) (map[string]any, error) {
	text, err := json.Marshal(o)
	if err != nil {
		return nil, fmt.Errorf("write manifest: %w", err)
	}
	var fields map[string]any
	if err := json.Unmarshal(text, &fields); err != nil {
		return nil, fmt.Errorf("write manifest: %w", err)
	}
	delete(fields, "status")
	delete(fields["metadata"].(map[string]any), "creationTimestamp")
	return fields, nil
}

// message is a message of Envoy's configuration, with the names of its documentation.
func message(m proto.Message) (json.RawMessage, error) {
	text, err := protojson.MarshalOptions{UseProtoNames: true}.Marshal(m)
	if err != nil {
		return nil, fmt.Errorf("write manifest: %w", err)
	}
	return text, nil
}
