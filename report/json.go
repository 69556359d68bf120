package report

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
)

// JSON writes the report as indented JSON of the schema in schema.json.
func JSON(w io.Writer, r *Report) error {
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	return encoder.Encode(filled(*r))
}

// filled gives every list a value: the schema knows no null.
func filled(r Report) Report {
	r.Command = append([]string{}, r.Command...)
	r.Table.Clauses = append([]Clause{}, r.Table.Clauses...)
	r.Table.Groups = append([]Group{}, r.Table.Groups...)
	r.Builds = append([]Build{}, r.Builds...)
	r.Cases = append([]Case{}, r.Cases...)
	r.Results = append([]Result{}, r.Results...)
	r.Divergences = append([]Divergence{}, r.Divergences...)
	return r
}

// Parse reads a report that JSON wrote. Another schema and unknown keys are errors: what is not understood must not
// be rendered as if it were.
func Parse(data []byte) (*Report, error) {
	var head struct{ Schema string }
	if err := json.Unmarshal(data, &head); err != nil {
		return nil, fmt.Errorf("parse report: %w", err)
	}
	if head.Schema != Schema {
		return nil, fmt.Errorf("parse report: schema %q, expected %q", head.Schema, Schema)
	}
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.DisallowUnknownFields()
	r := new(Report)
	if err := decoder.Decode(r); err != nil {
		return nil, fmt.Errorf("parse report: %w", err)
	}
	if _, err := decoder.Token(); err != io.EOF {
		return nil, fmt.Errorf("parse report: more data after the report, expected its end")
	}
	return r, nil
}
