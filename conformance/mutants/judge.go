package mutants

import (
	"context"
	"fmt"
	"slices"

	"github.com/header-auth/header-auth/conformance/suite"
	"github.com/header-auth/header-auth/conformance/table"
)

// long: a case with so many repetitions or more is run last.
const long = 100

// Engine makes what the cases are run with: wazero's interpreter, or its compiler. A call that does not end is a
// failure of the module there. The error says that Envoy would not load the module.
type Engine func(ctx context.Context, wasm []byte, interpreter bool) (suite.Engine, error)

// judge runs the cases of the table on modules, those that are likeliest to fail first.
type judge struct {
	engine   Engine
	contract *table.Contract
	cases    []table.Case
}

func newJudge(t *table.Table, e Engine) *judge {
	j := &judge{engine: e, contract: &t.Contract, cases: slices.Clone(t.Cases())}
	slices.SortStableFunc(j.cases, func(a, b table.Case) int { return repetitions(&a)/long - repetitions(&b)/long })
	return j
}

func repetitions(c *table.Case) int {
	n := 0
	for _, s := range c.Steps {
		n += max(1, s.Times)
	}
	return n
}

// leaveOut removes the cases that the unchanged module fails, and gives their ids. They would kill every mutant.
func (j *judge) leaveOut(ctx context.Context, wasm []byte) (ids []string, err error) {
	m, err := j.engine(ctx, wasm, false)
	if err != nil {
		return nil, fmt.Errorf("load the unchanged module: %w", err)
	}
	defer m.Close()
	j.cases = slices.DeleteFunc(j.cases, func(c table.Case) bool {
		fails := ctx.Err() == nil && j.fails(ctx, m, &c)
		if fails {
			ids = append(ids, c.ID)
		}
		return fails
	})
	return ids, ctx.Err()
}

// notLoaded stands for the case when Envoy would not load the module.
const notLoaded = "(does not load)"

// killer gives the id of the first case that fails; "" when none does. The hint is the id of the case to try first.
func (j *judge) killer(ctx context.Context, wasm []byte, hint string) (killer string, err error) {
	j.moveToFront(hint)
	if killer, err := j.try(ctx, wasm, true, j.cases[:min(likely, len(j.cases))]); killer != "" || err != nil {
		return killer, err
	}
	return j.try(ctx, wasm, false, j.cases)
}

// likely is the number of cases to run with wazero's interpreter first. One of them kills most mutants, and compiling a
// module of mainline Go takes longer than running them all.
const likely = 20

func (j *judge) try(ctx context.Context, wasm []byte, interpreter bool, cases []table.Case) (killer string, err error) {
	m, err := j.engine(ctx, wasm, interpreter)
	if err != nil {
		return notLoaded, ctx.Err()
	}
	defer m.Close()
	for i := range cases {
		if ctx.Err() != nil {
			return "", ctx.Err()
		}
		if c := &cases[i]; j.fails(ctx, m, c) {
			id := c.ID
			if repetitions(c) < long {
				j.moveToFront(id)
			}
			return id, ctx.Err()
		}
	}
	return "", ctx.Err()
}

func (j *judge) fails(ctx context.Context, m suite.Engine, c *table.Case) bool {
	seen, err := m.Observe(ctx, c, suite.Good(j.contract, c))
	return err != nil || len(suite.Check(c, seen)) > 0
}

// moveToFront makes a case the next one to be tried first: as a rule the same case kills neighbouring changes.
func (j *judge) moveToFront(id string) {
	i := slices.IndexFunc(j.cases, func(c table.Case) bool { return c.ID == id })
	if i > 0 {
		c := j.cases[i]
		copy(j.cases[1:i+1], j.cases[:i])
		j.cases[0] = c
	}
}
