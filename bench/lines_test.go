package bench

import "testing"

func TestCodeLines(t *testing.T) {
	tests := []struct {
		name, extension, text string
		want                  int
	}{
		{"empty", ".go", "", 0},
		{"no newline at the end", ".go", "package a", 1},
		{"blank and comment", ".go", "// a\n\n \t\r\npackage a\n", 1},
		{"comment without an end", ".go", "package a\n/* x\ny", 1},
		{"comment after code", ".go", "a := 1 // one\n", 1},
		{"code after comment", ".go", "/* one */ a := 1\n/* two\n*/ b := 2\n", 2},
		{"comment in a string", ".go", "a := \"/*\"\nb := 1\nc := \"*/\"\n", 3},
		{"comment in a rune", ".go", "a := '\"'\n// b\n", 1},
		{"raw string of several lines", ".go", "a := `// x\n\n/* y\n`\nb()\n", 4},
		{"a backtick is nothing in Rust", ".rs", "// `\nfn a() {}\n// `\n", 1},
		{"escaped quote", ".go", "a := \"\\\"// \"\n", 1},
		{"nested comment in Rust", ".rs", "/* a /* b */ c */ fn d() {}\n/* /* */\nx */\n", 1},
		{"no nesting in Go", ".go", "/* a /* b */ c()\n", 1},
		{"lifetime", ".rs", "fn a<'a>(x: &'a str) {} // '\n// b\n", 1},
		{"character", ".rs", "let a = '\"'; // x\n// \"\nlet b = '\\'';\nlet c = '界';\n", 3},
		{"raw string of Rust", ".rs", "let a = r#\"\"// \"#;\n// b\nlet b = br\"\\\";\n// c\n", 2},
		{"a word that ends in r", ".rs", "for x in y { bar(\"//\") }\n", 1},
		{"doc comments", ".rs", "//! a\n/// b\npub fn c() {}\n", 1},
		{"another language", ".zig", "// a\nconst b = \"//\";\n", 1},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if got := codeLines(test.text, test.extension); got != test.want {
				t.Errorf("%d lines, want %d of %q", got, test.want, test.text)
			}
		})
	}
}

func TestCountLinesNamesTheFile(t *testing.T) {
	if _, err := countLines(t.TempDir(), []string{"gone.go"}); err == nil {
		t.Error("a file that is not there was counted")
	}
}

func FuzzCodeLines(f *testing.F) {
	f.Add("a := `\n// r#\"'\n")
	f.Add("/* /* \\")
	f.Fuzz(func(t *testing.T, text string) {
		for _, extension := range []string{".go", ".rs", ".c"} {
			all := 1
			for _, c := range text {
				if c == '\n' {
					all++
				}
			}
			if got := codeLines(text, extension); got < 0 || got > all {
				t.Errorf("%d lines of code among %d in %q", got, all, text)
			}
		}
	})
}
