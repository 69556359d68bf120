package envoy

import (
	"fmt"
	"slices"

	"github.com/header-auth/header-auth/conformance/table"
	"github.com/header-auth/header-auth/envoy/rewrite"
)

// other is a module of chains that is not the module under test. The first of an engine has the number 1.
type other struct {
	name string // as cases have it
	wasm []byte // rewritten, with its number
	err  error  // why it could not be
	path string // of a lane's copy
}

// otherModules are those of a table's chains.
func otherModules(t *table.Table) (all []other) {
	for _, c := range t.Cases() {
		for _, p := range c.Chain.All() {
			if p.Module != "" && findOther(all, p.Module) == nil {
				o := other{name: p.Module}
				o.wasm, o.err = rewriteOther(p, len(all)+1)
				all = append(all, o)
			}
		}
	}
	return all
}

func rewriteOther(p *table.ChainPlugin, number int) ([]byte, error) {
	if p.Wasm == nil {
		return nil, fmt.Errorf("chain: the module %q is the name of a build, and builds are known to the command parity only",
			p.Module)
	}
	wasm, err := rewrite.Watch(p.Wasm)
	if err == nil {
		wasm, err = rewrite.Mark(wasm, number)
	}
	if err != nil {
		return nil, fmt.Errorf("chain: %s: %w", p.Module, err)
	}
	return wasm, nil
}

// findOther is nil for a name that is none of theirs, as is that of the module under test.
func findOther(all []other, name string) *other {
	at := slices.IndexFunc(all, func(o other) bool { return o.name == name })
	if at < 0 {
		return nil
	}
	return &all[at]
}
