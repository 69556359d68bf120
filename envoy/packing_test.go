package envoy

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/header-auth/header-auth/conformance/table"
	"github.com/header-auth/header-auth/host/headermap"
)

func TestPlain(t *testing.T) {
	good := []string{":authority", "a", ":path", "/", ":method", "GET", ":scheme", "http"}
	with := func(more ...string) []headermap.Header {
		return headermap.Of(append(append([]string{}, good...), more...)...)
	}
	for what, c := range map[string]struct {
		headers []headermap.Header
		plain   bool
	}{
		"as usual":          {with("X-A", "1", "x-a", "2", "x-empty", "", "x-high", "\xff"), true},
		"zero byte":         {with("x", "a\x00"), false},
		"space in a name":   {with("x y", "a"), false},
		"space at an end":   {with("x", " a"), false},
		"repeated":          {with("x", "1", "y", "1", "x", "2"), true},
		"of one hop":        {with("Connection", "x"), false},
		"cookie":            {with("cookie", "a=1"), false},
		"no pseudo-headers": {headermap.Of("x", "1"), false},
		"one too few":       {headermap.Of(good[:6]...), false},
		"after a header":    {headermap.Of(append([]string{"x", "1"}, good...)...), false},
		"twice":             {with(":path", "/"), false},
		"no path":           {headermap.Of(":authority", "a", ":path", "*", ":method", "GET", ":scheme", "http"), false},
	} {
		if got := plain(c.headers, ofRequests); got != c.plain {
			t.Errorf("%s: plain is %v", what, got)
		}
	}
}

// TestPack: what is packed comes out as it was, names in lower case.
func TestPack(t *testing.T) {
	headers := headermap.Of("X-\x00", "\xff,:\n", "", "", "x", "1", "x", "1")
	own := headermap.Of(":status", "200", streamHeader, "s1", partHeader, "p")
	got, stream, part := unpacked(append(own, pack(headers), headermap.Header{Name: "date", Value: "now"}))
	want := headermap.Of("x-\x00", "\xff,:\n", "", "", "x", "1", "x", "1")
	if !reflect.DeepEqual(got, want) || stream != "s1" || part != "p" {
		t.Errorf("got %q of %q, %q, expected %q", got, stream, part, want)
	}
	if got, _, _ := unpacked([]headermap.Header{pack(nil)}); len(got) > 0 {
		t.Errorf("got %q of an empty list", got)
	}
}

// TestCarry: what one header carries comes out as it was, names in lower case.
func TestCarry(t *testing.T) {
	for _, headers := range [][]headermap.Header{{}, headermap.Of("x-\x00", "\xff\x00", "", "", "x", "1", "x", "1")} {
		got, stream, _ := unpacked(append(headermap.Of(":status", "200", streamHeader, "s1"), carry(headers)))
		if !slices.Equal(got, headers) || stream != "s1" {
			t.Errorf("got %q of %q, expected %q", got, stream, headers)
		}
	}
}

// TestHostile: an answer without a proper :status is not carried past the codec, for Envoy reads it behind that, too.
func TestHostile(t *testing.T) {
	for what, a := range map[string]table.Answer{
		"plain":              {Headers: headermap.Of(":status", "200", "x", "1")},
		"no status":          {Headers: headermap.Of("x", "\x00")},
		"no proper status":   {Headers: headermap.Of(":status", "\x00", "x", "\x00")},
		"no headers":         {},
		"of gRPC":            {Headers: headermap.Of(":status", "200", "x", "\x00"), GRPC: true},
		"fails":              {Kind: table.Reset},
		"hostile value":      {Headers: headermap.Of(":status", "200", "x", "\x00")},
		"hostile name":       {Headers: headermap.Of(":status", "200", "", "1")},
		"hostile much later": {Headers: headermap.Of(":status", "200", "x", "1", "y", "\n")},
	} {
		want := strings.HasPrefix(what, "hostile")
		if got := hostile(&a); got != want {
			t.Errorf("%s: hostile is %v", what, got)
		}
		c := table.Case{Clusters: []table.Cluster{{Answers: []table.Answer{{}, a}}}}
		step := table.Case{Steps: []table.Step{{Answer: &table.Answered{Answer: a}}}}
		if hostileAnswers(&c) != want || hostileAnswers(&step) != want {
			t.Errorf("%s: a case that has it is not found, or another is", what)
		}
	}
}

// TestOnWire: what Envoy looks at before any filter goes along, so that its own answers are as they would be.
func TestOnWire(t *testing.T) {
	r := &table.Request{}
	r.Headers = headermap.Of(":method", "HEAD", "content-type", "application/grpc", "x", "\x00")
	if !packs(r) {
		t.Fatal("a zero byte goes by the codec")
	}
	got := onWire(r, "s", pack)
	want := headermap.Of(":method", "HEAD", ":path", "/", ":scheme", "http", ":authority", "packed",
		"content-type", "application/grpc", streamHeader, "s")
	if !reflect.DeepEqual(got[:len(want)], want) || got[len(want)].Name != packedHeader {
		t.Errorf("got %q", got)
	}
}
