package suite

import (
	"strings"
	"testing"

	"github.com/header-auth/header-auth/conformance/table"
	"github.com/header-auth/header-auth/host/headermap"
)

// TestRenderTellsApart: different values must be rendered as different texts, because the texts are compared.
func TestRenderTellsApart(t *testing.T) {
	texts := []string{"", " ", "a", "a ", " a", "A", "a\n", "\na", "a\nb", `a\nb`, "a ⏎", "a ⏎\nb", `"a"`, "a\x00",
		`a\x00`, "\xff", "\ufffd", "é", "e\u0301", "a\u200b", "a\tb", "a  b", "a: b", "a\r\nb", `"`, `\`, "\u00a0"}
	renderers := map[string]func(string) string{
		"body":  renderBody,
		"name":  func(s string) string { return renderHeaders(headermap.Of(s, "v")) },
		"value": func(s string) string { return renderHeaders(headermap.Of("n", s)) },
		"two":   func(s string) string { return renderHeaders(headermap.Of("n", s, "n", "v")) },
		"log":   func(s string) string { return renderLogs([]table.Log{{Level: "info", Text: s}}) },
		"call":  func(s string) string { return renderCalls([]table.Call{{Cluster: s}}) },
	}
	for name, render := range renderers {
		seen := map[string]string{}
		for _, s := range texts {
			r := render(s)
			if other, ok := seen[r]; ok {
				t.Errorf("%s: %q and %q both read %q", name, s, other, r)
			}
			seen[r] = s
		}
	}
}

func TestRenderMessageTellsApart(t *testing.T) {
	messages := []Received{{}, {Ended: true}, {Reset: true}, {Body: "a"}, {Headers: headermap.Of("a", "b")},
		{Trailers: headermap.Of("a", "b")}, {Body: "a: b"}, {Headers: headermap.Of("a", "b", "a", "b")}}
	seen := map[string]int{}
	for i := range messages {
		r := renderMessage(&messages[i])
		if other, ok := seen[r]; ok {
			t.Errorf("messages %d and %d both read %q", other, i, r)
		}
		seen[r] = i
	}
}

func TestPresentable(t *testing.T) {
	long := strings.Repeat("x", 1<<20)
	many := strings.Repeat("same\n", 1000)
	tests := []struct{ name, wanted, got string }{
		{"short", "a\nb", "a\nc"},
		{"a megabyte", long + "1", long + "2"},
		{"a megabyte, change in the middle", long + "1" + long, long + "2" + long},
		{"thousands of lines", many + "1\n" + many, many + "2\n" + many},
		{"a line less", many, many + "same\n"},
		{"thousands of changes", strings.Repeat("a\n", 3000), strings.Repeat("b\n", 3000)},
		{"nothing", "", many},
		{"bytes", `"\xff` + long + `"`, "é" + long},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			wanted, got := presentable(test.wanted, test.got)
			if wanted == got {
				t.Errorf("both read %q", got)
			}
			for _, s := range []string{wanted, got} {
				if len(s) > 20_000 {
					t.Errorf("%d bytes are left of %d", len(s), len(test.wanted))
				}
			}
		})
	}
}
