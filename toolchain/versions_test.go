package toolchain

import (
	"os"
	"strings"
	"testing"
)

func TestOlder(t *testing.T) {
	tests := []struct {
		a, b string
		want bool
	}{
		{"1.26", "1.26.0", false},
		{"1.25.9", "1.26", true},
		{"1.9", "1.26", true},
		{"1.26.10", "1.26.9", false},
		{"1.27rc1", "1.26.9", false},
		{"0.42.0-dev-0123", "0.42.0", false},
		{"", "1", true},
	}
	for _, tt := range tests {
		if got := older(tt.a, tt.b); got != tt.want {
			t.Errorf("older(%q, %q): got %v", tt.a, tt.b, got)
		}
	}
}

// A version that has to be written elsewhere too is the same there.
func TestVersionsElsewhere(t *testing.T) {
	v, err := loadVersions()
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct{ file, want string }{
		{"tinygo.mod", "github.com/tinygo-org/tinygo v" + v.TinyGo.Build},
		{"../go.mod", "\ngo " + strings.TrimSuffix(v.Go.AtLeast, ".0")},
		{"../rust-plugin/Cargo.toml", `rust-version = "` + strings.TrimSuffix(v.Rust.AtLeast, ".0") + `"`},
		{"../builds.yaml", "--target=" + v.Rust.Target},
	}
	for _, tt := range tests {
		text, err := os.ReadFile(tt.file)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(string(text), tt.want) {
			t.Errorf("%s has no %q", tt.file, tt.want)
		}
	}
	if older(v.TinyGo.Build, v.TinyGo.AtLeast) || !older(v.TinyGo.Build, v.TinyGo.Below) {
		t.Errorf("TinyGo %s, which would be built, is outside the window", v.TinyGo.Build)
	}
}

func TestDebianTarget(t *testing.T) {
	const stock = `{"libc":"wasi-libc","rtlib":"compiler-rt","linker":"wasm-ld","cflags":["-a"],"ldflags":["-b"],` +
		`"features":"+bulk-memory,+bulk-memory-opt,+call-indirect-overlong,+sign-ext"}`
	got, err := debianTarget([]byte(stock), "/usr/lib/wasm32-wasi", "/b.a")
	if err != nil {
		t.Fatal(err)
	}
	flat := strings.NewReplacer("\n", "", "\t", "").Replace(string(got))
	const want = `{"cflags": ["-a","-isystem","/usr/include/wasm32-wasi"],"features": "+bulk-memory,+sign-ext",` +
		`"ldflags": ["-b","-L/usr/lib/wasm32-wasi","-lc","/b.a"],"linker": "wasm-ld"}`
	if flat != want {
		t.Errorf("got  %s\nwant %s", flat, want)
	}
	if _, err := debianTarget([]byte(`{"features":""}`), "", ""); err == nil {
		t.Error("a target without flags was accepted")
	}
}
