package load

import "slices"

// TrapCure says what cures a trap in the export in while a plugin starts, "" when that is not known.
func (i *Inspection) TrapCure(in string) string {
	goPlugin := i.Toolchain.Compiler == compilerTinyGo || i.Toolchain.Compiler == compilerGo
	if in != "proxy_on_context_create" || !goPlugin || slices.Contains(i.Start, "_start") || slices.Contains(i.Start,
		"main") {
		return ""
	}
	return "the module is built with -buildmode=c-shared, where main never runs: if the plugin registers itself in main " +
		"(proxywasm.SetVMContext), do it in func init() and leave main empty"
}
