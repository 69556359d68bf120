package words

import "testing"

func TestQuoteArg(t *testing.T) {
	for in, want := range map[string]string{"mine=a.wasm": "mine=a.wasm", "a b": "'a b'", "it's": `'it'\''s'`,
		"a/*": "'a/*'", "": "''"} {
		if got := QuoteArg(in); got != want {
			t.Errorf("%q becomes %s, want %s", in, got, want)
		}
	}
}
