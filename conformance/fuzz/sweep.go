package fuzz

import (
	"context"
	"fmt"
	"iter"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/header-auth/header-auth/conformance/dictionary"
	"github.com/header-auth/header-auth/conformance/suite"
	"github.com/header-auth/header-auth/conformance/table"
	"github.com/header-auth/header-auth/host"
	"github.com/header-auth/header-auth/host/headermap"
)

// stepsPerCase is the number of requests or configurations in a case of a sweep: starting a VM takes as long as
// dozens of them.
const stepsPerCase = 60

// shrinkTime is how long a case is made smaller: one that does not end takes the whole deadline at each try.
const shrinkTime = 30 * time.Second

// SweepTime is how long a sweep may take whose context ends after most, where a call may take deadline.
func SweepTime(most, deadline time.Duration) time.Duration { return most + shrinkTime + 8*deadline }

// SingleBuild is one module of any origin. before is called with each case before it is run: of one that does not end,
// nothing else will be known. nil: it is not called.
func SingleBuild(name string, m *host.Module, before func(*table.Case)) Builds {
	return Builds{{name, m, before}}
}

// Progress is what a sweep has done so far.
type Progress struct {
	Words int // tried in each part of a request and as a configuration key, in the first round
	Cases int
	Steps int // requests and configurations in these cases
}

// Sweep tries words on builds and compares them with the model. It tries all words in every part of a request and as
// keys of a configuration, then again under other configurations and in drawn cases, until the context ends or a
// build differs. It returns the difference and the smallest case that shows it.
func (b Builds) Sweep(ctx context.Context, words []dictionary.Word, seed uint64, progress func(Progress)) (table.Case,
	*Difference) {
	var tried Progress
	for p := range probes(words, seed) {
		if ctx.Err() != nil {
			break
		}
		c, d := b.Compare(ctx, p.c)
		if ctx.Err() != nil { // an interrupted run says nothing about the module
			break
		}
		tried.Words, tried.Cases, tried.Steps = p.words, tried.Cases+1, tried.Steps+len(c.Steps)
		progress(tried)
		if d != nil {
			ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), shrinkTime)
			defer cancel()
			return b.Shrink(ctx, c, d)
		}
	}
	return table.Case{}, nil
}

// probe is a case, and how many words have been tried with it and those before it.
type probe struct {
	c     table.Case
	words int
}

// sweepConfigurations are the configurations of the rounds, one for each round. The key is the header that lets a
// request pass.
var sweepConfigurations = []struct {
	text string
	key  headermap.Header
}{
	{"", headermap.Header{Name: "allow", Value: "true"}},
	{`{"header":"x-a","values":["k"],"log_headers":true,"metrics":true,"response_headers":[["x-b","1"]]}`,
		headermap.Header{Name: "x-a", Value: "k"}},
	{`{"basic":{"users":{"admin":"passw0rd"}}}`, headermap.Header{Name: "authorization",
		Value: "Basic YWRtaW46cGFzc3cwcmQ="}},
}

// basicConfiguration is the index of the one with credentials.
const basicConfiguration = 2

// probes are cases without end. The first round tries every word everywhere, in the order of their rank.
func probes(words []dictionary.Word, seed uint64) iter.Seq[probe] {
	return func(yield func(probe) bool) {
		random := rand.New(rand.NewPCG(seed, 0))
		for round := 0; ; round++ {
			order := slices.Clone(words)
			if round > 0 { // so that other words come together
				random.Shuffle(len(order), func(i, j int) { order[i], order[j] = order[j], order[i] })
			}
			used := 0
			if !yield(probe{withSteps("", []table.Step{requestStep(plainRequest())}), 0}) { // without a word
				return
			}
			for some := range slices.Chunk(order, wordsAtOnce) {
				random.Shuffle(len(some), func(i, j int) { some[i], some[j] = some[j], some[i] })
				used += len(some)
				for c := range cases(some, round) {
					if !yield(probe{c, max(used, len(words)*min(round, 1))}) {
						return
					}
				}
				if round > 0 && !yield(probe{withWordHeaders(some, random), len(words)}) {
					return
				}
			}
		}
	}
}

