package bench

import (
	"fmt"
	"strings"

	"github.com/header-auth/header-auth/bench/verdict"
	"github.com/header-auth/header-auth/internal/units"
)

// statement is a claim in words.
type statement struct {
	Topic    string
	Text     string
	Evidence []string // how sure it is
}

// headline is what is claimed. Evidence that several claims share stands with the first of them alone.
func (v view) headline() []statement {
	said := map[string]bool{}
	var all []statement
	for _, c := range v.f.Headline {
		s := v.state(c)
		var fresh []string
		for _, e := range s.Evidence {
			if !said[e] {
				fresh = append(fresh, e)
			}
			said[e] = true
		}
		s.Evidence = fresh
		all = append(all, s)
	}
	return all
}

// state writes a claim.
func (v view) state(c verdict.Claim) statement {
	s := statement{Topic: string(c.Topic())}
	switch c := c.(type) {
	case verdict.GotWorse:
		s.Text, s.Evidence = gotWorse(c)
	case verdict.Gone:
		s.Text = gone(c)
	case verdict.Wrong:
		s.Text = wrongAnswers(c)
	case verdict.Alone:
		s.Text, s.Evidence = alone(c)
	case verdict.NoSpeedVerdict:
		s.Text = noSpeedVerdict(v.f.Gate)
		s.Evidence = gateFaults(v.f.Gate)
	case verdict.Choice:
		s.Text, s.Evidence = choice(c), v.basis()
	case verdict.LeakClaim:
		s.Text, s.Evidence = leak(c)
	case verdict.Comparison:
		s.Text = comparison(c)
		s.Evidence = append([]string{confidence(c.Pair.Ratio, units.Digits)}, v.basis()...)
	case verdict.Extremes:
		s.Text, s.Evidence = extremes(c)
	case verdict.ArchivedPart:
		s.Text = fmt.Sprintf("%s needs %s as its %s, which is archived: its faults will not be mended.", c.Build, c.Part.Name, c.Part.Role)
		s.Evidence = []string{fmt.Sprintf("%s, looked at on %s", c.Part.Source, c.Part.Checked)}
	}
	return s
}

// basis is what every claim on speed rests on.
func (v view) basis() []string {
	p := v.r.Run.Plan
	basis := []string{
		fmt.Sprintf("all words on speed together wrong with a probability of at most %.0f %% (Holm)", 100*verdict.Alpha),
		fmt.Sprintf("%d processes × %d instances × %d rounds", p.Processes, p.Instances, p.Rounds),
	}
	for _, t := range v.f.Gate.Twins {
		basis = append(basis, fmt.Sprintf("A/A of %s %.3f to %.3f", t.Build, t.Ratio.Low, t.Ratio.High))
	}
	return basis
}

func choice(c verdict.Choice) string {
	language := strings.ToUpper(c.Language[:min(1, len(c.Language))]) + c.Language[min(1, len(c.Language)):]
	what := fmt.Sprintf("of the %d builds that can be chosen it is the fastest in %d of %d scenarios", c.Among, c.Wins, c.Scenarios)
	switch {
	case c.Among == 1:
		what = fmt.Sprintf("no other %s build can be chosen", language)
	case c.Wins == 0 && c.Losses == 0:
		what = fmt.Sprintf("none of the %d builds that can be chosen is known to be faster, and in no scenario is it known to be the fastest", c.Among)
	case c.Losses > 0:
		what += fmt.Sprintf(", and slower than another in %d", c.Losses)
	}
	text := fmt.Sprintf("Choose %s where speed decides: %s.", c.Build, what)
	if language != "" {
		text = fmt.Sprintf("Choose %s if you want %s: %s.", c.Build, language, what)
	}
	var out []string
	for _, b := range c.LeftOut {
		out = append(out, fmt.Sprintf("%s (%s)", b.Build, fault(b)))
	}
	if len(out) > 0 {
		text += " Left out: " + list(out) + "."
	}
	return text
}

func fault(b verdict.LeftOut) string {
	switch b.Fault {
	case verdict.Leaks:
		return "leaks"
	case verdict.Archived:
		return "its " + b.Role + " is archived"
	}
	return "not conformant"
}

func leak(c verdict.LeakClaim) (text string, evidence []string) {
	m := c.Memory
	where := "in Envoy"
	if m.Scenario != "" {
		where += " for " + m.Scenario
	}
	text = fmt.Sprintf("%s leaks %s bytes a request %s: do not run it.", m.Build, units.Digits(m.PerRequest.Mid), where)
	if m.Course == verdict.HostGrows {
		text += " It is the host that keeps them: shared data, queues or metrics."
	}
	if c.OnlyEnvoys {
		text += " The cause is which export gives the host memory: in the specification's order it does not leak."
	}
	return text, []string{confidence(m.PerRequest, units.Digits), UsedUp(m, "request")}
}

func comparison(c verdict.Comparison) string {
	a, b, ratio := c.Pair.A, c.Pair.B, c.Pair.Ratio.Mid
	var text string
	switch {
	case c.Pair.Word == verdict.Equivalent:
		text = fmt.Sprintf("%s and %s take the same time for %s, within %.0f %%", a, b, c.Scenario, 100*verdict.Band)
	case c.Pair.Word == verdict.Undecided:
		text = fmt.Sprintf("Whether %s takes longer than %s for %s is undecided", a, b, c.Scenario)
	case c.Small:
		text = fmt.Sprintf("%s takes %.0f %% longer than %s for %s, which is small: another correct harness may disagree", a, 100*(ratio-1), b, c.Scenario)
	default:
		text = fmt.Sprintf("%s takes %s times as long as %s for %s", a, units.Digits(ratio), b, c.Scenario)
	}
	if c.OthersN > 0 {
		text += fmt.Sprintf("; %s to %s times in the others", units.Digits(c.Others[0]), units.Digits(c.Others[1]))
	}
	return text + "."
}

func extremes(c verdict.Extremes) (text string, evidence []string) {
	level := ""
	if len(c.Level) > 0 {
		level = fmt.Sprintf(" (%s: too close to tell)", list(c.Level))
	}
	format, write := "The smallest module is that of %s, %s%s, and the largest that of %s, %s.", units.Bytes
	switch c.Of {
	case verdict.StartupTime:
		format, write = "From its bytes to its first answer %s takes %s, the least%s, and %s %s, the most.", units.Nanos
	case verdict.ResidentMemory:
		format = "A warm VM of %s takes %s of a process's memory, the least%s, and one of %s %s, the most."
	}
	least, most := c.Least.Value, c.Most.Value
	text = fmt.Sprintf(format, c.Least.Build, write(least.Mid), level, c.Most.Build, write(most.Mid))
	if c.Small {
		text += " The difference is small: another correct harness may disagree."
	}
	certain := "exact"
	if least.Low != least.High {
		certain = confidence(least, write) + " and " + confidence(most, write)
	}
	return text, []string{units.Digits(c.Ratio()) + " times", certain}
}

// confidence writes the bounds of an interval.
func confidence(i verdict.Interval, write func(float64) string) string {
	if !i.Known() {
		return "no interval"
	}
	return fmt.Sprintf("95 %% interval %s to %s", write(i.Low), write(i.High))
}

// list joins names: a, b and c.
func list(names []string) string {
	if len(names) < 2 {
		return strings.Join(names, "")
	}
	return strings.Join(names[:len(names)-1], ", ") + " and " + names[len(names)-1]
}
