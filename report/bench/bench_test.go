package bench

import (
	"bytes"
	"flag"
	"io"
	"path/filepath"
	"strings"
	"testing"

	"github.com/header-auth/header-auth/bench/evidence"
	"github.com/header-auth/header-auth/bench/verdict"
	"github.com/header-auth/header-auth/internal/golden"
)

var update = flag.Bool("update", false, "write the golden files anew")

type form func(io.Writer, *evidence.Report, *verdict.Findings) error

func inText(o TextOptions) form {
	return func(w io.Writer, r *evidence.Report, f *verdict.Findings) error { return Text(w, r, f, o) }
}

func inBenchfmt(w io.Writer, r *evidence.Report, _ *verdict.Findings) error { return Benchfmt(w, r) }

func TestForms(t *testing.T) {
	for _, test := range []struct {
		name    string
		refused bool
		write   form
	}{
		{"good.txt", false, inText(TextOptions{Width: 120})},
		{"good.ansi", false, inText(TextOptions{Color: true, Width: 120})},
		{"good.md", false, Markdown},
		{"good.bench", false, inBenchfmt},
		{"refused.txt", true, inText(TextOptions{Width: 80})},
		{"refused.md", true, Markdown},
	} {
		t.Run(test.name, func(t *testing.T) {
			r, f := fixture(3, 3)
			if test.refused {
				r, f = refusedFixture()
			}
			var got bytes.Buffer
			if err := test.write(&got, r, f); err != nil {
				t.Fatal(err)
			}
			golden.Check(t, filepath.Join("testdata", test.name), got.Bytes(), *update)
		})
	}
}

var forms = map[string]form{"text": inText(TextOptions{}), "markdown": Markdown, "benchstat": inBenchfmt, "html": HTML}

// TestNothingPrintsNaN: a report without intervals, without percentiles, or an empty one can still be read.
func TestNothingPrintsNaN(t *testing.T) {
	for name, write := range forms {
		for _, make := range []func() (*evidence.Report, *verdict.Findings){
			refusedFixture, func() (*evidence.Report, *verdict.Findings) { return new(evidence.Report), new(verdict.Findings) }} {
			var got bytes.Buffer
			r, f := make()
			if err := write(&got, r, f); err != nil {
				t.Errorf("%s: %v", name, err)
			}
			for _, bad := range []string{"NaN", "Inf", "%!"} {
				if i := strings.Index(strings.ReplaceAll(got.String(), ": NaN", ""), bad); i >= 0 {
					t.Errorf("%s has %s: …%s…", name, bad, got.String()[max(0, i-80):min(got.Len(), i+20)])
				}
			}
		}
	}
}

func TestWriteErrorIsReturned(t *testing.T) {
	r, f := fixture(2, 1)
	for name, write := range forms {
		if err := write(failing{}, r, f); err == nil {
			t.Errorf("%s: no error from a writer that fails", name)
		}
	}
}

type failing struct{}

func (failing) Write([]byte) (int, error) { return 0, io.ErrClosedPipe }