// cases try some words in every place.
func cases(words []dictionary.Word, round int) iter.Seq[table.Case] {
	return func(yield func(table.Case) bool) {
		under := sweepConfigurations[round%len(sweepConfigurations)]
		var todo []table.Step
		for _, v := range variations(words, plainRequest(), []string{under.key.Name}) {
			todo = append(todo, requestStep(v.request))
		}
		opened := plainRequest()
		opened.Headers = append(opened.Headers, under.key)
		v := variationList{base: opened}
		v.headers(words, []string{under.key.Name}) // words must not turn an allowed request into a refused one, either
		for _, v := range v.all {
			v.request.Response.Headers = append(v.request.Response.Headers, v.request.Trailers...)
			todo = append(todo, requestStep(v.request))
		}
		for some := range slices.Chunk(todo, stepsPerCase) {
			if !yield(withSteps(under.text, some)) {
				return
			}
		}
		if round > 0 {
			return
		}
		todo = nil
		for _, w := range words {
			v := variationList{base: plainRequest()}
			v.values(w.Text, nil)
			for _, v := range v.all {
				todo = append(todo, requestStep(v.request))
			}
		}
		for some := range slices.Chunk(todo, stepsPerCase) {
			if !yield(withSteps(sweepConfigurations[basicConfiguration].text, some)) {
				return
			}
		}
		for some := range slices.Chunk(asConfigurationKeys(words), stepsPerCase) {
			if !yield(withSteps("", some)) {
				return
			}
		}
	}
}

// asConfigurationKeys are configurations of a second plugin context, each with a word as a key: of the whole
// configuration, and of every object in it. The contract says that an unknown key is refused and what is logged, so
// one value is enough.
func asConfigurationKeys(words []dictionary.Word) (all []table.Step) {
	const service = `"cluster":"auth","authority":"a","path":"/",`
	for _, w := range words {
		for _, format := range []string{`{%q:true}`, `{%q:1}`, `{%q:"1"}`, `{"deny":{%q:true}}`,
			`{"basic":{"users":{"a":"b"},%q:true}}`,
			`{"rate_limit":{"tokens":1,"refill_ms":1,%q:true}}`, `{"token":{` + service + `%q:true}}`, `{"callout":{` + service +
				`%q:true}}`} {
			all = append(all, table.Step{Times: 1, Configure: &table.Configure{Plugin: "other",
				Config: fmt.Appendf(nil, format, w.Text)}})
		}
	}
	return all
}

// withWordHeaders is a case as FuzzRequests draws it, with words as headers of its requests.
func withWordHeaders(words []dictionary.Word, random *rand.Rand) table.Case {
	c := newDice(nil, random.Uint64()|1).scenario(allKeys)
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
				r.Headers = append(r.Headers, headermap.Header{Name: name, Value: switchValues[random.IntN(len(switchValues))]})
			}
		}
		c.Steps[i].Request = &r
	}
	return c
}

// plainRequest is a request without a key.
func plainRequest() *table.Request {
	return &table.Request{
		Message: table.Message{Headers: headermap.Of(":authority", "shop.example", ":path", "/", ":method", "GET",
			":scheme", "http")},
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

// PassedTexts are the texts that a build passes to the host in a few cases: header names, paths of properties, log
// lines. Texts that occur in the cases are left out.
func (b Builds) PassedTexts(ctx context.Context) []string {
	var all []string
	for i := range uint64(16) {
		c := newDice(nil, i+1).scenario(allKeys)
		said, err := caseFile(c, "", &Difference{})
		if err != nil {
			continue // this case can't be written
		}
		for _, build := range b {
			o,
				_ := suite.Observe(ctx, build.module, &c,
				suite.ObserveOptions{Trace: func(p suite.StepTrace) { all = append(all, passedTexts(p, string(said))...) }})
			if o.Failure != nil && o.Failure.Ends() {
				return all // it would take as long each time
			}
		}
	}
	return all
}
