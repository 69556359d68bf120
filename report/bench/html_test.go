package bench

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"math"
	"regexp"
	"strings"
	"testing"

	"github.com/header-auth/header-auth/bench/evidence"
	"github.com/header-auth/header-auth/bench/verdict"
	"github.com/header-auth/header-auth/internal/units"
)

func pageOf(t *testing.T, r *evidence.Report, f *verdict.Findings) string {
	t.Helper()
	var got bytes.Buffer
	if err := HTML(&got, r, f); err != nil {
		t.Fatal(err)
	}
	return got.String()
}

func TestPageIsWellFormed(t *testing.T) {
	for name, make := range map[string]func() (*evidence.Report, *verdict.Findings){
		"all of it": func() (*evidence.Report, *verdict.Findings) { return fixture(5, 9) },
		"refused":   refusedFixture,
		"one build": func() (*evidence.Report, *verdict.Findings) { return fixture(1, 1) },
		"nothing":   func() (*evidence.Report, *verdict.Findings) { return new(evidence.Report), new(verdict.Findings) },
	} {
		t.Run(name, func(t *testing.T) {
			r, f := make()
			wellFormed(t, pageOf(t, r, f))
		})
	}
}

// wellFormed reads the page as XML with HTML's void elements. Scripts and styles are no markup.
func wellFormed(t *testing.T, page string) {
	t.Helper()
	page = regexp.MustCompile(`(?s)<(script|style)[^>]*>.*?</(script|style)>`).ReplaceAllString(page, "")
	d := xml.NewDecoder(strings.NewReader(page))
	d.Strict, d.AutoClose, d.Entity = false, xml.HTMLAutoClose, xml.HTMLEntity
	ids, open := map[string]bool{}, 0
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		switch token := token.(type) {
		case xml.StartElement:
			open++
			for _, a := range token.Attr {
				if a.Name.Local == "id" && ids[a.Value] {
					t.Errorf("id %s twice", a.Value)
				}
				ids[a.Value] = ids[a.Value] || a.Name.Local == "id"
			}
		case xml.EndElement:
			open--
		}
	}
	if open != 0 {
		t.Errorf("%d elements are not closed", open)
	}
	for _, m := range regexp.MustCompile(`href="#([^"]*)"`).FindAllStringSubmatch(page, -1) {
		if !ids[m[1]] {
			t.Errorf("a link to #%s, which is not there", m[1])
		}
	}
}

// TestPageNeedsNothingElse: no element, style or script loads anything.
func TestPageNeedsNothingElse(t *testing.T) {
	r, f := fixture(5, 9)
	page := pageOf(t, r, f)
	for _, loads := range []string{"src=", "<link", "@import", "url(", "fetch(", "XMLHttpRequest", "<iframe", "<object",
		"<base"} {
		if strings.Contains(page, loads) {
			t.Errorf("the page has %q", loads)
		}
	}
	links := regexp.MustCompile(`href="https?://`).FindAllString(page, -1)
	if n := strings.Count(page, "http"); n != 2*len(links) { // each source's address is its text, too
		t.Errorf("%d addresses, %d of them links: something else is fetched", n, len(links))
	}
}

func TestPageSaysWhatTheFindingsSay(t *testing.T) {
	for _, make := range []func() (*evidence.Report, *verdict.Findings){
		func() (*evidence.Report, *verdict.Findings) { return fixture(5, 9) }, refusedFixture} {
		r, f := make()
		page := strings.NewReplacer("&#39;", "'", "&amp;", "&").Replace(pageOf(t, r, f))
		v := view{r, f}
		want := append([]string{question, gateText(f.Gate), r.Run.Started.Format("2006-01-02")}, gateFaults(f.Gate)...)
		for _, s := range v.headline() {
			want = append(append(want, s.Text), s.Evidence...)
		}
		want = append(want, v.warnings()...)
		for _, b := range r.Builds {
			want = append(want, b.Name, b.SHA256)
		}
		for _, x := range r.Refused {
			want = append(want, x.Reason)
		}
		for _, w := range append(want, v.changes()...) {
			if !strings.Contains(page, w) {
				t.Errorf("the page lacks %q", w)
			}
		}
		for _, bad := range []string{"NaN", "Inf", "%!", "ZgotmplZ"} {
			// the script contains NaN, and does not show it
			if i := strings.Index(strings.ReplaceAll(page, ": NaN", ""), bad); i >= 0 {
				t.Errorf("the page has %s: …%s…", bad, page[max(0, i-80):min(len(page), i+20)])
			}
		}
	}
}

