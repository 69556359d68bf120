// Package schematest helps to keep a checked-in JSON schema, the types it was made of and their JSON together.
package schematest

import (
	"bytes"
	"encoding/json"
	"testing"

	"github.com/invopop/jsonschema"
	validator "github.com/santhosh-tekuri/jsonschema/v6"
)

// Generate makes the schema of v's type, indented. Title is the name that documents of it carry.
func Generate(t *testing.T, v any, id, title string) []byte {
	t.Helper()
	reflector := jsonschema.Reflector{ExpandedStruct: true}
	schema := reflector.Reflect(v)
	schema.ID, schema.Title = jsonschema.ID(id), title
	generated, err := json.MarshalIndent(schema, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	return append(generated, '\n')
}

// Compile makes a function of a schema that says what a document breaks.
func Compile(t *testing.T, schema []byte) func(document []byte) error {
	t.Helper()
	parse := func(data []byte) any {
		value, err := validator.UnmarshalJSON(bytes.NewReader(data))
		if err != nil {
			t.Fatal(err)
		}
		return value
	}
	compiler := validator.NewCompiler()
	if err := compiler.AddResource("schema.json", parse(schema)); err != nil {
		t.Fatal(err)
	}
	compiled, err := compiler.Compile("schema.json")
	if err != nil {
		t.Fatal(err)
	}
	return func(document []byte) error { return compiled.Validate(parse(document)) }
}
