package bench

import (
	"fmt"
	"net/http"

	"github.com/header-auth/header-auth/conformance/suite"
	"github.com/header-auth/header-auth/conformance/table"
	"github.com/header-auth/header-auth/host"
)

// exchange is the one request of a case and the answer that it must get, for measurements that make their own VMs.
// suite.Loop makes a VM that is configured and warm already.
type exchange struct {
	request *table.Request
	config  []byte
	refused bool // by the plugin
	status  int  // for the client
	done    int  // requests so far
}

// newExchange prepares a case, which has one step and no clusters.
func newExchange(c *table.Case) (*exchange, error) {
	if err := suite.Repeatable(c); err != nil {
		return nil, fmt.Errorf("case %s: %w", c.ID, err)
	}
	if len(c.Steps) > 1 || len(c.Clusters) > 0 {
		return nil, fmt.Errorf("case %s: %d steps and %d clusters, expected one request and no cluster", c.ID, len(c.Steps),
			len(c.Clusters))
	}
	step := &c.Steps[0]
	e := &exchange{request: step.Request, config: c.Config, refused: step.Want.Decision == table.Refuse, status: status(c)}
	if e.refused && step.Want.Reply == nil {
		return nil, fmt.Errorf("case %s: it refuses, expected a reply in its want", c.ID)
	}
	return e, nil
}

// drive sends the request once. The error is a *suite.WrongError or the VM's *host.Failure.
func (e *exchange) drive(p *host.Plugin) error {
	s := p.NewStream(host.StreamConfig{Raw: true})
	suite.Drive(s, e.request)
	status, refused := s.Downstream().Status(), s.Replied()
	s.Release()
	e.done++
	if status == e.status && refused == e.refused {
		return nil
	}
	if f := p.VM().Failure(); f != nil {
		return f
	}
	return &suite.WrongError{Request: e.done, What: "answer", Wanted: answer(e.status, e.refused),
		Got: answer(status, refused)}
}

func answer(status int, refused bool) string {
	by := "the upstream"
	if refused {
		by = "the plugin"
	}
	return fmt.Sprintf("%d %s from %s", status, http.StatusText(status), by)
}
