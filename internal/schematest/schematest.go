// Package schematest helps to test that a JSON schema in a file, the Go types and their JSON agree.
package schematest

import (
	"bytes"
	"encoding/json"
	"testing"

	"github.com/invopop/jsonschema"
	validator "github.com/santhosh-tekuri/jsonschema/v6"
)

// Generate makes the schema of v's type, indented. Title is the value of "schema" in its documents.
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

// Compile gives a function that says which rule of the schema a document breaks.
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
