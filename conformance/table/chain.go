package table

import (
	"fmt"
	"slices"
	"strings"

	"github.com/goccy/go-yaml/ast"
)

// chain reads the plugins around the one under test.
func (r *reader) chain(n ast.Node) (c Chain) {
	o, ok := r.object(n, chainShape)
	if !ok {
		return c
	}
	if len(o.fields) == 0 && !o.unknownKey {
		r.errorf(n, "an empty chain, expected plugins before or behind the one under test, add some or remove it")
	}
	for key, part := range map[string]*[]ChainPlugin{"before": &c.Before, "behind": &c.Behind} {
		if o.has(key) {
			*part = each(r.filled(o.fields[key], "plugins {module, config, plugin_name, root_id}", "add one or remove "+key),
				r.chainPlugin)
		}
	}
	return c
}

func (r *reader) chainPlugin(n ast.Node) ChainPlugin {
	p := ChainPlugin{Position: r.position(n)}
	o, ok := r.object(n, chainPluginShape)
	if !ok {
		return p
	}
	if o.has("module") {
		p.Module, _ = r.text(o.fields["module"])
		p.Position = r.position(o.fields["module"])
		switch {
		case p.Module == "":
			r.errorf(o.fields["module"],
				"an empty module, expected a path such as data/other.wasm or the name of a build, write it or remove the key")
		case !isBuild(p.Module):
			p.Wasm = r.content(o.fields["module"])
		}
	}
	set(&p.Config, o, "config", r.bytes)
	set(&p.Plugin, o, "plugin_name", r.bytesText)
	set(&p.RootID, o, "root_id", r.bytesText)
	return p
}

// isBuild says whether the module of a chain's plugin is the name of a build and not a path.
func isBuild(module string) bool {
	return !strings.Contains(module, "/") && !strings.HasSuffix(module, ".wasm")
}

// Builds are the names of builds that the chains of cases have plugins of, in order.
func (t *Table) Builds() (names []string) {
	for _, c := range t.Cases() {
		for _, p := range c.Chain.All() {
			if p.Module != "" && isBuild(p.Module) {
				names = append(names, p.Module)
			}
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// UseBuilds gives the modules of Builds to the cases. read gives the module of a build; its error is one of the table,
// at the place that names the build.
func (t *Table) UseBuilds(read func(name string) ([]byte, error)) error {
	var wrong Errors
	type module struct {
		wasm []byte
		err  error
	}
	known := map[string]module{}
	for g := range t.Groups {
		for c := range t.Groups[g].Cases {
			for _, p := range t.Groups[g].Cases[c].Chain.All() {
				if p.Module == "" || !isBuild(p.Module) {
					continue
				}
				m, there := known[p.Module]
				if !there {
					m.wasm, m.err = read(p.Module)
					known[p.Module] = m
				}
				if p.Wasm = m.wasm; m.err != nil {
					wrong = append(wrong, Error{p.Position, fmt.Sprintf("the module %q: %v", p.Module, m.err)})
				}
			}
		}
	}
	if len(wrong) > 0 {
		wrong.sort()
		return wrong
	}
	return nil
}
