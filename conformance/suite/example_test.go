package suite_test

import (
	"context"
	"fmt"
	"log"

	"github.com/header-auth/header-auth/conformance/suite"
	"github.com/header-auth/header-auth/conformance/table"
	"github.com/header-auth/header-auth/host"
	"github.com/header-auth/header-auth/host/wasmtest"
)

// A case is observed, and what was observed is checked.
func ExampleObserve() {
	plugin := wasmtest.NewGuest("0_2_1") // it lets every request pass
	plugin.Exports("proxy_on_context_create", "proxy_on_request_headers")

	ctx := context.Background()
	cases, err := table.Load("suitetest/testdata/cases")
	if err != nil {
		log.Fatal(err)
	}
	module, err := suite.Compile(ctx, plugin.Bytes(), host.Options{})
	if err != nil {
		log.Fatal(err)
	}
	defer module.Close(ctx)

	c := &cases.Groups[0].Cases[1]
	seen, err := suite.Observe(ctx, module, c, suite.ObserveOptions{})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(c.ID, "-", seen.Steps[0].Runs[0].Decision)
	for _, m := range suite.Check(c, seen)[:2] {
		fmt.Printf("%s: wanted %s, got %s\n", m.Field, m.Wanted, m.Got)
	}
	// Output:
	// door/without-header - allow
	// decision: wanted refuse, got allow
	// local reply: wanted one, got none
}
