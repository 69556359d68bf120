package bench

import (
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestProcessor(t *testing.T) {
	tests := []struct{ name, text, model, microcode string }{
		{"x86", "processor\t: 0\nmodel name\t: A Processor 9000\nmicrocode\t: 0x1\n\nprocessor\t: 1\nmodel name\t: Another\n",
			"A Processor 9000", "0x1"},
		{"arm", "processor\t: 0\nBogoMIPS\t: 50.00\nCPU implementer\t: 0x41\nCPU part\t: 0xd0c\n",
			"implementer 0x41 part 0xd0c", ""},
		{"pi", "processor\t: 0\nCPU part\t: 0xd08\n\nModel\t\t: A Board\n", "A Board", ""},
		{"nothing", "", "", ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if model, microcode := processor(test.text); model != test.model || microcode != test.microcode {
				t.Errorf("%q, %q", model, microcode)
			}
		})
	}
}

func TestLoadAverages(t *testing.T) {
	for text, want := range map[string][]float64{
		"0.52 1.00 2.25 3/512 4242\n": {0.52, 1, 2.25},
		"":                            nil,
		"a b c":                       nil,
	} {
		if got := loadAverages(text); !cmp.Equal(got, want) {
			t.Errorf("%q: %v, want %v", text, got, want)
		}
	}
}

func TestSteal(t *testing.T) {
	before, ok := processorTimes("cpu  100 0 50 800 10 0 0 40 7 0\ncpu0 1 2\n")
	if !ok || before != (processorTime{1000, 40}) {
		t.Fatalf("%+v, %v", before, ok)
	}
	for _, text := range []string{"", "cpu 1 2 3", "intr 1 2 3 4 5 6 7 8 9", "cpu a b c d e f g h"} {
		if got, ok := processorTimes(text); ok {
			t.Errorf("%q: %+v", text, got)
		}
	}
}

func TestWatchMachine(t *testing.T) {
	m := WatchMachine().Machine()
	if m.OS == "" || m.Arch == "" || m.CPUs < 1 || m.Go == "" || m.Steal < 0 || m.Steal > 1 || math.IsNaN(m.Steal) {
		t.Errorf("%+v", m)
	}
}