// TestWhatOthersWroteIsShownAsText: names, reasons and addresses come from files that are not trusted.
func TestWhatOthersWroteIsShownAsText(t *testing.T) {
	const evil = `</script><script>alert(1)</script><img src=x onerror="alert(2)">'"\x1b[31m` + "\x1b[31m"
	r, f := fixture(3, 2)
	r.Builds[0].Name, r.Builds[1].Label, r.Builds[1].Recipe = evil, evil, evil
	r.Refused = []evidence.Refused{{Build: evil, Reason: evil}}
	r.Scenarios[0].ID, f.Scenarios[0].ID, f.Tails[0].Scenario = evil, evil, evil
	f.Scenarios[0].Timings[1] = verdict.Timing{Contestant: evil,
		Missing: verdict.Missing{Kind: verdict.Excluded, Refusal: evil}}
	f.Scenarios[0].Pairs[0].A = evil
	f.Memory[0].Build, f.Memory[0].Ended = evil, evil
	r.Memory[0].Build, r.Memory[0].Allocator = evil, evil
	f.Headline[0] = verdict.Choice{Build: evil, Language: evil}
	f.Gate = verdict.Gate{Twins: []verdict.TwinRatio{{Build: evil}},
		Faults: []verdict.GateFault{{Kind: verdict.GateNotMeasured, Build: evil, Scenario: evil}}}
	r.Costs[0].Parts[0].Source = "javascript:alert(3)"
	page := pageOf(t, r, f)
	wellFormed(t, page)
	for _, bad := range []string{"<script>alert", "<img", `href="javascript:`} {
		if strings.Contains(page, bad) {
			t.Errorf("the page has %s", bad)
		}
	}
	var markdown bytes.Buffer
	if err := Markdown(&markdown, r, f); err != nil {
		t.Fatal(err)
	}
	for _, bad := range []string{"<script", "<img", "\x1b"} {
		if strings.Contains(markdown.String(), bad) {
			t.Errorf("the Markdown has %q", bad)
		}
	}
	var terminal bytes.Buffer
	if err := Text(&terminal, r, f, TextOptions{Width: 100}); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(terminal.String(), "\x1b") {
		t.Error("a name moves the terminal's colours")
	}
}

func TestNudge(t *testing.T) {
	for _, test := range []struct {
		name string
		at   []float64
	}{
		{"all at once", []float64{50, 50, 50, 50}}, {"at the top", []float64{0, 1, 2}},
		{"at the bottom", []float64{100, 99, 98}}, {"far apart", []float64{10, 50, 90}}, {"one", []float64{40}},
		{"none", nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			labels := make([]label, len(test.at))
			for i, y := range test.at {
				labels[i] = label{y: y, end: y}
			}
			nudge(labels, 15, 0, 100)
			for i, l := range labels {
				if l.y < 0 || l.y > 100 {
					t.Errorf("label %d at %v, outside", i, l.y)
				}
				if i > 0 && l.y-labels[i-1].y < 15-1e-9 {
					t.Errorf("labels %d and %d overlap: %v, %v", i-1, i, labels[i-1].y, l.y)
				}
			}
		})
	}
}

func TestTicks(t *testing.T) {
	for _, a := range []axis{
		{low: 0, high: 783e6}, {low: 0, high: 100}, {low: 0, high: 1}, {low: 0, high: 3e-9}, {low: 0.9, high: 1.1, log: true},
		{low: 0.5, high: 6, log: true}, {low: 1, high: 1e12, log: true}, {low: 100, high: 3e5, log: true},
	} {
		ticks := a.ticks(1)
		if len(ticks) < 2 || len(ticks) > 9 {
			t.Errorf("%+v: %d ticks: %v", a, len(ticks), ticks)
		}
		for _, v := range ticks {
			if v < a.low || v > a.high*1.001 || math.IsNaN(v) {
				t.Errorf("%+v: tick %v is outside", a, v)
			}
		}
	}
}

func TestFormats(t *testing.T) {
	interval := func(low, mid, high float64, n int) verdict.Interval {
		return verdict.Interval{Low: low, Mid: mid, High: high, N: n}
	}
	nan := math.NaN()
	for _, test := range []struct{ got, want string }{
		{within(interval(2, 3, 4, 9), units.Nanos), "3.00 [2.00, 4.00] ns"},
		{within(interval(nan, nan, nan, 0), units.Nanos), "–"},
		{plusMinus(interval(95, 100, 103, 9)), "± 5.0 %"}, {plusMinus(interval(nan, 100, nan, 1)), "–"},
		{percentileText(0.301), "50"}, {percentileText(1), "90"}, {percentileText(2), "99"}, {percentileText(4), "99.99"},
		{wrap("one two three", 7), "one two\nthree"}, {wrap("one two", 0), "one two"}, {sentence("so it is"), "so it is."},
		{sentence("so it is."), "so it is."},
	} {
		if test.got != test.want {
			t.Errorf("got %q, want %q", test.got, test.want)
		}
	}
}
