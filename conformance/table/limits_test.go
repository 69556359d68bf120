package table_test

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/header-auth/header-auth/conformance/table"
)

// TestLimits: a file that would take the YAML library minutes or all memory is an error with its place, for little of
// both.
func TestLimits(t *testing.T) {
	const most = 1 << 30 // bytes allocated, garbage included
	again := strings.Repeat
	tests := []struct{ name, source, want string }{
		{"lists", again("[", 200_000), "a.yaml:1:101: more than 100 lists and mappings in one another"},
		{"mappings", again("{a: ", 50_000), "a.yaml:1:401: more than 100 lists and mappings in one another"},
		{"closed again", again("[", 50_000) + again("]", 50_000), "a.yaml:1:101: more than 100"},
		{"a bracket in a text", again(`["]", `, 50_000), "more than 100 lists"},
		{"dashes", again("- ", 100_000), "a.yaml:1:201: more than 100 lists"},
		{"question marks", again("? ", 100_000), "a.yaml:1:201: more than 100 lists"},
		{"indented", indented(2000), "a.yaml:101:102: more than 100 lists"},
		{"flow cases", "breaks: B.\ncases: [" + again("{id: a/b},", 200_000) + "]", "a.yaml:2:833262: more than 500000 texts and signs"},
		{"a large file", again("# a\n", 1<<20), "a.yaml: more than 2097152 bytes"},
		{"keys", again("a: b\n", 25_000), "a.yaml:1001:2: more than 1000 keys"},
		{"keys in a list", "a:\n" + again("- b\n", 10) + again("c: d\n", 25_000), "more than 1000 keys"},
		{"closers", again("]", 100_000), "a.yaml:1:1: not YAML: ] without its beginning"},
		{"commas", "[" + again(",", 100_000), "a.yaml:1:3: not YAML: two commas"},
		{"documents", again("---\na\n", 50_000), "a.yaml:5:1: several documents"},
		{"ends", again("...\n", 50_000), "several documents"},
		{"tags", "a: " + again("! ", 50_000), "more than 100 tags"},
		{"anchors", "a: " + again("&a ", 50_000), "more than 100 tags"},
		{"aliases", "a: [&a b" + again(", *a", 50_000) + "]", "more than 100 tags"},
		{"empty lines", "a: |\n  b\n" + again("\n", 500_000), "a.yaml:103:1: more than 100 empty lines"},
		{"blank lines", "a: |\n  b\n" + again("    \n", 300_000), "a.yaml:103:1: more than 100 empty lines"},
		{"open quote", "a: \"" + again("b", 1_000_000), "a.yaml:1:4: a text that begins with \" and does not end"},
		{"tabs in a quote", "a: \"" + again("\t: ", 500_000), "a.yaml:1:605: more than 200 tabs in a line"},
		{"signs that begin nothing", "a:\n  b: " + again("`", 300_000), "a text that begins with `"},
		{"keys in braces", "{" + again("a: b, ", 25_000) + "}", "a.yaml:1:6003: more than 1000 keys"},
		{"aliases of aliases", "a: &a [b]\nc: &c [*a, *a]\n", "a.yaml:2:8: an alias inside the value of an anchor"},
		{"texts in one line", "breaks: B.\ncases: [" + again(`"\x41",`, 150_000) + "]", `a.yaml:2:9: the text "A", expected a mapping`},
		{"texts that are no clause", group(`"` + again("z", 500_000) + `"`), `unknown clause "zzz`},
		{"clauses that are none", group(again(`"z",`, 100_000)), "more errors"},
		{"replies that are none", steps(again("{request: {}, want: {decision: refuse, reply: absent}},\n", 10_000)), `unknown reply "absent"`},
		{"streams", steps(again("{respond: absent, want: {decision: allow}},\n", 20_000)), `no stream "absent" is open here`},
		{"chunks", steps(again(`{request: {body: {bytes: {text: a, times: 1048576}, chunks: 1048576}}, want: {decision: allow}},`, 40)),
			"more than 67108864 bytes in the values"},
		{"repetitions", steps(again(`{request: {}, times: 1000000, want: {decision: allow}},`, 6)), "more than 5000000 repetitions"},
		{"defaults in each case", "breaks: B.\ndefaults: {config: {text: a, times: 16000000}}\ncases:\n" + numbered(60), "take large values out of defaults"},

		{"no UTF-8", "breaks: caf\xe9\n", "a.yaml:1:12: the byte e9, expected UTF-8"},
		{"half a character", "breaks: B.\n# \xe2\x82", "a.yaml:2:3: the byte e2, expected UTF-8"},
		{"UTF-16", "b\x00r\x00", "a.yaml:1:2: the control character 00, expected text, write it as \\x00 in double quotes"},
		{"NUL in a text", "breaks: é\"\x00\"\n", "a.yaml:1:11: the control character 00"},
		{"escape", "breaks: \x1b[31m\n", "a.yaml:1:9: the control character 1b"},
		{"C1", "breaks: \u009b\n", "a.yaml:1:9: the control character 9b"},
		{"byte order mark", "\ufeffbreaks: B.\n", "a.yaml:1:1: a byte order mark"},
		{"byte order mark inside", "breaks: B.\n\ufeff", "a.yaml:2:1: a byte order mark"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			dir := t.TempDir()
			write(t, dir, "contract.yaml", plain)
			write(t, dir, "a.yaml", test.source)
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			_, err := table.Load(dir)
			runtime.ReadMemStats(&after)
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("error %.300v, want %q", err, test.want)
			}
			if n := after.TotalAlloc - before.TotalAlloc; n > most {
				t.Errorf("%d MiB were allocated", n>>20)
			}
		})
	}
}

