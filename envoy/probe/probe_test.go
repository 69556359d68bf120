package probe

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/header-auth/header-auth/envoy/obtain/obtaintest"
	"github.com/header-auth/header-auth/host/profile"
)

func corpus(t *testing.T) []*Kept {
	t.Helper()
	kept, err := Read("testdata")
	if err != nil {
		t.Fatal(err)
	}
	if len(kept) < 80 {
		t.Fatalf("%d scripts, expected 80 at least", len(kept))
	}
	return kept
}

// TestHostAnswersAsEnvoyDid: package host gives the answers that real Envoys have given, release by release. A script
// that is known to differ must differ, so that no reason outlives its difference.
func TestHostAnswersAsEnvoyDid(t *testing.T) {
	reasons := map[string]bool{}
	for _, k := range corpus(t) {
		if len(k.Answers) == 0 {
			t.Errorf("%s has no answer of an Envoy: make envoy-fuzz RECORD=1 writes them", k.Name)
		}
		reason := Expected(k.Script)
		reasons[reason] = true
		for release, theirs := range k.Answers {
			p, err := profile.Parse(release)
			if err != nil {
				t.Fatal(err)
			}
			ours, err := Ours(t.Context(), k.Script, p)
			switch {
			case err != nil:
				t.Errorf("%s: %v", k.Name, err)
			case reason == "" && !ours.Equal(theirs):
				t.Errorf("%s, Envoy %s: host (-) and Envoy (+)\n%s", k.Name, release, Compare(ours, theirs))
			case reason != "" && ours.Equal(theirs):
				t.Errorf("%s, Envoy %s: host is as Envoy is; take its reason out of known.go: %s", k.Name, release, reason)
			}
		}
	}
	for _, k := range known {
		if !reasons[k.reason] {
			t.Errorf("no script of testdata shows: %s", k.reason)
		}
	}
}

// TestEnvoyAnswersAsItDid: the Envoy that is here gives the answers that are kept.
func TestEnvoyAnswersAsItDid(t *testing.T) {
	if testing.Short() {
		t.Skip("it starts Envoys")
	}
	e := obtaintest.Real(t)
	release := e.Version[:strings.LastIndexByte(e.Version, '.')]
	runner := &Runner{Program: e.Path, Grace: confirmGrace}
	defer runner.Close()
	kept := corpus(t)
	var scripts []*Script
	var want []Answer
	kept = slices.DeleteFunc(kept, func(k *Kept) bool { return k.Answers[release] == nil }) // not recorded on this release
	for _, k := range kept {
		scripts, want = append(scripts, k.Script), append(want, k.Answers[release])
	}
	got, err := runner.Answers(t.Context(), scripts, want)
	if err != nil {
		t.Fatal(err)
	}
	for i, k := range kept {
		if !got[i].Equal(want[i]) {
			t.Errorf("%s: kept (-) and now (+)\n%s", k.Name, Compare(want[i], got[i]))
		}
	}
}

// TestText: a script has one text, and its text makes the script again.
func TestText(t *testing.T) {
	var scripts []*Script
	for _, k := range corpus(t) {
		scripts = append(scripts, k.Script)
	}
	for n := range uint64(500) {
		scripts = append(scripts, Generate(1, n))
	}
	for _, s := range scripts {
		again, err := Parse(s.String())
		if err != nil || again.String() != s.String() {
			t.Fatalf("%v: got\n%v, expected\n%v", err, again, s)
		}
	}
	for text, says := range map[string]string{
		"on nothing":                           `no callback "nothing", expected one of context_create`,
		"event nothing":                        `no event "nothing", expected one of request`,
		"return 1":                             "expected abi, policy, limit",
		"  return 1":                           "stands in no callback",
		"on log\n  return":                     "return has one number",
		"on log\n  fly":                        "no host function proxy_fly",
		"on log\n  get_header_map_value \"a\"": `are of the kinds "s", expected "ns"`,
		"on log\n  get_status x":               `"x": expected a number`,
	} {
		if _, err := Parse(text); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%q: got %v, expected %q", text, err, says)
		}
	}
}

