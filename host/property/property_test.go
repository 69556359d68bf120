package property

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/testing/protocmp"
	"google.golang.org/protobuf/types/known/structpb"
)

// TestSerialize has what Envoy 1.40 gave for these values.
func TestSerialize(t *testing.T) {
	data := Struct{"A": "x", "L": []any{"p", 1}, "M": map[string]any{"k": "v"}, "N": 3.5, "B": true, "I": 2}
	at := func(v any, path ...string) any {
		for _, segment := range path {
			next, found := Step(v, segment)
			if !found {
				return nil
			}
			v = next
		}
		return v
	}
	for _, test := range []struct {
		name string
		in   any
		want string // "": it cannot be serialized
	}{
		{"string", at(data, "A"), "x"},
		{"number", at(data, "N"), "\x00\x00\x00\x00\x00\x00\x0c@"},
		{"whole number", at(data, "I"), "\x00\x00\x00\x00\x00\x00\x00@"},
		{"bool", at(data, "B"), "\x01"},
		{"list", at(data, "L"), "\x02\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\x08\x00\x00\x00\x00\x00\x00\x00" +
			"p\x00\x00\x00\x00\x00\x00\x00\x00\xf0?\x00\x00"},
		{"item", at(data, "L", "1"), "\x00\x00\x00\x00\x00\x00\xf0?"},
		{"item behind the end", at(data, "L", "2"), ""},
		{"item before the beginning", at(data, "L", "-1"), ""},
		{"map", at(data, "M"), "\x01\x00\x00\x00\x01\x00\x00\x00\x01\x00\x00\x00k\x00v\x00"},
		{"below a map", at(data, "M", "k"), "v"},
		{"below a string", at(data, "M", "k", "x"), ""},
		{"empty map", Values{}, "\x00\x00\x00\x00"},
		{"null", nil, ""},
		{"map with a null", Struct{"Z": nil}, ""},
		{"list with a null", []any{nil}, ""},
		{"object", Object(func(string) (any, bool) { return nil, false }), ""},
		{"locality", Locality{"r", "z", "s"}, "\n\x01r\x12\x01z\x1a\x01s"},
		{"metadata", Metadata{"cm": {"a": "b"}}, "\n\x10\n\x02cm\x12\n\n\b\n\x01a\x12\x03\x1a\x01b"},
		{"filter metadata", at(Metadata{"cm": {"a": "b"}}, "filter_metadata"),
			"\x01\x00\x00\x00\x02\x00\x00\x00\x10\x00\x00\x00" +
				"cm\x00\x01\x00\x00\x00\x01\x00\x00\x00\x01\x00\x00\x00a\x00b\x00\x00"},
		{"below filter metadata", at(Metadata{"cm": {"a": "b"}}, "filter_metadata", "cm", "a"), "b"},
		{"integer", Of(-2), "\xfe\xff\xff\xff\xff\xff\xff\xff"},
		{"unsigned", Of(uint8(7)), "\x07\x00\x00\x00\x00\x00\x00\x00"},
		{"float", Of(float32(0.5)), "\x00\x00\x00\x00\x00\x00\xe0?"},
		{"duration", Of(time.Microsecond), "\xe8\x03\x00\x00\x00\x00\x00\x00"},
		{"time", time.Unix(0, 258), "\x02\x01\x00\x00\x00\x00\x00\x00"},
		{"bytes", Of([]byte("b")), "b"},
		{"map of Go values", Of(map[string]any{"n": 1}), "\x01\x00\x00\x00\x01\x00\x00\x00\x08\x00\x00\x00n\x00" +
			"\x01\x00\x00\x00\x00\x00\x00\x00\x00"},
	} {
		got, ok := Serialize(test.in)
		if string(got) != test.want || ok != (test.want != "") {
			t.Errorf("%s: got %q, %v, want %q", test.name, got, ok, test.want)
		}
	}
}

// TestStructIsProtobuf reads a Struct with the library of Google.
func TestStructIsProtobuf(t *testing.T) {
	data := map[string]any{"A": "x", "L": []any{"p", 1.0, nil, []any{}}, "M": map[string]any{"k": "v"}, "N": 3.5,
		"B": false, "Z": nil}
	want, err := structpb.NewStruct(data)
	if err != nil {
		t.Fatal(err)
	}
	got := &structpb.Struct{}
	if err := proto.Unmarshal(Struct(data).marshal(), got); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got, protocmp.Transform()); diff != "" {
		t.Error(diff)
	}
}

func TestNode(t *testing.T) {
	n := &Node{ID: "n1", Cluster: "c1", Metadata: Struct{"A": "x"}, Locality: Locality{Region: "r"}}
	want := "\n\x02n1\x12\x02c1\x1a\n\n\b\n\x01A\x12\x03\x1a\x01x\"\x03\n\x01r2\x05envoy"
	if got := string(n.Marshal()); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	for _, field := range []string{"id", "cluster", "metadata", "locality", "user_agent_name", "user_agent_version",
		"extensions", "client_features", "listening_addresses", "dynamic_parameters"} {
		v, found := n.Field(field)
		if _, ok := Serialize(v); !found || !ok {
			t.Errorf("%s: %v, %v", field, v, found)
		}
	}
	if v, found := n.Field("nosuch"); found {
		t.Errorf("nosuch: %v", v)
	}
}
