package probe

import (
	"slices"
	"strings"

	"github.com/header-auth/header-auth/host/headermap"
)

// Undecided is the last line of package host's Answer to a script that is not compared, because from there on what an
// Envoy does is chance, or can't be seen.
const Undecided = "undecided"

// Undecided says whether the script is not compared.
func (a Answer) Undecided() bool { return a.last() == Undecided }

// unordered says whether two calls of the script may time out at the same time: an Envoy runs timers that are due at
// once in any order.
func (o *ours) unordered() bool {
	n := 0
	for _, vm := range o.vms {
		for _, c := range vm.Calls() {
			if !c.Done && c.Timeout > 0 {
				n++
			}
		}
		for _, c := range vm.GrpcCalls() {
			if !c.Done && c.Timeout > 0 {
				n++
			}
		}
	}
	return n > 1
}

// unseen says whether the answer of an Envoy is chance after what was shown: when a request that went on twice is
// answered, the copy that has no end is reset now or later, and a client of HTTP/1.1 reads no response that comes
// twice, has a status without three digits or pseudo-headers as trailers.
func (o *ours) unseen(answered bool) bool {
	client := o.chain.Downstream()
	return answered && o.seen[0].copies > 0 || o.script.HTTP1 && client.HeadersSent &&
		(len(client.Repeated) > 0 || client.Status() < 100 || client.Status() > 999 ||
			slices.ContainsFunc(client.Trailers(), func(h headermap.Header) bool { return strings.HasPrefix(h.Name, ":") }))
}
