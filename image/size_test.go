package image

import (
	"bytes"
	"testing"
)

// TestSize: an image is its module, compressed, and a few hundred bytes of JSON.
func TestSize(t *testing.T) {
	wasm := append([]byte(wasmMagic), bytes.Repeat([]byte("plugin "), 1000)...)
	layer, err := archive(wasm)
	if err != nil {
		t.Fatal(err)
	}
	for _, lang := range []string{"go", "rust", "zig"} {
		got, err := Size(lang, wasm)
		if err != nil {
			t.Fatal(err)
		}
		if more := got - len(layer); more < 500 || more > 4000 {
			t.Errorf("%s: %d bytes besides a layer of %d", lang, more, len(layer))
		}
	}
}
