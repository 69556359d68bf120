package wasmfile

// Extremes are the largest functions of a module. Engines have limits for each.
type Extremes struct {
	Size   int    // bytes of a function's body
	Locals uint64 // of a function, without parameters
	Labels int    // of a br_table, without the last; 0: no body is so large that it could have more than LongTable
}

// LongTable is from how many labels on a br_table is looked at.
const LongTable = 65520

// Extremes reads them in wasm, the bytes f was parsed from. What it does not understand, it leaves out: wazero checks
// the code inside a function.
func (f *File) Extremes(wasm []byte) Extremes {
	var e Extremes
	s, n := f.entries(wasm, sectionCode, 2, "function bodies")
	for i := 0; i < n && s.err == nil; i++ {
		body := s.sub(s.u32("the size of a function body"), "a function body")
		e.Size = max(e.Size, body.left())
		locals := uint64(0)
		for range body.count(2, "local declarations") {
			locals += uint64(body.u32("a number of locals"))
			body.valType()
		}
		e.Locals = max(e.Locals, locals)
		for body.left() > LongTable && body.err == nil {
			at := body.at
			if in := body.instruction(); in.op == opBrTable && body.err == nil {
				table := reader{bytes: wasm, at: at + 1, end: body.at, section: body.section}
				e.Labels = max(e.Labels, int(table.u32("labels")))
			}
		}
	}
	return e
}

const opBrTable = 0x0e
