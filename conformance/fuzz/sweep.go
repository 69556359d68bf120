package fuzz

import (
	"context"
	"fmt"
	"iter"
	"math/rand/v2"
	"slices"

	"github.com/header-auth/header-auth/conformance/dictionary"
	"github.com/header-auth/header-auth/conformance/suite"
	"github.com/header-auth/header-auth/conformance/table"
	"github.com/header-auth/header-auth/host"
	"github.com/header-auth/header-auth/host/headermap"
)

// steps is how many requests or configurations a case of a sweep has: starting a VM costs as much as dozens of them.
const steps = 60

// One is a module of any origin.
func One(name string, m *host.Module) Builds { return Builds{{name, m}} }

// Tried is how far a sweep has come.
type Tried struct {
	Words int // of the module, tried in each part of a request and as a configuration key; those of later rounds not counted
	Cases int
	Steps int // requests and configurations in them
}

// Sweep tries words on builds that are to keep to the contract, and holds them against the model: all words in every
// part of a request and as keys of a configuration, then again under other configurations and in the midst of other
// cases, until the context ends or something differs. What differs has been made small.
func (b Builds) Sweep(ctx context.Context, words []dictionary.Word, seed uint64, progress func(Tried)) (table.Case, *Difference) {
	var tried Tried
	for p := range probes(words, seed) {
		if ctx.Err() != nil {
			break
		}
		c, d := b.Compare(ctx, p.c)
		if ctx.Err() != nil { // a run that was broken off says nothing about the module
			break
		}
		tried.Words, tried.Cases, tried.Steps = p.words, tried.Cases+1, tried.Steps+len(c.Steps)
		progress(tried)
		if d != nil {
			return b.Shrink(context.WithoutCancel(ctx), c, d)
		}
	}
	return table.Case{}, nil
}

// probe is a case, and how many words were used up with it.
type probe struct {
	c     table.Case
	words int
}

// underConfigurations are those under which words are tried, one for each round. A header that is named in them is the one that
// decides, with the value that opens.
var underConfigurations = []struct {
	text string
	key  headermap.Header
}{
	{"", headermap.Header{Name: "allow", Value: "true"}},
	{`{"header":"x-a","values":["k"],"log_headers":true,"metrics":true,"response_headers":[["x-b","1"]]}`, headermap.Header{Name: "x-a", Value: "k"}},
	{`{"basic":{"users":{"admin":"passw0rd"}}}`, headermap.Header{Name: "authorization", Value: "Basic YWRtaW46cGFzc3cwcmQ="}},
}

// basics is the place of the configuration with credentials.
const basics = 2

// probes are cases without end: the first round has every word everywhere, those that are ranked first at first.
func probes(words []dictionary.Word, seed uint64) iter.Seq[probe] {
	return func(yield func(probe) bool) {
		random := rand.New(rand.NewPCG(seed, 0))
		for round := 0; ; round++ {
			order := slices.Clone(words)
			if round > 0 { // other words side by side
				random.Shuffle(len(order), func(i, j int) { order[i], order[j] = order[j], order[i] })
			}
			used := 0
			if !yield(probe{withSteps("", []table.Step{requestStep(plain())}), 0}) { // without any word
				return
			}
			for some := range slices.Chunk(order, together) {
				random.Shuffle(len(some), func(i, j int) { some[i], some[j] = some[j], some[i] })
				used += len(some)
				for c := range cases(some, round) {
					if !yield(probe{c, max(used, len(words)*min(round, 1))}) {
						return
					}
				}
				if round > 0 && !yield(probe{salted(some, random), len(words)}) {
					return
				}
			}
		}
	}
}

