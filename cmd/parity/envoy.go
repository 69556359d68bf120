package main

import (
	"context"
	"errors"
	"io"
	"runtime"
	"slices"
	"strings"

	"github.com/header-auth/header-auth/conformance/suite"
	"github.com/header-auth/header-auth/conformance/table"
	"github.com/header-auth/header-auth/envoy"
	"github.com/header-auth/header-auth/envoy/obtain"
	"github.com/header-auth/header-auth/host"
	compilers "github.com/header-auth/header-auth/toolchain"
)

// engines are those that --engine names.
type engines struct {
	host   bool           // package host's is among them
	envoys []string       // versions that were asked for; "": any
	found  []obtain.Envoy // by subjects, one for each of envoys
}

// splitEngines reads --engine and leaves in it what concerns package host.
func (s *selection) splitEngines() (engines, error) {
	var e engines
	if s.updates != "ecds" && s.updates != "lds" {
		return e, usagef("--updates %q: expected ecds or lds", s.updates)
	}
	names := strings.Split(s.engine, ",")
	s.engine = "wazero"
	for _, name := range names {
		kind, version, asked := strings.Cut(name, "@")
		switch {
		case kind != "envoy" && name != "wazero" && name != "interpreter":
			return e, usagef("--engine %q: expected wazero, interpreter, envoy or envoy@ and a version", name)
		case kind != "envoy":
			if e.host {
				return e, usagef("--engine %s: one of wazero and interpreter at a time", strings.Join(names, ","))
			}
			e.host, s.engine = true, name
		case asked && !obtain.Known(version):
			return e, usagef("--engine %s: expected envoy@ and one of %s, or its first two numbers", name,
				strings.Join(obtain.Versions(), ", "))
		case slices.Contains(e.envoys, version):
			return e, usagef("--engine %s: %s stands there twice", strings.Join(names, ","), name)
		default:
			e.envoys = append(e.envoys, version)
		}
	}
	return e, nil
}

// names are the engines, for a report.
func (e *engines) names(o host.Options) string {
	var names []string
	if e.host {
		names = append(names, engineName(o))
	}
	for _, f := range e.found {
		names = append(names, "envoy "+f.Version)
	}
	return strings.Join(names, ", ")
}

// subjects are the modules on each engine.
func (e *engines) subjects(ctx context.Context, s *selection, modules []module, stderr io.Writer) ([]suite.Subject,
	error) {
	var all []suite.Subject
	if e.host {
		for _, m := range modules {
			all = append(all, m.Subject)
		}
	}
	if len(e.envoys) > 0 {
		if err := envoy.Lacks(); err != nil {
			return nil, err
		}
	}
	for _, version := range e.envoys {
		found, err := obtain.Find(ctx, obtain.Options{Root: s.root, File: s.envoy, Version: version, Log: remarks(stderr)})
		var missing *compilers.MissingError
		if err != nil && !errors.As(err, &missing) {
			return nil, usagef("--envoy: %v", err)
		}
		if err != nil {
			return nil, err
		}
		e.found = append(e.found, found)
		more, err := s.onEnvoy(found, modules)
		if err != nil {
			return nil, err
		}
		all = append(all, more...)
	}
	return all, nil
}

// onEnvoy are modules as subjects on a real Envoy. What a build is known to fail on it may pass there.
func (s *selection) onEnvoy(found obtain.Envoy, modules []module) ([]suite.Subject, error) {
	listenerUpdates := s.updates == "lds"
	again := []string{"--engine", "envoy@" + found.Version}
	if s.envoy != "" {
		again = append(again, "--envoy", s.envoy)
	}
	if listenerUpdates {
		again = append(again, "--updates", s.updates)
	}
	differences, err := envoy.Differences(listenerUpdates)
	if err != nil {
		return nil, err
	}
	var all []suite.Subject
	for _, m := range modules {
		on := m.Subject
		on.Name += "@envoy-" + found.Version
		on.Select = slices.Concat(m.Select, again)
		on.Known = slices.Clone(differences)
		for _, k := range m.Known {
			k.MayPass = true
			on.Known = append(on.Known, k)
		}
		on.Engine = func(_ context.Context, t *table.Table, wasm []byte) (suite.Engine, error) {
			e, err := envoy.New(found, t, wasm, runtime.GOMAXPROCS(0))
			if err == nil {
				e.ListenerUpdates = listenerUpdates
			}
			return e, err
		}
		all = append(all, on)
	}
	return all, nil
}
