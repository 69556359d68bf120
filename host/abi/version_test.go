package abi

import "testing"

func TestVersions(t *testing.T) {
	tests := []struct {
		versions Versions
		has      [4]bool // no version, 0.1.0, 0.2.0, 0.2.1
	}{
		{inAll, [4]bool{true, true, true, true}},
		{in010, [4]bool{true, true, false, false}},
		{in02x, [4]bool{true, false, true, true}},
		{in021, [4]bool{true, false, false, true}},
	}
	for _, test := range tests {
		for v, want := range test.has {
			if got := test.versions.Has(Version(v)); got != want {
				t.Errorf("%03b has %v: %v, want %v", test.versions, Version(v), got, want)
			}
		}
		if test.versions.Has(V021 + 1) {
			t.Errorf("%03b has a version that does not exist", test.versions)
		}
	}
}

// The numbers go over the border: they are those of proxy-wasm-cpp-host.
func TestNumbers(t *testing.T) {
	for _, test := range []struct {
		got  interface{ String() string }
		name string
	}{
		{Status(0), "Ok"}, {Status(12), "Unimplemented"}, {Status(13), "13"}, {Action(1), "Pause"}, {Action(2), "Action(2)"},
		{MapType(7), "HttpCallResponseTrailers"}, {BufferType(8), "CallData"}, {StreamType(3), "Upstream"},
		{LogLevel(5), "critical"}, {MetricType(2), "Histogram"}, {Version(0), "unknown"},
	} {
		if test.got.String() != test.name {
			t.Errorf("%T is %v, want %s", test.got, test.got, test.name)
		}
	}
	if MapType(8).Valid() || BufferType(9).Valid() || StreamType(4).Valid() || MetricType(3).Valid() {
		t.Error("a number behind the last one is valid")
	}
}

// ABI 0.1.0 has the headers callbacks without their last parameter.
func TestCallbackParams(t *testing.T) {
	for c := range Callbacks {
		want := len(c.Params(V021))
		if c == OnRequestHeaders || c == OnResponseHeaders {
			want--
		}
		if got := len(c.Params(V010)); got != want {
			t.Errorf("%s has %d parameters in 0.1.0, want %d", c.Name(), got, want)
		}
		if len(c.Type(V021).Params) != len(c.Params(V021)) {
			t.Errorf("%s: type %v", c.Name(), c.Type(V021))
		}
	}
}
