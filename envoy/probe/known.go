package probe

// known are the scripts on which package host is not as Envoy is, with the reasons; host/doc.go has them too. Generate
// makes none of them, and testdata has one for each.
var known = []struct {
	reason string
	is     func(*Script) bool
}{
	{"Envoy takes a request that a plugin makes an extended CONNECT for an upgrade, and its HTTP/2 " +
		"codec leaves out path, scheme and protocol.", func(s *Script) bool { return s.names(":protocol") }},
}

// Expected is the reason why host and Envoy differ on a script, "" when they must not.
func Expected(s *Script) string {
	for _, k := range known {
		if k.is(s) {
			return k.reason
		}
	}
	return ""
}

// names says whether a call of the script has that string among its arguments.
func (s *Script) names(word string) bool {
	for _, h := range s.Handlers {
		for _, step := range h.Steps {
			for _, a := range step.Args {
				// The scripts that try which names are joined are meant to have them all.
				if a.Text == word {
					return true
				}
			}
		}
	}
	return false
}
