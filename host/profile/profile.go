// Package profile names the Envoy releases whose rules a host can follow, and says what differs between them.
package profile

import (
	"fmt"
	"strings"
)

// Profile is the Envoy whose rules the host follows where releases differ: which WASI functions link, what start
// functions may call, which entry points are looked for. The zero value is the newest one.
type Profile uint8

// The releases between which something differs, and others that are often used. Envoy 1.38 is left out: it was not
// compared with this list.
const (
	Envoy140 Profile = iota
	Envoy139
	Envoy137
	Envoy136
	Envoy135
	Envoy134
	Envoy133
	Envoy132 // up to 1.32.12; 1.32.13 has the WASI functions of 1.33
	Envoy131
)

// Default is the current Envoy.
const Default = Envoy140

// WASISet numbers the three sets of WASI functions that Envoy has offered, each containing the one before
// (proxy-wasm-cpp-host, FOR_ALL_WASI_FUNCTIONS).
type WASISet uint8

const (
	SetA  WASISet = iota + 1 // 15 functions
	SetB                     // 18, from Envoy 1.33
	SetC                     // 45, from Envoy 1.39
	Never                    // in none
)

// Needs says which Envoy has the set.
func (s WASISet) Needs() string {
	switch s {
	case SetB:
		return "needs Envoy 1.33 or later"
	case SetC:
		return "needs Envoy 1.39 or later"
	case Never:
		return "no Envoy has it"
	}
	return "every Envoy has it"
}

// Rules are what differs between releases.
type Rules struct {
	release         string
	WASI            WASISet
	MainVoid        bool // after _initialize, __main_void is called when there is no main
	GrowthAtStart   bool // start functions may call emscripten_notify_memory_growth
	FailReload      bool // failure policy FAIL_RELOAD
	ClearRouteCache bool // foreign function clear_route_cache
	LateBody        bool // what follows a held body goes on after proxy_continue_stream; before, Envoy loses it
	SignFunction    bool // foreign function sign, and keys in PEM
	ShortRefusal    bool // Envoy's answer for a refused connection does not say what the socket says
}

var rules = [...]Rules{
	Envoy140: {release: "1.40", WASI: SetC, MainVoid: true, GrowthAtStart: true, FailReload: true, ClearRouteCache: true,
		LateBody: true, SignFunction: true, ShortRefusal: true},
	Envoy139: {release: "1.39", WASI: SetC, MainVoid: true, GrowthAtStart: true, FailReload: true, ClearRouteCache: true,
		LateBody: true, SignFunction: true, ShortRefusal: true},
	Envoy137: {release: "1.37", WASI: SetB, GrowthAtStart: true, FailReload: true, ClearRouteCache: true,
		SignFunction: true},
	Envoy136: {release: "1.36", WASI: SetB, FailReload: true, ClearRouteCache: true},
	Envoy135: {release: "1.35", WASI: SetB, FailReload: true, ClearRouteCache: true},
	Envoy134: {release: "1.34", WASI: SetB, FailReload: true, ClearRouteCache: true},
	Envoy133: {release: "1.33", WASI: SetB, FailReload: true, ClearRouteCache: true},
	Envoy132: {release: "1.32", WASI: SetA},
	Envoy131: {release: "1.31", WASI: SetA},
}

// Rules are the profile's. A number that is no profile has those of the default, so that no caller has to check.
func (p Profile) Rules() *Rules {
	if int(p) >= len(rules) {
		p = Default
	}
	return &rules[p]
}

// Release is the Envoy release, such as "1.40".
func (p Profile) Release() string { return p.Rules().release }

// String is the name that Parse reads, such as "envoy-1.40".
func (p Profile) String() string { return "envoy-" + p.Release() }

// All lists all profiles, newest first.
func All() []Profile {
	all := make([]Profile, len(rules))
	for i := range all {
		all[i] = Profile(i)
	}
	return all
}

// Parse finds a profile by name: "envoy-1.36", or "1.36" for short. The error lists the names there are.
func Parse(name string) (Profile, error) {
	release := strings.TrimPrefix(name, "envoy-")
	var names []string
	for _, p := range All() {
		if p.Release() == release {
			return p, nil
		}
		names = append(names, p.String())
	}
	return 0, fmt.Errorf("parse profile %q: expected one of %s", name, strings.Join(names, ", "))
}
