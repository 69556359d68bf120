// Package suitetest runs a request table inside go test, for a project that tests its plugin there. It is a package of
// its own so that package testing is not part of the command.
package suitetest

import (
	"context"
	"path"
	"testing"

	"github.com/header-auth/header-auth/conformance/suite"
	"github.com/header-auth/header-auth/conformance/table"
	"github.com/header-auth/header-auth/host"
	"github.com/header-auth/header-auth/report"
	"github.com/header-auth/header-auth/report/conformance"
)

// Run runs the table in a folder on a module. Each case is a subtest "group/name", which go test -run can select.
//
// A case fails with the text that parity check prints for it. A known failure is skipped with its reason; when it
// passes, it fails, because its entry is out of date. An entry that matches no case is an error too. After
// suite.MaxEnded cases in which the module did not return in time, the other cases are not run, and fail. A call
// without a loop can't be ended here (see the documentation of package host): parity check, which runs modules in
// processes that it kills, does.
func Run(t *testing.T, wasm []byte, folder string, known ...suite.Known) {
	t.Helper()
	loaded, err := table.Load(folder)
	if err != nil {
		t.Fatalf("the table of cases:\n%v", err)
	}
	for _, w := range loaded.Warnings {
		t.Logf("warning: %v", w)
	}
	for _, k := range suite.Unmatched(known, loaded) {
		t.Errorf("known failure %q: expected the id of a case or a pattern that matches one, but none of %d cases does",
			k.Pattern, loaded.Len())
	}
	module, err := suite.Compile(t.Context(), wasm, host.Options{})
	if err != nil {
		t.Fatalf("the module: %v", err)
	}
	t.Cleanup(func() { _ = module.Close(context.Background()) })
	runModule(t, module, loaded, known)
}

func runModule(t *testing.T, module *host.Module, loaded *table.Table, known []suite.Known) {
	about := suite.NewReport(loaded)
	stopped := 0
	for _, group := range loaded.Groups {
		t.Run(group.Name, func(t *testing.T) {
			for i := range group.Cases {
				c := &group.Cases[i]
				t.Run(path.Base(c.ID), func(t *testing.T) {
					if stopped >= suite.MaxEnded {
						t.Fatalf("not run: in %d cases before it the module did not return in time", stopped)
					}
					result, ended := suite.RunCase(t.Context(), module, loaded, c, known...)
					if ended {
						stopped++
					}
					switch {
					case result.Outcome.Red():
						t.Errorf("%s\n%s", c.Position, conformance.Explain(about, &result))
					case result.Outcome == report.XFail:
						t.Skip("known to fail: " + result.Reason)
					}
				})
			}
		})
	}
}
