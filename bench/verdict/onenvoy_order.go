package verdict

import (
	"slices"

	"github.com/header-auth/header-auth/bench/evidence"
)

// Order is a pair of builds in a scenario that both runs have.
type Order struct {
	Scenario, A, B string
	Wazero, Envoy  Word    // on A
	Ratio          float64 // on wazero, A's time over B's
	Difference     Interval
	State          OrderState
}

// OrderState is whether two runs agree.
type OrderState string

const (
	OrdersAgree  OrderState = "agree"     // the same word
	OrdersDiffer OrderState = "differ"    // one says faster, the other slower
	OrdersClose  OrderState = "close"     // one is sure of a difference, the other finds none worth mentioning
	OrdersOpen   OrderState = "undecided" // one cannot say
)

// orders compares the words of both runs, for pairs whose modules are the same in both.
func orders(r *evidence.OnEnvoy, j *OnEnvoy, onWazero *evidence.Report, f *Findings) (all []Order) {
	if onWazero == nil || f == nil {
		return nil
	}
	same := func(build string) bool {
		i := slices.IndexFunc(r.Builds, func(b evidence.Build) bool { return b.Name == build })
		return slices.ContainsFunc(onWazero.Builds, func(b evidence.Build) bool {
			return b.Name == build && b.SHA256 == r.Builds[i].SHA256
		})
	}
	for _, s := range j.Scenarios {
		w := f.Scenario(s.ID)
		if w == nil {
			continue
		}
		for _, p := range s.Pairs {
			own, ok := w.Pair(p.A, p.B)
			if !ok || !same(p.A) || !same(p.B) {
				continue
			}
			o := Order{Scenario: s.ID, A: p.A, B: p.B, Wazero: own.Word, Envoy: p.Word, Ratio: own.Ratio.Mid,
				Difference: p.Difference}
			decided := func(w Word) bool { return w == Faster || w == Slower }
			switch {
			case o.Wazero == Unsteady && o.Envoy == Unsteady, o.Wazero == o.Envoy && o.Envoy != Undecided && o.Envoy != Refused:
				o.State = OrdersAgree
			case decided(o.Wazero) && decided(o.Envoy):
				o.State = OrdersDiffer
			case decided(o.Wazero) && o.Envoy == Equivalent, o.Wazero == Equivalent && decided(o.Envoy):
				o.State = OrdersClose
			default:
				o.State = OrdersOpen
			}
			all = append(all, o)
		}
	}
	return all
}
