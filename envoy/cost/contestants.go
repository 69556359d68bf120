package cost

import (
	"bytes"
	"cmp"
	"context"
	_ "embed"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	core "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	rbacrules "github.com/envoyproxy/go-control-plane/envoy/config/rbac/v3"
	route "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	modules "github.com/envoyproxy/go-control-plane/envoy/extensions/dynamic_modules/v3"
	modulefilter "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/dynamic_modules/v3"
	authz "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/ext_authz/v3"
	rbac "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/rbac/v3"
	matcher "github.com/envoyproxy/go-control-plane/envoy/type/matcher/v3"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/header-auth/header-auth/bench/evidence"
	"github.com/header-auth/header-auth/bench/guest"
	"github.com/header-auth/header-auth/conformance/table"
	"github.com/header-auth/header-auth/envoy/proxy"
)

var (
	//go:embed checks/check.lua
	luaCheck string
	//go:embed checks/module.c
	moduleSource []byte
)

// serviceCluster is the name of the service that ext_authz asks.
const serviceCluster = "service"

// contestant is a listener.
type contestant struct {
	name     string
	listener string
	filter   *proxy.Filter
	checks   bool // it refuses what a build refuses; otherwise it answers 200 to everything
	crossing *guest.Crossing
}

func (c *contestant) listen() proxy.Listener {
	l := proxy.Listener{Name: c.listener}
	if c.filter != nil {
		l.Filters = []proxy.Filter{*c.filter}
	}
	return l
}

// status is what it answers in a scenario.
func (c *contestant) status(s *scenario) int {
	switch {
	case c.crossing != nil:
		return c.crossing.Status
	case c.checks:
		return s.answer
	}
	return 200
}

// session is a contestant in a scenario. A guest that does one thing is in none, and is sent the first one's requests.
type session struct {
	*contestant
	*scenario
}

// place is the Scenario of its samples.
func (s session) place() string {
	if s.crossing != nil {
		return evidence.CrossingScenario
	}
	return s.id
}

// sessions are all that take part, without those that were refused.
func (m *measurement) sessions() []session {
	var all []session
	for i := range m.contestants {
		c := &m.contestants[i]
		for j := range m.scenarios {
			s := &m.scenarios[j]
			if c.crossing != nil && j > 0 || c.name == evidence.NullGuest && s.refused {
				continue
			}
			if one := (session{c, s}); !m.out(c.name, one.place()) {
				all = append(all, one)
			}
		}
	}
	return all
}

// prepare reads the cases, and makes the contestants and their files.
func (m *measurement) prepare(ctx context.Context) (err error) {
	for i := range m.Cases {
		step := &m.Cases[i].Steps[0]
		text, err := requestText(step)
		if err != nil {
			return err
		}
		s := scenario{id: m.Cases[i].ID, request: text, answer: 200, refused: step.Want.Decision == table.Refuse}
		if reply := step.Want.Reply; reply != nil && reply.Status != 0 {
			s.answer = reply.Status
		} else if s.refused {
			s.answer = 403
		}
		m.scenarios = append(m.scenarios, s)
	}
	m.add(contestant{name: evidence.NoFilter})
	empty := guest.Crossings()[0]
	if err := m.addGuest(contestant{name: evidence.NullGuest}, empty); err != nil {
		return err
	}
	if m.Plan.AlternativesToo {
		m.addAlternatives(ctx)
	}
	for _, b := range m.Builds {
		m.addPlugin(contestant{name: b.Name, checks: true}, b.Path)
	}
	if len(m.Builds) > 0 {
		m.addPlugin(contestant{name: evidence.Twin, checks: true}, m.Builds[0].Path)
	}
	if m.Plan.CrossingGuests {
		for _, one := range guest.Crossings() {
			if err := m.addGuest(contestant{name: one.Name, crossing: &one}, one); err != nil {
				return err
			}
		}
	}
	m.estimate()
	return nil
}

func (m *measurement) add(c contestant) {
	c.listener = fmt.Sprintf("l%d", len(m.contestants))
	m.contestants = append(m.contestants, c)
}

func (m *measurement) addPlugin(c contestant, path string) {
	c.filter = plugin(path, fmt.Sprintf("vm%d", len(m.contestants)))
	m.add(c)
}

func plugin(path, vm string) *proxy.Filter {
	return &proxy.Filter{Module: path, Plugin: vm, VM: vm}
}

func (m *measurement) addGuest(c contestant, g guest.Crossing) error {
	path := filepath.Join(m.Dir, fmt.Sprintf("guest%d.wasm", len(m.contestants)))
	if err := os.WriteFile(path, g.Bytes(), 0o600); err != nil {
		return err
	}
	m.addPlugin(c, path)
	return nil
}

