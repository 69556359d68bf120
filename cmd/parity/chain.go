package main

import (
	"context"
	"fmt"
	"io"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"github.com/header-auth/header-auth/build"
	"github.com/header-auth/header-auth/conformance/table"
	"github.com/header-auth/header-auth/internal/suggest"
)

// giveBuilds gives cases the modules of the builds that their chains name: those under test, and others of
// builds.yaml, which are made first.
func (s *selection) giveBuilds(ctx context.Context, cases *table.Table, tested []module, stderr io.Writer) error {
	named := cases.Builds()
	if len(named) == 0 {
		return nil
	}
	known := map[string]module{}
	for _, m := range tested {
		known[m.Name] = m
	}
	var names []string
	if s.root != "" {
		list, err := build.Load(filepath.Join(s.root, build.File))
		if err != nil {
			return err
		}
		var missing []build.Build
		for _, b := range list.Builds {
			names = append(names, b.Name)
			if _, there := known[b.Name]; !there && slices.Contains(named, b.Name) {
				missing = append(missing, b)
			}
		}
		if len(missing) > 0 {
			made, err := s.makeModules(ctx, missing, stderr)
			if err != nil {
				return err
			}
			for _, m := range made {
				known[m.Name] = m
			}
		}
	}
	names = slices.AppendSeq(names, maps.Keys(known))
	slices.Sort(names)
	names = slices.Compact(names)
	return cases.UseBuilds(func(name string) ([]byte, error) {
		m, there := known[name]
		if !there {
			return nil, fmt.Errorf("no such build, expected one of %s, or a path with a slash, %s", strings.Join(names, ", "),
				suggest.Or(name, names, "write one of them"))
		}
		return m.Wasm, m.Err
	})
}
