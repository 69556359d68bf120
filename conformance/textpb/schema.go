// Package textpb turns the test files of a hosted service for Proxy-Wasm plugins into tables. Such a file is the
// text form of one protobuf message: a suite of tests, each with the input and the expectations of up to four
// callbacks of one exchange.
package textpb

import (
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/descriptorpb"
)

// field is one of a message: its number, its type (a word of types, or the name of a message), whether it is repeated.
type field struct {
	name     string
	number   int32
	kind     string
	repeated bool
}

var messages = map[string][]field{
	"StringMatcher": {{"invert", 1, "bool", false}, {"exact", 2, "bytes", false}, {"regex", 3, "string", false},
		{"file", 4, "string", false}},
	"Header": {{"key", 1, "string", false}, {"value", 2, "bytes", false}},
	"Input":  {{"header", 1, "Header", true}, {"content", 2, "bytes", false}, {"file", 3, "string", false}},
	"Immediate": {{"http_status", 1, "uint32", false}, {"grpc_status", 2, "uint32", false},
		{"details", 3, "string", false}},
	"Expectation": {{"has_header", 1, "Header", true}, {"no_header", 2, "Header", true},
		{"headers", 3, "StringMatcher", true}, {"body", 4, "StringMatcher", true}, {"immediate", 5, "Immediate", false},
		{"log", 6, "StringMatcher", true}},
	"Invocation": {{"input", 1, "Input", false}, {"result", 2, "Expectation", false}},
	"Property":   {{"path", 1, "string", false}, {"value", 2, "bytes", false}},
	"Test": {{"name", 1, "string", false}, {"benchmark", 2, "bool", false}, {"request_headers", 3, "Invocation", false},
		{"request_body", 4, "Invocation", true}, {"response_headers", 5, "Invocation", false}, {"response_body", 6,
			"Invocation", true},
		{"plugin_init", 7, "Expectation", false}, {"stream_init", 8, "Expectation", false}, {"stream_destroy", 9,
			"Expectation", false},
		{"num_chunks", 10, "int32", false}, {"chunk_size", 11, "int64", false}, {"properties", 12, "Property", true}},
	"Env": {{"test_path", 1, "string", false}, {"wasm_path", 2, "string", false}, {"config_path", 3, "string", false},
		{"log_level", 4, "LogLevel", false}, {"log_path", 5, "string", false}, {"time_secs", 6, "uint64", false},
		{"num_additional_streams", 7, "uint64", false}, {"additional_stream_advance_rate", 8, "uint64", false}},
	"TestSuite": {{"env", 1, "Env", false}, {"test", 2, "Test", true}},
}

var types = map[string]descriptorpb.FieldDescriptorProto_Type{
	"bool": descriptorpb.FieldDescriptorProto_TYPE_BOOL, "bytes": descriptorpb.FieldDescriptorProto_TYPE_BYTES,
	"string": descriptorpb.FieldDescriptorProto_TYPE_STRING, "uint32": descriptorpb.FieldDescriptorProto_TYPE_UINT32,
	"int32": descriptorpb.FieldDescriptorProto_TYPE_INT32, "int64": descriptorpb.FieldDescriptorProto_TYPE_INT64,
	"uint64": descriptorpb.FieldDescriptorProto_TYPE_UINT64, "LogLevel": descriptorpb.FieldDescriptorProto_TYPE_ENUM,
}

var levelNames = []string{"UNDEFINED", "TRACE", "DEBUG", "INFO", "WARN", "ERROR", "CRITICAL"}

// suiteType is the message of a whole file. Syntax proto2, because it tells a field that is empty
// from one that is not set.
var suiteType = func() protoreflect.MessageDescriptor {
	const pkg = "parity.textpb"
	file := &descriptorpb.FileDescriptorProto{Name: proto.String("suite.proto"), Package: proto.String(pkg),
		Syntax: proto.String("proto2")}
	for name, fields := range messages {
		m := &descriptorpb.DescriptorProto{Name: proto.String(name)}
		for _, f := range fields {
			label := descriptorpb.FieldDescriptorProto_LABEL_OPTIONAL
			if f.repeated {
				label = descriptorpb.FieldDescriptorProto_LABEL_REPEATED
			}
			d := &descriptorpb.FieldDescriptorProto{Name: proto.String(f.name), Number: proto.Int32(f.number), Label: &label}
			kind, scalar := types[f.kind]
			if !scalar {
				kind = descriptorpb.FieldDescriptorProto_TYPE_MESSAGE
			}
			if !scalar || f.kind == "LogLevel" {
				d.TypeName = proto.String("." + pkg + "." + f.kind)
			}
			d.Type = &kind
			m.Field = append(m.Field, d)
		}
		file.MessageType = append(file.MessageType, m)
	}
	levels := &descriptorpb.EnumDescriptorProto{Name: proto.String("LogLevel")}
	for i, name := range levelNames {
		levels.Value = append(levels.Value, &descriptorpb.EnumValueDescriptorProto{Name: proto.String(name),
			Number: proto.Int32(int32(i))})
	}
	file.EnumType = append(file.EnumType, levels)
	d, err := protodesc.NewFile(file, nil)
	if err != nil {
		panic(err) // the tables above are wrong
	}
	return d.Messages().ByName("TestSuite")
}()
