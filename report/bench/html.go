package bench

import (
	"bytes"
	_ "embed"
	"html/template"
	"io"
	"strings"

	"github.com/header-auth/header-auth/bench/evidence"
	"github.com/header-auth/header-auth/bench/verdict"
	"github.com/header-auth/header-auth/internal/units"
	"github.com/header-auth/header-auth/internal/words"
)

var (
	//go:embed page.gohtml
	pageSource string
	//go:embed page.css
	style string
	//go:embed page.js
	script string
)

var page = template.Must(template.New("page").Funcs(template.FuncMap{
	"sentence": sentence, "plural": words.Plural, "join": strings.Join,
}).Parse(pageSource))

// HTML writes the report as one page that needs no network, no fonts and no other file. Where scripts are off it lacks
// only the calculator.
func HTML(w io.Writer, r *evidence.Report, f *verdict.Findings) error {
	v := view{r, f}
	data := pageData{
		Style: template.CSS(style), Script: template.JS(script), Question: question, Builds: len(r.Builds),
		Machines: max(1, len(v.counting())), Passed: f.Gate.Passed, Gate: gateText(f.Gate), Faults: gateFaults(f.Gate),
		First: v.first(), Advice: v.advice(), OnEnvoy: v.onEnvoyAdvice(), Headline: v.headline(), Warnings: v.warnings(),
		Started: when(r.Run.Started), Changes: v.changes(), Sections: v.sections(), Calculator: v.calculator(),
	}
	if forest := v.forest(); len(forest) > 0 {
		data.Forest, data.ForestLead = &forest[0], v.forestLead()
	}
	for _, p := range []pictures{
		{"How long the slowest take", "Single requests. A step up to the right is a pause, most often a garbage collector's.",
			v.curves()},
		{"What memory does over time", "Linear memory of one VM. It never shrinks: a line that keeps rising is a leak.",
			v.growth()},
		{"How large", "The module's file by section.", v.sizeBars()},
		{"How long until the first answer", "Each sample in a process of its own.", v.startBars()},
	} {
		if len(p.Figures) > 0 {
			data.Pictures = append(data.Pictures, p)
		}
	}
	var out bytes.Buffer
	if err := page.Execute(&out, data); err != nil {
		return err
	}
	_, err := io.WriteString(w, printable(out.String()))
	return err
}

type pageData struct {
	Style      template.CSS
	Script     template.JS
	Question   string
	Builds     int
	Machines   int // on which they were compared
	Started    string
	Passed     bool // the A/A check
	Gate       string
	Faults     []string
	First      grid
	Advice     []string
	OnEnvoy    []string
	Forest     *figure
	ForestLead string
	Headline   []statement
	Warnings   []string
	Changes    []string
	Pictures   []pictures
	Sections   []section
	Calculator calculator
}

// pictures are figures of one kind.
type pictures struct {
	Title, Lead string
	Figures     []figure
}

// calculator is the data with which the page computes the cost at a rate that a reader types in.
type calculator struct {
	Scenarios []string          `json:"scenarios"`
	Builds    []calculatorBuild `json:"builds"`
	Rate      float64           `json:"rate"`
	Workers   int               `json:"workers"`
}

// calculatorBuild has triples of low, estimate and high; null is unknown.
type calculatorBuild struct {
	Name  string       `json:"name"`
	Nanos [][]*float64 `json:"nanos"` // of a request, for each scenario
	VM    []*float64   `json:"vm"`    // bytes
}

func (v view) calculator() calculator {
	c := calculator{Rate: 100000, Workers: 4}
	if len(v.f.Scale) > 0 {
		c.Workers = v.f.Scale[0].Workers
	}
	for _, s := range v.f.Scenarios {
		c.Scenarios = append(c.Scenarios, s.ID)
	}
	for _, b := range v.r.Builds {
		build := calculatorBuild{Name: b.Name, VM: triple(verdict.Interval{})}
		for _, s := range v.f.Scenarios {
			t, _ := s.Timing(b.Name)
			build.Nanos = append(build.Nanos, triple(t.Time))
		}
		for _, m := range v.f.Resident {
			if m.Build == b.Name {
				build.VM = triple(m.PerVM)
			}
		}
		c.Builds = append(c.Builds, build)
	}
	return c
}

func triple(i verdict.Interval) []*float64 {
	all := make([]*float64, 3)
	if i.N == 0 {
		return all
	}
	for k, x := range []float64{i.Low, i.Mid, i.High} {
		if units.Known(x) {
			all[k] = &x
		}
	}
	return all
}
