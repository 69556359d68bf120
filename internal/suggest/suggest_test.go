package suggest

import "testing"

func TestOr(t *testing.T) {
	names := []string{"check", "bench", "build", "tinygo-nottinygc"}
	for word, want := range map[string]string{
		"chekc":    `did you mean "check"?`,
		"biuld":    `did you mean "build"?`,
		"nottiny":  `did you mean "tinygo-nottinygc"?`,
		"whatever": "none",
		"":         "none",
	} {
		if got := Or(word, names, "none"); got != want {
			t.Errorf("%q: %s, want %s", word, got, want)
		}
	}
}
