package load

import "slices"

// TrapCure says what cures a trap in the export in while a plugin starts, "" when that is not known. rooted: the plugin
// was given a root_id.
func (i *Inspection) TrapCure(in string, rooted bool) string {
	if in != "proxy_on_context_create" {
		return ""
	}
	goPlugin := i.Toolchain.Compiler == compilerTinyGo || i.Toolchain.Compiler == compilerGo
	switch {
	case goPlugin && !slices.Contains(i.Start, "_start") && !slices.Contains(i.Start, "main"):
		return "the module is built with -buildmode=c-shared, where main never runs: if the plugin registers itself in " +
			"main (proxywasm.SetVMContext), do it in func init() and leave main empty"
	case i.asksRootID && !rooted:
		return "the plugin asks for its root_id, and has none: give the one that it registers itself under (--root-id ID; " +
			"root_id in Envoy's configuration)"
	}
	return ""
}
