package bench

import (
	"cmp"
	"fmt"
	"math"
	"strings"

	"github.com/header-auth/header-auth/bench/verdict"
	"github.com/header-auth/header-auth/internal/units"
	"github.com/header-auth/header-auth/internal/words"
)

// The words of the first table.

func whatCell(s verdict.Standing) cell {
	return text(orNone(cmp.Or(s.Build.What, strings.TrimSuffix(words.FirstSentence(s.Build.Label), "."))))
}

func leakCell(s verdict.Standing) cell {
	switch {
	case s.Missing.Any():
		return cell{"do not run", bad, ""}
	case s.Leak == nil:
		return text(units.None)
	case s.Leak.Verdict == verdict.Leak:
		return cell{fmt.Sprintf("leaks %s a request: do not run", wholeBytes(s.Leak.PerRequest.Mid)), bad, ""}
	case s.Leak.Verdict == verdict.Unclear:
		return cell{"leak: undecided", warn, ""}
	}
	return text("no leak")
}

// wholeBytes is a size without decimals while it is in bytes.
func wholeBytes(x float64) string {
	if math.Abs(x) >= 10 {
		x = math.Round(x)
	}
	return units.Bytes(x)
}

func upkeepCell(s verdict.Standing) cell {
	var gone []string
	for _, p := range s.GivenUp {
		gone = append(gone, p.Role+" "+stateWord(p.State))
	}
	switch {
	case len(gone) > 0:
		return cell{strings.Join(gone, ", "), bad, ""}
	case s.Upkeep:
		return text("maintained")
	}
	return text(units.None)
}

// stateWord is the first words of a state that ends a part's upkeep.
func stateWord(state string) string {
	if strings.HasPrefix(state, "given up") {
		return "given up"
	}
	return "archived"
}

// envoys are those that load a build, of those tried.
func envoys(s verdict.Standing) string {
	var loaded []string
	gap := false // an older one loads it and a newer one does not
	failed := false
	for _, l := range s.Loads { // the newest first
		if l.Loads {
			gap = gap || failed
			loaded = append(loaded, strings.TrimPrefix(l.Profile, "envoy-"))
		}
		failed = failed || !l.Loads
	}
	switch {
	case len(s.Loads) == 0:
		return units.None
	case len(loaded) == 0:
		return "no Envoy"
	case gap:
		return "Envoy " + list(loaded) + " only"
	}
	return fmt.Sprintf("Envoy %s and later", loaded[len(loaded)-1])
}