// addAlternatives adds the other ways of doing the same check.
func (m *measurement) addAlternatives(ctx context.Context) {
	m.add(contestant{name: evidence.NativeRBAC, checks: true, filter: &proxy.Filter{Native: rbacFilter()}})
	m.add(contestant{name: evidence.LuaFilter, checks: true, filter: &proxy.Filter{Lua: luaCheck}})
	if library, err := m.compileModule(ctx); err != nil {
		m.note("the dynamic module was not measured: %v", err)
	} else {
		m.add(contestant{name: evidence.DynamicModule, checks: true, filter: &proxy.Filter{Native: moduleFilter(library)}})
	}
	m.add(contestant{name: evidence.ExtAuthz, checks: true, filter: &proxy.Filter{Native: authzFilter()}})
}

// compileModule makes the dynamic module's library.
func (m *measurement) compileModule(ctx context.Context) (string, error) {
	compiler, err := proxy.Compiler()
	if err != nil {
		return "", errors.New("no C compiler is here")
	}
	source, library := filepath.Join(m.Dir, "module.c"), filepath.Join(m.Dir, "libheaderauth.so")
	if err := os.WriteFile(source, moduleSource, 0o600); err != nil {
		return "", err
	}
	out, err := exec.CommandContext(ctx, compiler, "-shared", "-fPIC", "-O2", "-o", library, source).CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("compile it with %s: %w: %s", compiler, err, strings.TrimSpace(string(out)))
	}
	return library, nil
}

func moduleFilter(library string) *modulefilter.DynamicModuleFilter {
	return &modulefilter.DynamicModuleFilter{FilterName: "header-auth", DynamicModuleConfig: &modules.DynamicModuleConfig{
		Module: &core.AsyncDataSource{Specifier: &core.AsyncDataSource_Local{
			Local: &core.DataSource{Specifier: &core.DataSource_Filename{Filename: library}}}},
	}}
}

// exactly matches one text.
func exactly(text string) *matcher.StringMatcher {
	return &matcher.StringMatcher{MatchPattern: &matcher.StringMatcher_Exact{Exact: text}}
}

// rbacFilter allows a request whose header allow says true. Envoy joins the values of several headers before it
// compares them, so two of them are refused, as by the plugin.
func rbacFilter() *rbac.RBAC {
	allowed := &route.HeaderMatcher{Name: "allow",
		HeaderMatchSpecifier: &route.HeaderMatcher_StringMatch{StringMatch: exactly("true")}}
	return &rbac.RBAC{Rules: &rbacrules.RBAC{Action: rbacrules.RBAC_ALLOW,
		Policies: map[string]*rbacrules.Policy{"allowed": {
			Permissions: []*rbacrules.Permission{{Rule: &rbacrules.Permission_Header{Header: allowed}}},
			Principals:  []*rbacrules.Principal{{Identifier: &rbacrules.Principal_Any{Any: true}}},
		}}}}
}

func authzFilter() *authz.ExtAuthz {
	return &authz.ExtAuthz{
		Services: &authz.ExtAuthz_HttpService{HttpService: &authz.HttpService{ServerUri: &core.HttpUri{
			Uri: "http://service", HttpUpstreamType: &core.HttpUri_Cluster{Cluster: serviceCluster},
			Timeout: durationpb.New(answerTime),
		},
			// No header that tells the time that the service took: answers would differ in length.
			AuthorizationResponse: &authz.AuthorizationResponse{
				AllowedClientHeaders: &matcher.ListStringMatcher{Patterns: []*matcher.StringMatcher{exactly("content-type")}}},
		}},
		AllowedHeaders: &matcher.ListStringMatcher{Patterns: []*matcher.StringMatcher{exactly("allow")}},
	}
}

// requestText is a step's request in HTTP/1.1, without what Envoy adds itself.
func requestText(s *table.Step) ([]byte, error) {
	var line, rest bytes.Buffer
	pseudo := map[string]string{}
	for _, h := range s.Request.Headers {
		if strings.ContainsAny(h.Name+h.Value, "\r\n\x00") {
			return nil, fmt.Errorf("its request has a header that HTTP/1.1 can't carry: %q", h.Name)
		}
		switch {
		case strings.HasPrefix(h.Name, ":"):
			pseudo[h.Name] = h.Value
		case h.Name == "x-forwarded-proto" || h.Name == "x-request-id":
		default:
			fmt.Fprintf(&rest, "%s: %s\r\n", h.Name, h.Value)
		}
	}
	fmt.Fprintf(&line, "%s %s HTTP/1.1\r\nhost: %s\r\n", cmp.Or(pseudo[":method"], "GET"), cmp.Or(pseudo[":path"], "/"),
		cmp.Or(pseudo[":authority"], "localhost"))
	return append(append(line.Bytes(), rest.Bytes()...), "\r\n"...), nil
}