// TestGenerateReaches: scripts at random find a rule that is broken: the releases of the profile differ in one, bodies
// that are continued in the middle.
func TestGenerateReaches(t *testing.T) {
	differ := 0
	for n := range uint64(1000) {
		s := Generate(7, n)
		a, err := Ours(t.Context(), s, profile.Envoy140)
		if err != nil {
			t.Fatalf("%v\n%v", err, s)
		}
		b, err := Ours(t.Context(), s, profile.Envoy137)
		if err != nil {
			t.Fatalf("%v\n%v", err, s)
		}
		if !a.Equal(b) {
			differ++
		}
	}
	if differ == 0 {
		t.Error("1000 scripts do not show that Envoy 1.37 loses the late pieces of a body")
	}
	t.Logf("%d of 1000 scripts show it", differ)
}

// TestFuzzerIsAwake: with a host that follows the rules of another release, a difference is found, and shrunk to
// the least that shows it.
func TestFuzzerIsAwake(t *testing.T) {
	if testing.Short() {
		t.Skip("it starts an Envoy")
	}
	e := obtaintest.Release(t, "1.40")
	runner := &Runner{Program: e.Path}
	defer runner.Close()
	f := &Fuzzer{Runner: runner, Profile: profile.Envoy140,
		Ours: func(ctx context.Context, s *Script, _ profile.Profile) (Answer, error) {
			return Ours(ctx, s, profile.Envoy137)
		}}
	long, err := Parse(`stop-iteration
on request_headers
  get_header_map_pairs 0
on request_body 1
  return 1
on tick
  set_effective_context 2
  continue_stream 0
on configure
  set_tick_period_milliseconds 1000
on log
  get_status
event request "POST" "a" "b"
event request-body "abc"
event advance
event request-body "defg"
event request-body "h" end
event response "200" end
`)
	if err != nil {
		t.Fatal(err)
	}
	d, err := f.explain(t.Context(), long, true)
	if err != nil {
		t.Fatal(err)
	}
	if d == nil {
		t.Fatal("the difference is not seen")
	}
	want := `on request_body 1
  return 1
on tick
  set_effective_context 2
  continue_stream 0
on configure
  set_tick_period_milliseconds 1000
event request "POST"
event request-body "abc"
event advance
event request-body "defg"
`
	if got := d.Script.String(); got != want {
		t.Errorf("shrunk to\n%s, expected\n%s", got, want)
	}
}

// TestShrink: what a difference does not need goes, and nothing else.
func TestShrink(t *testing.T) {
	s := Generate(3, 4)
	s.Handlers = append(s.Handlers, Handler{Callback: "log", Nth: 2, Steps: []Step{{"get_status", nil}, {"done", nil}}})
	short, err := Shrink(t.Context(), s, func(_ context.Context, list []*Script) (all []bool, _ error) {
		for _, s := range list {
			all = append(all, strings.Contains(s.String(), "  done\n"))
		}
		return all, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if got := short.String(); got != "on log\n  done\n" && got != "on "+short.Handlers[0].Callback+"\n  done\n" {
		t.Errorf("got\n%s", got)
	}
}

// TestEnvoyThatDies: a script that ends the Envoy takes no other with it, and Envoy and host agree on it.
func TestEnvoyThatDies(t *testing.T) {
	if testing.Short() {
		t.Skip("it starts Envoys")
	}
	runner := &Runner{Program: obtaintest.Real(t).Path}
	defer runner.Close()
	var scripts []*Script
	for _, text := range []string{"event request \"GET\" end\nevent response \"200\" end\n",
		"on response_trailers\n  continue_stream 1\nevent request \"GET\" end\nevent response \"200\"\n" +
			"event response-body \"ok\"\nevent response-trailers \"a\" \"b\"\n"} {
		s, err := Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		scripts = append(scripts, s)
	}
	// Nothing is expected: the crash comes in the middle of a batch.
	got, err := runner.Answers(t.Context(), scripts, make([]Answer, 2))
	if err != nil {
		t.Fatal(err)
	}
	for i, s := range scripts {
		ours, err := Ours(t.Context(), s, profile.Default)
		if err != nil {
			t.Fatal(err)
		}
		if !ours.Equal(got[i]) || ours.Crashed() != (i == 1) {
			t.Errorf("script %d: host (-) and Envoy (+)\n%s", i, Compare(ours, got[i]))
		}
	}
}
