package evidence

import (
	"fmt"

	"github.com/go-json-experiment/json"
)

// Parse reads a report that Write wrote. Another schema, an unknown key and anything after the report are errors: a
// report that is understood in part only must not be judged.
func Parse(data []byte) (*Report, error) { return parse[Report](data, Schema) }

// ParseOnEnvoy is Parse for a report that WriteOnEnvoy wrote.
func ParseOnEnvoy(data []byte) (*OnEnvoy, error) { return parse[OnEnvoy](data, OnEnvoySchema) }

// SchemaOf is the schema that a report says it has; "" when it is none.
func SchemaOf(data []byte) string {
	var head struct {
		Schema string `json:"schema"`
	}
	if json.Unmarshal(data, &head) != nil {
		return ""
	}
	return head.Schema
}

func parse[R any](data []byte, schema string) (*R, error) {
	var head struct {
		Schema string `json:"schema"`
	}
	if err := json.Unmarshal(data, &head); err != nil {
		return nil, fmt.Errorf("parse evidence: %w", err)
	}
	if head.Schema != schema {
		return nil, fmt.Errorf("parse evidence: schema %q, expected %q", head.Schema, schema)
	}
	r := new(R)
	if err := json.Unmarshal(data, r, json.RejectUnknownMembers(true)); err != nil {
		return nil, fmt.Errorf("parse evidence: %w", err)
	}
	if err := any(r).(interface{ check() error }).check(); err != nil {
		return nil, fmt.Errorf("parse evidence: %w", err)
	}
	return r, nil
}
