package evidence

import (
	"fmt"

	"github.com/go-json-experiment/json"
)

// Parse reads a report that Write wrote. Another schema, an unknown key and anything after the report are errors: a
// report that is understood in part only must not be judged.
func Parse(data []byte) (*Report, error) {
	var head struct {
		Schema string `json:"schema"`
	}
	if err := json.Unmarshal(data, &head); err != nil {
		return nil, fmt.Errorf("parse evidence: %w", err)
	}
	if head.Schema != Schema {
		return nil, fmt.Errorf("parse evidence: schema %q, expected %q", head.Schema, Schema)
	}
	r := new(Report)
	if err := json.Unmarshal(data, r, json.RejectUnknownMembers(true)); err != nil {
		return nil, fmt.Errorf("parse evidence: %w", err)
	}
	return r, nil
}
