package headermap

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// text is the entries in one line, such as "a=1 b=2".
func text(m *Map) string {
	var parts []string
	for _, e := range m.Entries {
		parts = append(parts, e.Name+"="+e.Value)
	}
	return strings.Join(parts, " ")
}

func TestLoad(t *testing.T) {
	tests := []struct {
		name string
		kind Kind
		trim bool
		in   []Header
		want string
	}{
		{"names in lower case", Request, false, Of("Allow", "Yes", "X-Ä", "1"), "allow=Yes x-Ä=1"},
		{"pseudo-headers first", Request, false, Of("a", "1", ":path", "/", "b", "2", ":method", "GET"),
			":path=/ :method=GET a=1 b=2"},
		{"names that cannot occur twice are joined", Request, false, Of("accept", "a", "x", "1", "Accept", "b", "x", "2"),
			"accept=a,b x=1 x=2"},
		{"an empty value is not joined", Request, false, Of("accept", "", "accept", "b", "accept", ""), "accept=b"},
		{"host is :authority", Request, false, Of("Host", "a", "x", "1"), ":authority=a x=1"},
		{"host beside :authority", Request, false, Of(":authority", "a", "host", "b"), ":authority=a,b"},
		{"host of a response is a name like others", Response, false, Of("host", "a"), "host=a"},
		{"response", Response, false, Of("vary", "a", "vary", "b", "set-cookie", "a", "set-cookie", "b"),
			"vary=a,b set-cookie=a set-cookie=b"},
		{"trailers", ResponseTrailers, false, Of("grpc-status", "0", "grpc-status", "1", "vary", "a", "vary", "b"),
			"grpc-status=0,1 vary=a vary=b"},
		{"plain", Plain, false, Of("grpc-status", "0", "grpc-status", "1"), "grpc-status=0 grpc-status=1"},
		{"values trimmed", Request, true, Of("a", " \t1 2\t"), "a=1 2"},
		{"values as they are", Request, false, Of("a", " 1 "), "a= 1 "},
		{"an empty name", Request, false, Of("", "1", "a", "2"), "=1 a=2"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			m := Map{kind: test.kind}
			m.Load(test.in, test.trim)
			if got := text(&m); got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

// Load has a short way for lists that are in order. It must not differ from adding entry by entry.
func TestLoadIsAdding(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	names := []string{":path", ":method", "host", "accept", "x", "X-Envoy-A", "vary", "via", "Cookie", ""}
	for range 20_000 {
		kind := Kind(r.IntN(int(Plain) + 1))
		var list []Header
		for range r.IntN(8) {
			list = append(list, Header{Name: names[r.IntN(len(names))], Value: fmt.Sprint(r.IntN(3))})
		}
		loaded, added := Map{kind: kind}, Map{kind: kind}
		loaded.Load(list, false)
		for _, h := range list {
			added.Add(ToLower(h.Name), h.Value)
		}
		if diff := cmp.Diff(added.Entries, loaded.Entries); diff != "" && len(list) > 0 {
			t.Fatalf("kind %d, %q (-added +loaded):\n%s", kind, list, diff)
		}
	}
}

func TestChange(t *testing.T) {
	tests := []struct {
		name   string
		change func(m *Map)
		want   string
	}{
		{"add", func(m *Map) { m.Add("x", "3") }, ":path=/ x=1 accept=a x=2 x=3"},
		{"add a pseudo-header", func(m *Map) { m.Add(":method", "GET") }, ":path=/ :method=GET x=1 accept=a x=2"},
		{"add to a name that cannot occur twice", func(m *Map) { m.Add("accept", "b") }, ":path=/ x=1 accept=a,b x=2"},
		{"add host", func(m *Map) { m.AddCopy([]byte("Host"), []byte("a")) }, ":path=/ :authority=a x=1 accept=a x=2"},
		{"append joins nothing", func(m *Map) { m.Append("accept", "b") }, ":path=/ x=1 accept=a x=2 accept=b"},
		{"replace goes to the end", func(m *Map) { m.ReplaceCopy([]byte("X"), []byte("3")) }, ":path=/ accept=a x=3"},
		{"replace what is not there", func(m *Map) { m.ReplaceCopy([]byte("y"), []byte("3")) },
			":path=/ x=1 accept=a x=2 y=3"},
		{"set stays in its place", func(m *Map) { m.Set("x", "3") }, ":path=/ x=3 accept=a x=2"},
		{"remove all of a name", func(m *Map) { m.Remove("X") }, ":path=/ accept=a"},
		{"remove what is not there", func(m *Map) { m.Remove("y") }, ":path=/ x=1 accept=a x=2"},
		{"clear", func(m *Map) { m.Clear() }, ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var m Map
			m.Load(Of(":path", "/", "x", "1", "accept", "a", "x", "2"), false)
			test.change(&m)
			if got := text(&m); got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

func TestRead(t *testing.T) {
	var m Map
	m.Load(Of(":authority", "a", "x", "1", "empty", "", "x", "2"), false)
	for name, want := range map[string]string{"X": "1", "Host": "a", ":authority": "a", "empty": "", "y": "missing"} {
		got, found := m.Get(name)
		if !found {
			got = "missing"
		}
		if got != want {
			t.Errorf("Get(%q): %q, want %q", name, got, want)
		}
	}
	if got, found := m.Joined("x"); got != "1,2" || !found {
		t.Errorf("Joined: %q, %v", got, found)
	}
	if got := m.Size(); got != len(":authorityax1emptyx2") {
		t.Errorf("Size: %d", got)
	}
}

// What a guest adds is copied, whether the arena has room or not, and a clone outlives Reset.
func TestCopies(t *testing.T) {
	var m Map
	var want []Header
	for i := range 40 {
		name, value := fmt.Appendf(nil, "X-Name-%d", i), []byte(strings.Repeat(fmt.Sprint(i%10), 1000))
		want = append(want, Header{Name: strings.ToLower(string(name)), Value: string(value)})
		m.AddCopy(name, value)
		clear(name)
		clear(value)
	}
	if diff := cmp.Diff(want, m.Entries); diff != "" {
		t.Fatalf("entries (-want +got):\n%s", diff)
	}
	clone := m.Clone()
	m.Reset(Request)
	for range 40 {
		m.AddCopy([]byte("y"), []byte(strings.Repeat("z", 1000)))
	}
	if diff := cmp.Diff(want, clone); diff != "" {
		t.Errorf("clone after Reset (-want +got):\n%s", diff)
	}
}

func TestFault(t *testing.T) {
	tests := []struct{ name, value, want string }{
		{"a", "b", ""},
		{"", "b", ""},
		{":path", "/ä\t", ""},
		{"!#$%&'*+-.^_`|~09az", "", ""},
		{"a", "b\x00", "invalid header value for: a"},
		{"a", "b\x7f", "invalid header value for: a"},
		{"a", "b\nc", "invalid header value for: a"},
		{"a b", "c", "invalid header name: a b"},
		{"a\x00", "c", "invalid header name: a\x00"},
		{"ä", "c", "invalid header name: ä"},
		{"a:b", "c", "invalid header name: a:b"},
	}
	for _, test := range tests {
		m := Map{Entries: Of("x", "y", test.name, test.value)}
		if got := m.Fault(); got != test.want {
			t.Errorf("%q: %q: got %q, want %q", test.name, test.value, got, test.want)
		}
	}
}

func TestOfWithoutAValue(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("no panic")
		}
	}()
	Of(strings.Fields("a b c")...)
}
