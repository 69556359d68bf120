package fuzz

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/header-auth/header-auth/conformance/dictionary"
	"github.com/header-auth/header-auth/conformance/suite"
	"github.com/header-auth/header-auth/conformance/table"
	"github.com/header-auth/header-auth/host"
	"github.com/header-auth/header-auth/host/headermap"
)

// TableSweeper sweeps modules with a table of their own, for which there is no model. A request that the table
// refuses must stay refused when it contains words that the table does not mention. If meaningless words in the same
// part of the request let it pass, that part decides about requests, and is not tried.
type TableSweeper struct {
	bases     []table.Case // each is a single request that is to be refused
	keys      []string     // headers of the table's requests
	mentioned map[string]bool

	Before func(*table.Case) // is called with each case before it is run, as that of SingleBuild

	ended func(build string) (table.Case, *Difference) // the first case in which a call had to be ended; nil: none
}

// errNoRefusedRequest says that a table contains no request to start from.
var errNoRefusedRequest = errors.New("no case begins with a complete request that is refused: " +
	"expected one without faults, because fuzz tries to get such a request through")

// NewTableSweeper reads the words and the refused requests of a table in a folder.
func NewTableSweeper(t *table.Table, dir string) (*TableSweeper, error) {
	f := &TableSweeper{mentioned: map[string]bool{}}
	files, err := filepath.Glob(filepath.Join(dir, "*.yaml"))
	if err != nil {
		return nil, err
	}
	for _, file := range files {
		content, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		for _, word := range mentions(string(content)) {
			f.mentioned[word] = true
		}
	}
	for _, c := range t.Cases() {
		for _, s := range c.Steps {
			if s.Request != nil {
				for _, h := range s.Request.Headers {
					if name := strings.ToLower(h.Name); !strings.HasPrefix(name, ":") && !slices.Contains(f.keys, name) {
						f.keys = append(f.keys, name)
					}
				}
			}
		}
		if len(c.Steps) == 0 || !c.Clock.IsZero() || c.FailurePolicy != "" || c.BodyWhileHeld || len(c.Start.Faults) > 0 {
			continue
		}
		s := c.Steps[0]
		if s.Request != nil && s.Stream == "" && s.Plugin == "" && s.Want.Decision == table.Refuse && len(s.Faults) == 0 &&
			s.Want.Reply != nil {
			base := table.Case{ID: c.ID, Config: c.Config, Clusters: c.Clusters, Start: c.Start, GoodNone: true}
			want := table.Want{Decision: table.Refuse, Reply: s.Want.Reply, Logs: table.Logs{Any: true}}
			base.Steps = []table.Step{{Times: 1, Request: s.Request, Clusters: s.Clusters, Want: want}}
			f.bases = append(f.bases, base)
		}
	}
	f.keys = f.keys[:min(len(f.keys), 8)]
	if len(f.bases) == 0 {
		return nil, errNoRefusedRequest
	}
	return f, nil
}

// mentions are the words of a file, in lower case: names, and what stands between blanks or quotes.
func mentions(text string) []string {
	text = strings.ToLower(text)
	all := strings.FieldsFunc(text, func(c rune) bool { return c > 0x7e || !isName(string(c)) && c != '/' })
	return append(all, strings.FieldsFunc(text, func(c rune) bool { return strings.ContainsRune(" \t\n'\"[]{},", c) })...)
}

// PassedTexts are the texts that a module passes to the host in the cases.
func (f *TableSweeper) PassedTexts(ctx context.Context, m *host.Module) (all []string) {
	for _, c := range f.bases[:min(len(f.bases), 16)] {
		o,
			_ := suite.Observe(ctx, m, &c,
			suite.ObserveOptions{Trace: func(p suite.StepTrace) { all = append(all, passedTexts(p, "")...) }})
		if o.Failure != nil && o.Failure.Ends() {
			break // it would take as long each time
		}
	}
	return all
}

