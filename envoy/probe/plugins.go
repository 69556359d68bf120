package probe

// plugins are the modules of a script: one, or two that stand in a chain.
type plugins []*Module

// build makes the modules of a script, whose names begin with name.
func build(s *Script, name string) plugins {
	all := plugins{Build(s, name, false)}
	if s.Chained() {
		all = append(all, Build(s, name, true))
	}
	return all
}

// callees are what each plugin's calls arrive as.
func (p plugins) callees() (all []arrival) {
	for i := range p {
		all = append(all, arrival{call: true, second: i > 0})
	}
	return all
}

// pluginName is the name of the nth plugin, and of its VM.
func pluginName(name string, n int) string {
	if n > 0 {
		return name + secondSuffix
	}
	return name
}

// logged is a line that a plugin has logged.
type logged struct {
	second bool
	text   string
}

// lines reads what the plugins have logged. Those of the second one begin with a bar.
func (p plugins) lines(all []logged) (out []string) {
	for len(all) > 0 {
		n := 1
		for n < len(all) && all[n].second == all[0].second {
			n++
		}
		of, mark := 0, ""
		if all[0].second {
			of, mark = 1, "| "
		}
		var text []string
		for _, l := range all[:n] {
			text = append(text, l.text)
		}
		for _, line := range p[of].Lines(text) {
			out = append(out, mark+line)
		}
		all = all[n:]
	}
	return out
}
