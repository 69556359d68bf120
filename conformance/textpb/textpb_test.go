package textpb_test

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/header-auth/header-auth/conformance/table"
	"github.com/header-auth/header-auth/conformance/textpb"
)

var update = flag.Bool("update", false, "write the golden files again")

const tests = "testdata/tests"

func convert(t *testing.T, name string) *textpb.Group {
	t.Helper()
	source, err := os.ReadFile(filepath.Join(tests, name+".textpb"))
	if err != nil {
		t.Fatal(err)
	}
	suite, err := textpb.Parse(source)
	if err != nil {
		t.Fatal(err)
	}
	g, err := textpb.Convert(name, suite, nil, func(file string) ([]byte, error) {
		return os.ReadFile(filepath.Join(tests, file))
	})
	if err != nil {
		t.Fatal(err)
	}
	return g
}

// TestCases: each test is said, as the golden file has it, and the table loads.
func TestCases(t *testing.T) {
	dir := t.TempDir()
	said := 0
	write := func(name string, content []byte) {
		if err := os.WriteFile(filepath.Join(dir, name), content, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write("contract.yaml", textpb.Contract("sample"))
	for _, name := range []string{"greeter", "door"} {
		g := convert(t, name)
		if len(g.Unsaid) > 0 {
			t.Errorf("%s: %+v", name, g.Unsaid)
		}
		said += g.Said
		write(name+".yaml", g.YAML())
		golden := filepath.Join("testdata", name+".yaml")
		if *update {
			if err := os.WriteFile(golden, g.YAML(), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(golden)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(want), string(g.YAML())); diff != "" {
			t.Errorf("%s: go test ./conformance/textpb -update (-want +got):\n%s", name, diff)
		}
	}
	loaded, err := table.Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	if loaded.Len() != said || said != 12 {
		t.Errorf("%d tests, %d cases, want 12 of both", said, loaded.Len())
	}
}

// TestUnsaid: what can't be said has a reason of its own.
func TestUnsaid(t *testing.T) {
	g := convert(t, "odd")
	want := map[string]string{
		"HeadersInABody":      "a body callback expects headers",
		"BehindAReply":        "behind a local reply",
		"BodyOfHeaders":       "request_headers expects a body",
		"AnyName":             "does not begin with the name of one header",
		"TwoNames":            "does not begin with the name of one header",
		"NoMatcher":           "without exact, regex and file",
		"NotRE2":              "is not RE2",
		"MoreChunksThanBytes": "9 chunks of a body of 3 bytes",
		"OddStatus":           `:status is "ok"`,
		"NoHTTP":              "no message of HTTP/1",
	}
	for _, u := range g.Unsaid {
		if reason := want[u.Test]; reason == "" || !strings.Contains(u.Why, reason) {
			t.Errorf("%s: %s, want %q", u.Test, u.Why, reason)
		}
		delete(want, u.Test)
	}
	if g.Said > 0 || len(want) > 0 {
		t.Errorf("%d are said, and these have no reason: %v", g.Said, want)
	}
}

// A long body goes into a file beside the table.
func TestLongBody(t *testing.T) {
	suite, err := textpb.Parse([]byte(`test { name: "a" response_body { input { file: "page" } } }`))
	if err != nil {
		t.Fatal(err)
	}
	page := strings.Repeat("x", 10_000)
	g, err := textpb.Convert("a", suite, []byte("c"), func(string) ([]byte, error) { return []byte(page), nil })
	if err != nil {
		t.Fatal(err)
	}
	if string(g.Files["data/a-page"]) != page || !strings.Contains(string(g.YAML()), "{file: data/a-page}") {
		t.Errorf("got %v and\n%s", g.Files, g.YAML())
	}
}

func TestParseErrors(t *testing.T) {
	for _, text := range []string{"tset {}", "test { nam: \"a\" }", "test { num_chunks: \"a\" }"} {
		if _, err := textpb.Parse([]byte(text)); err == nil || !strings.Contains(err.Error(), "line 1") {
			t.Errorf("%s: %v, want an error with the line", text, err)
		}
	}
}
