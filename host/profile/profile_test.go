package profile

import (
	"strings"
	"testing"
)

func TestParse(t *testing.T) {
	for _, p := range All() {
		if got, err := Parse(p.String()); got != p || err != nil {
			t.Errorf("Parse(%q) = %v, %v", p, got, err)
		}
	}
	if got, err := Parse("1.36"); got != Envoy136 || err != nil {
		t.Errorf(`Parse("1.36") = %v, %v`, got, err)
	}
	if _, err := Parse("envoy-1.3"); err == nil || !strings.Contains(err.Error(), "envoy-1.40, envoy-1.39") {
		t.Errorf(`Parse("envoy-1.3"): %v`, err)
	}
	var zero Profile
	if zero != Default || zero.String() != "envoy-1.40" {
		t.Errorf("the zero value is %v", zero)
	}
	if Profile(200).String() != "envoy-1.40" {
		t.Errorf("a number that is no profile is %v", Profile(200))
	}
}