// group is a group with one case that cites clauses.
func group(clauses string) string {
	return "breaks: B.\ncases:\n  - {id: a/b, clauses: [" + clauses + "], why: W., steps: [{request: {}, want: {decision: allow}}]}\n"
}

// steps is a group with one case of these steps.
func steps(all string) string {
	return "breaks: B.\ncases:\n  - {id: a/b, clauses: [\"1\"], why: W., steps: [\n" + all + "]}\n"
}

// numbered are as many cases.
func numbered(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "  - {id: a/b%d, clauses: [\"1\"], why: W., steps: [{request: {path: /%[1]d}, want: {decision: allow}}]}\n", i)
	}
	return b.String()
}

// indented is as many mappings in one another, each in a line of its own.
func indented(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "%s:\n", strings.Repeat(" ", min(i, 900))+"a")
	}
	return b.String()
}

// TestBytesMade: the values of a table have a limit together, which each of them keeps.
func TestBytesMade(t *testing.T) {
	group := func(value string) string {
		return "breaks: B.\ncases:\n  - {id: a/b, clauses: [\"1\"], why: W., steps: [\n" + strings.Repeat("    {request: {"+value+"}, want: {decision: allow}},\n", 40) + "  ]}\n"
	}
	for name, value := range map[string]string{
		"a body": `body: [{text: "0123456789", times: 1500000}]`, "parts": `body: [{parts: ["0123456789"], times: 1500000}]`,
		"numbered": `body: [{numbered: "%d 23456789", times: 900000}]`,
		"headers":  `headers: [{name: "x-%d", value: "0123456789 123456789 123456789 12", times: 300000}]`,
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			write(t, dir, "contract.yaml", plain)
			write(t, dir, "a.yaml", group(value))
			_, err := table.Load(dir)
			if err == nil || strings.Count(err.Error(), "more than 67108864 bytes in the values of the table") != 1 {
				t.Errorf("error %.300v", err)
			}
		})
	}
	t.Run("digits", func(t *testing.T) {
		dir := t.TempDir()
		write(t, dir, "contract.yaml", plain)
		write(t, dir, "a.yaml", group(`body: [{numbered: "%d", times: 16000000}]`))
		_, err := table.Load(dir)
		if err == nil || !strings.Contains(err.Error(), "a value of 128000000 bytes, expected at most 16777216") {
			t.Errorf("error %.300v", err)
		}
	})
}

// TestFilesOfTable: the files together have a limit, and what is no file is none of them.
func TestFilesOfTable(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "contract.yaml", plain)
	for i := range 9 {
		write(t, dir, fmt.Sprintf("a%d.yaml", i), "# "+strings.Repeat("a", 2<<20-2))
	}
	if err := os.Mkdir(filepath.Join(dir, "b.yaml"), 0o755); err != nil {
		t.Fatal(err)
	}
	_, err := table.Load(dir)
	for _, want := range []string{"a8.yaml: more than 16777216 bytes in the files of", "b.yaml: no regular file"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %.500v, want %q", err, want)
		}
	}
}