// Sweep tries words on a module until all have been tried, the context ends or a request is allowed. It returns that
// request as a case with as few headers as possible, or a case in which a call had to be ended. The error is
// errNoRefusedRequest when the module refuses no request of the table.
func (f *TableSweeper) Sweep(ctx context.Context, name string, m *host.Module, words []dictionary.Word,
	progress func(Progress)) (table.Case, *Difference, error) {
	words = slices.DeleteFunc(slices.Clone(words), func(w dictionary.Word) bool {
		return f.mentioned[strings.ToLower(w.Text)]
	})
	f.ended = nil
	var tried Progress
	var left []baseCase
	for _, c := range f.bases {
		if f.ended != nil {
			break
		}
		if decisions, err := f.run(ctx, m, c, []*table.Request{c.Steps[0].Request}); err == nil &&
			decisions[0] == string(table.Refuse) {
			left = append(left, baseCase{c, f.parts(ctx, m, c)})
		}
	}
	if f.ended != nil && ctx.Err() == nil {
		c, d := f.ended(name)
		return c, d, nil
	}
	if len(left) == 0 && ctx.Err() == nil {
		return table.Case{}, nil, fmt.Errorf("%w, which the module refuses: parity check shows what the module does",
			errNoRefusedRequest)
	}
	for some := range slices.Chunk(words, wordsAtOnce) {
		tried.Words += len(some)
		for _, b := range left {
			all := slices.DeleteFunc(variations(some, b.Steps[0].Request, f.keys), func(v variation) bool {
				return !b.parts[v.part]
			})
			for few := range slices.Chunk(all, stepsPerCase) {
				var requests []*table.Request
				for _, v := range few {
					requests = append(requests, v.request)
				}
				decisions, err := f.run(ctx, m, b.Case, requests)
				if ctx.Err() != nil {
					return table.Case{}, nil, nil
				}
				if f.ended != nil {
					c, d := f.ended(name)
					return c, d, nil
				}
				tried.Cases, tried.Steps = tried.Cases+1, tried.Steps+len(few)
				progress(tried)
				for i, d := range decisions {
					if err == nil && d == string(table.Allow) && f.allows(ctx, m, b.Case, requests[i]) {
						ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), shrinkTime)
						defer cancel()
						c, d := f.shrink(ctx, name, m, b.Case, requests[i])
						return c, d, nil
					}
				}
			}
		}
	}
	return table.Case{}, nil, nil
}

// baseCase is a case, and the parts of its request in which a meaningless word changes nothing.
type baseCase struct {
	table.Case
	parts map[string]bool
}

func (f *TableSweeper) parts(ctx context.Context, m *host.Module, c table.Case) map[string]bool {
	parts := map[string]bool{}
	nonsense := dictionary.Word{Text: "qzxvj-wkqh", Neighbours: []string{"vwqzk"}}
	for _, v := range variations([]dictionary.Word{nonsense}, c.Steps[0].Request, f.keys) {
		if f.ended != nil {
			break
		}
		if _, seen := parts[v.part]; !seen {
			parts[v.part] = true
		}
		parts[v.part] = parts[v.part] && !f.allows(ctx, m, c, v.request)
	}
	return parts
}

// allows says whether a module allows a request, in a new VM.
func (f *TableSweeper) allows(ctx context.Context, m *host.Module, c table.Case, r *table.Request) bool {
	decisions, err := f.run(ctx, m, c, []*table.Request{r})
	return err == nil && len(decisions) == 1 && decisions[0] == string(table.Allow)
}

// run gives the decision about each request, in one VM.
func (f *TableSweeper) run(ctx context.Context, m *host.Module, c table.Case, requests []*table.Request) ([]string,
	error) {
	first := c.Steps[0]
	c.Steps = nil
	for _, r := range requests {
		s := first
		s.Request = r
		c.Steps = append(c.Steps, s)
	}
	if f.Before != nil {
		f.Before(&c)
	}
	o, err := suite.Observe(ctx, m, &c, suite.ObserveOptions{})
	if err != nil {
		return nil, err
	}
	if o.Failure != nil && o.Failure.Ends() && f.ended == nil {
		f.ended = func(build string) (table.Case, *Difference) { return c, Ended(build, o.Failure) }
	}
	var decisions []string
	for _, s := range o.Steps {
		if len(s.Runs) > 0 {
			decisions = append(decisions, s.Runs[0].Decision)
		}
	}
	if len(decisions) == 0 {
		return nil, errors.New("the module did not start")
	}
	return decisions, nil
}

// shrink leaves out headers and trailers while the request is still allowed.
func (f *TableSweeper) shrink(ctx context.Context, name string, m *host.Module, c table.Case,
	r *table.Request) (table.Case, *Difference) {
	before := len(c.Steps[0].Request.Headers)
	best := *r
	fewest := func(items []headermap.Header, set func(*table.Request, []headermap.Header)) {
		for size := len(items); size > 0; size /= 2 {
			for at := 0; at+size <= len(items); {
				rest, smaller := slices.Concat(items[:at], items[at+size:]), best
				set(&smaller, rest)
				if f.allows(ctx, m, c, &smaller) {
					items, best = rest, smaller
				} else {
					at += size
				}
			}
		}
	}
	if before < len(best.Headers) {
		kept := best.Headers[:before:before]
		fewest(best.Headers[before:], func(r *table.Request, rest []headermap.Header) {
			r.Headers = slices.Concat(kept, rest)
		})
	}
	fewest(best.Trailers, func(r *table.Request, rest []headermap.Header) { r.Trailers = rest })
	c.Steps = slices.Clone(c.Steps)
	c.Steps[0].Request = &best
	return c, &Difference{Build: name, Field: "decision", Wanted: string(table.Refuse), Found: string(table.Allow)}
}