// cases try some words in every place.
func cases(words []dictionary.Word, round int) iter.Seq[table.Case] {
	return func(yield func(table.Case) bool) {
		under := underConfigurations[round%len(underConfigurations)]
		var todo []table.Step
		for _, v := range variations(words, plain(), []string{under.key.Name}) {
			todo = append(todo, requestStep(v.request))
		}
		opened := plain()
		opened.Headers = append(opened.Headers, under.key)
		v := varied{base: opened}
		v.headers(words, []string{under.key.Name}) // what opens is not closed, either, and passes as it came
		for _, v := range v.all {
			v.request.Response.Headers = append(v.request.Response.Headers, v.request.Trailers...)
			todo = append(todo, requestStep(v.request))
		}
		for some := range slices.Chunk(todo, steps) {
			if !yield(withSteps(under.text, some)) {
				return
			}
		}
		if round > 0 {
			return
		}
		todo = nil
		for _, w := range words {
			v := varied{base: plain()}
			v.values(w.Text, nil)
			for _, v := range v.all {
				todo = append(todo, requestStep(v.request))
			}
		}
		for some := range slices.Chunk(todo, steps) {
			if !yield(withSteps(underConfigurations[basics].text, some)) {
				return
			}
		}
		for some := range slices.Chunk(asKeys(words), steps) {
			if !yield(withSteps("", some)) {
				return
			}
		}
	}
}

// asKeys are configurations of a second plugin context, each with a word for a key: of the whole, and of every object in
// it. Of an unknown key the contract says that it is refused, and with which words, so that one value tells.
func asKeys(words []dictionary.Word) (all []table.Step) {
	const service = `"cluster":"auth","authority":"a","path":"/",`
	for _, w := range words {
		for _, format := range []string{`{%q:true}`, `{%q:1}`, `{%q:"1"}`, `{"deny":{%q:true}}`, `{"basic":{"users":{"a":"b"},%q:true}}`,
			`{"rate_limit":{"tokens":1,"refill_ms":1,%q:true}}`, `{"token":{` + service + `%q:true}}`, `{"callout":{` + service + `%q:true}}`} {
			all = append(all, table.Step{Times: 1, Configure: &table.Configure{Plugin: "other", Config: fmt.Appendf(nil, format, w.Text)}})
		}
	}
	return all
}

// salted is a case as FuzzRequests makes them, with words among the headers of its requests.
func salted(words []dictionary.Word, random *rand.Rand) table.Case {
	c := newDice(nil, random.Uint64()|1).scenario(Keys)
	c.Steps = slices.Clone(c.Steps)
	for i, s := range c.Steps {
		if s.Request == nil {
			continue
		}
		r := *s.Request
		r.Headers = slices.Clone(r.Headers)
		for _, w := range words {
			name, ok := headerName(w.Text)
			if ok && !slices.ContainsFunc(r.Headers, func(h headermap.Header) bool { return h.Name == name }) {
				r.Headers = append(r.Headers, headermap.Header{Name: name, Value: short[random.IntN(len(short))]})
			}
		}
		c.Steps[i].Request = &r
	}
	return c
}

// plain is a request that has no key.
func plain() *table.Request {
	return &table.Request{
		Message:  table.Message{Headers: headermap.Of(":authority", "shop.example", ":path", "/", ":method", "GET", ":scheme", "http")},
		Response: table.Message{Headers: headermap.Of(":status", "200")},
	}
}

func requestStep(r *table.Request) table.Step { return table.Step{Times: 1, Request: r} }

func withSteps(config string, steps []table.Step) table.Case {
	c := table.Case{ID: "found/case", GoodNone: true, Steps: slices.Clone(steps)}
	if config != "" {
		c.Config = []byte(config)
	}
	return c
}

// Heard are the texts that a build hands to the host in a few cases: names it asks for, paths of properties, log lines.
// What the cases themselves say is left out.
func (b Builds) Heard(ctx context.Context) []string {
	var all []string
	for i := range uint64(16) {
		c := newDice(nil, i+1).scenario(Keys)
		said, err := caseFile(c, "", &Difference{})
		if err != nil {
			continue // such a case could not be written either
		}
		for _, build := range b {
			_, _ = suite.Observe(ctx, build.module, &c, suite.ObserveOptions{Trace: func(p suite.StepTrace) { all = append(all, heard(p, string(said))...) }})
		}
	}
	return all
}
