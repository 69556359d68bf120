package bench

import (
	"fmt"
	"math"
	"slices"
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

// headline is what is claimed. The basis of all words on speed stands with the first of them alone.
func (v view) headline() []statement {
	basis := v.basis()
	said := map[string]bool{}
	var all []statement
	for _, c := range v.f.Headline {
		s := v.state(c)
		var fresh []string
		for _, e := range s.Evidence {
			if !said[e] || !slices.Contains(basis, e) {
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
	case verdict.NothingToChoose:
		s.Text = nothingToChoose(c)
	case verdict.GotWorse:
		s.Text, s.Evidence = gotWorse(c)
	case verdict.Gone:
		s.Text = gone(c)
	case verdict.Wrong:
		s.Text = wrongAnswers(c)
	case verdict.Alone:
		s.Text, s.Evidence = alone(c)
	case verdict.NoSpeedVerdict:
		s.Text, s.Evidence = v.noSpeed(), gateFaults(v.f.Gate)
	case verdict.Choice:
		s.Text, s.Evidence = v.choice(c), v.basis()
		if out := leftOut(c.LeftOut); out != "" {
			s.Evidence = append([]string{out}, s.Evidence...)
		}
	case verdict.NoDifference:
		s.Text, s.Evidence = noDifference(c), v.basis()
	case verdict.OnlyOne:
		s.Text = onlyChoice(c)
	case verdict.LeakClaim:
		s.Text, s.Evidence = leak(c)
	case verdict.Comparison:
		if across, ok := v.onMachines(c); ok {
			s.Text, s.Evidence = v.comparisonAcross(c, across)
		} else {
			s.Text = comparison(c)
			s.Evidence = append([]string{confidence(c.Pair.Ratio, units.Digits)}, v.basis()...)
		}
	case verdict.Extremes:
		s.Text, s.Evidence = extremes(c)
		if c.Of != verdict.ModuleSize {
			s.Evidence = append(s.Evidence, v.onThisMachine()...)
		}
	case verdict.ArchivedPart:
		need := "needs"
		if len(c.Builds) > 1 {
			need = "need"
		}
		s.Text = fmt.Sprintf("%s %s the %s %s, which is %s: its faults will not be mended.", list(c.Builds), need,
			c.Part.Role, c.Part.Name, stateWord(c.Part.State))
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
		text = fmt.Sprintf("%s takes %.0f %% longer than %s for %s, which is small: another correct harness may disagree", a,
			100*(ratio-1), b, c.Scenario)
	default:
		text = fmt.Sprintf("%s takes %s times as long as %s for %s", a, units.Digits(ratio), b, c.Scenario)
	}
	if c.OthersN > 0 {
		text += fmt.Sprintf("; %s to %s times in the others", units.Digits(c.Others[0]), units.Digits(c.Others[1]))
	}
	return text + "."
}

// onMachines is the comparison on several machines.
func (v view) onMachines(c verdict.Comparison) (verdict.Across, bool) {
	if v.f.Machines == nil {
		return verdict.Across{}, false
	}
	a, ok := v.f.Machines.Pair(c.Scenario, c.Pair.A, c.Pair.B)
	return a, ok && len(a.On) > 1
}

// comparisonAcross is a comparison on several machines: its range, and that of the other scenarios.
func (v view) comparisonAcross(c verdict.Comparison, a verdict.Across) (text string, evidence []string) {
	times := units.Span(a.Low, a.High, units.Ratio)
	switch a.Word {
	case verdict.Equivalent:
		text = fmt.Sprintf("%s and %s take the same time for %s, within %.0f %%", a.A, a.B, a.Scenario, 100*verdict.Band)
	case verdict.Depends, verdict.Undecided:
		text = fmt.Sprintf("Whether %s takes longer than %s for %s: %s", a.A, a.B, a.Scenario, v.acrossWord(a).Text)
	default:
		text = fmt.Sprintf("%s takes %s times as long as %s for %s", a.A, times, a.B, a.Scenario)
	}
	low, high := math.Inf(1), math.Inf(-1)
	for _, scenario := range v.f.Scenarios {
		if other, ok := v.f.Machines.Pair(scenario.ID, a.A, a.B); ok && scenario.ID != a.Scenario && len(other.On) > 0 {
			low, high = min(low, other.Low), max(high, other.High)
		}
	}
	if low <= high {
		text += fmt.Sprintf("; %s times in the others", units.Span(low, high, units.Ratio))
	}
	for _, on := range a.On {
		evidence = append(evidence, fmt.Sprintf("%s on %s", units.Ratio(on.Ratio), v.machineShort(on.Machine)))
	}
	return text + ".", evidence
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

// onThisMachine names the machine of a figure that is this run's alone, when the page is about several.
func (v view) onThisMachine() []string {
	if v.f.Machines == nil || len(v.f.Machines.Machines) < 2 {
		return nil
	}
	return []string{"on " + v.machineShort(verdict.MachineName(v.r.Machine))}
}

// list joins names: a, b and c.
func list(names []string) string {
	if len(names) < 2 {
		return strings.Join(names, "")
	}
	return strings.Join(names[:len(names)-1], ", ") + " and " + names[len(names)-1]
}
