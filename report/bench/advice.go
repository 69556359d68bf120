package bench

import (
	"fmt"
	"slices"
	"strings"

	"github.com/header-auth/header-auth/bench/verdict"
	"github.com/header-auth/header-auth/internal/units"
)

// advice is the answer in a few sentences: causes first, then what to choose, then what not to run.
func (v view) advice() []string {
	var all, leaking []string
	if !v.r.Run.Complete && len(v.f.Gate.Twins) > 0 && v.f.Gate.Passed {
		all = append(all, "The run was interrupted: what follows is from what it measured until then.")
	}
	for _, c := range v.f.Headline {
		switch c := c.(type) {
		case verdict.GotWorse, verdict.Gone, verdict.Wrong, verdict.NoSpeedVerdict, verdict.NothingToChoose,
			verdict.NoDifference, verdict.OnlyOne, verdict.Alone, verdict.Choice:
			all = append(all, v.state(c).Text)
		case verdict.LeakClaim:
			leaking = append(leaking, fmt.Sprintf("Do not run %s: it leaks %s a request.", c.Memory.Build,
				wholeBytes(c.Memory.PerRequest.Mid)))
		}
	}
	all = append(all, leaking...)
	var gone []string
	for _, s := range v.f.BuildRows {
		if s.Out.Fault == verdict.Archived {
			gone = append(gone, s.Build.Name)
		}
	}
	if len(gone) > 0 && len(v.f.BuildRows) > 1 {
		form := "%s is left out: a part that it needs is given up by its authors."
		if len(gone) > 1 {
			form = "%s are left out: parts that they need are given up by their authors."
		}
		all = append(all, fmt.Sprintf(form, list(gone)))
	}
	if len(all) == 0 {
		all = append(all, "Nothing can be said from this run.")
	}
	return all
}

// noSpeed says why there is no verdict on speed: what the run lacks first, then what disturbed it.
func (v view) noSpeed() string {
	kinds := func(kind verdict.GateFaultKind) bool {
		return slices.ContainsFunc(v.f.Gate.Faults, func(f verdict.GateFault) bool { return f.Kind == kind })
	}
	why := "a build timed against itself did not come out equal"
	switch {
	case !v.r.Run.Complete && len(v.f.Gate.Twins) == 0:
		why = "the run was interrupted before a build was timed against itself"
	case len(v.f.Gate.Twins) == 0 && len(v.r.Refused) > 0:
		why = "a build with a wrong answer is not timed, and none is left"
	case len(v.f.Gate.Twins) == 0:
		why = "no build was timed against itself"
	case kinds(verdict.GateOneProcess):
		why = "one process was measured, and an interval needs two at least"
	case !v.r.Run.Complete:
		why = "the run was interrupted, and what it measured until then does not show that a build is equal to itself"
	}
	return "No verdict on speed: " + why + "."
}

func (v view) choice(c verdict.Choice) string {
	where := v.everywhere()
	var what string
	fastest := "it is the fastest"
	if c.Language != "" && c.Among > 1 {
		fastest = fmt.Sprintf("of the %s builds that can be chosen it is the fastest", title(c.Language))
	}
	switch {
	case c.Among == 1:
		what = fmt.Sprintf("no other %s build can be chosen", title(c.Language))
	case c.Wins == 0 && c.Losses == 0 && c.Depends == 0:
		what = fmt.Sprintf("none of the %d builds that can be chosen is known to be faster", c.Among)
		if len(c.Level) > 0 && len(c.Level) < c.Among-1 {
			what = "it takes as long as " + list(c.Level) + ", and is not known to be faster than the others"
		}
	case c.Wins == c.Scenarios && c.Scenarios == 1:
		what = fastest + where
	case c.Wins == c.Scenarios:
		what = fmt.Sprintf("%s in all %d scenarios%s", fastest, c.Scenarios, where)
	case c.Wins == 0 && c.Losses == 0:
		what = fmt.Sprintf("whether another is faster depends on the processor, in %d of %d scenarios", c.Depends,
			c.Scenarios)
	default:
		what = fmt.Sprintf("%s in %d of %d scenarios%s", fastest, c.Wins, c.Scenarios, where)
		if c.Losses > 0 {
			what += fmt.Sprintf(", and slower than another in %d", c.Losses)
		}
		if c.Depends > 0 {
			what += fmt.Sprintf("; in %d it depends on the processor", c.Depends)
		}
	}
	if len(c.Level) > 0 && c.Wins > 0 {
		what += " (" + list(c.Level) + " takes the same time)"
		if len(c.Level) > 1 {
			what = strings.Replace(what, "takes the same", "take the same", 1)
		}
	}
	if c.Language == "" {
		return fmt.Sprintf("Choose %s where speed decides: %s.", c.Build, what)
	}
	for _, s := range v.f.BuildRows {
		if s.Build.Name == c.Build && s.Time.N > 0 && s.Build.Name != v.reference() {
			_, times := span(s.Time, units.Ratio)
			what = fmt.Sprintf("it takes %s times %s's time, and %s", times, v.reference(), what)
		}
	}
	return fmt.Sprintf("If you want %s, choose %s: %s.", title(c.Language), c.Build, what)
}

// everywhere says on how many machines something holds; nothing where there is one.
func (v view) everywhere() string {
	if v.f.Machines == nil {
		return ""
	}
	switch n := len(v.f.Machines.Counting()); {
	case n == 2:
		return ", on both machines"
	case n > 2:
		return fmt.Sprintf(", on all %d machines", n)
	}
	return ""
}

func noDifference(c verdict.NoDifference) string {
	if c.SameFile {
		return fmt.Sprintf("Speed does not decide: %s are the same module.", list(c.Builds))
	}
	in := fmt.Sprintf(" in all %d scenarios", c.Scenarios)
	if c.Scenarios == 1 {
		in = ""
	}
	return fmt.Sprintf("Speed does not decide: %s take the same time, within %.0f %%%s.", list(c.Builds),
		100*verdict.Band, in)
}

func onlyChoice(c verdict.OnlyOne) string {
	return fmt.Sprintf("Of the %d builds %s alone can be chosen: there is no other to compare its speed with.",
		len(c.LeftOut)+1, c.Build)
}

func nothingToChoose(c verdict.NothingToChoose) string {
	if len(c.LeftOut) == 1 {
		return fmt.Sprintf("%s should not be chosen: %s.", c.LeftOut[0].Build, fault(c.LeftOut[0]))
	}
	var out []string
	for _, b := range c.LeftOut {
		out = append(out, fmt.Sprintf("%s (%s)", b.Build, fault(b)))
	}
	return "None of the builds should be chosen: " + list(out) + "."
}

func fault(b verdict.LeftOut) string {
	switch b.Fault {
	case verdict.Leaks:
		return "it leaks"
	case verdict.Archived:
		return "its " + b.Role + " is given up by its authors"
	}
	return "it gives a wrong answer"
}

// leftOut names the builds that cannot be chosen.
func leftOut(all []verdict.LeftOut) string {
	var out []string
	for _, b := range all {
		out = append(out, fmt.Sprintf("%s (%s)", b.Build, fault(b)))
	}
	if len(out) == 0 {
		return ""
	}
	return "left out: " + list(out)
}

func title(language string) string {
	if language == "" {
		return ""
	}
	return strings.ToUpper(language[:1]) + language[1:]
}
