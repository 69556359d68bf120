package wasmfile

// Body is the body of a defined function.
type Body struct {
	At, Size int             // of its local declarations and code; the size that stands before is not part of it
	Calls    []FunctionIndex // where its code names a function: calls, tail calls, ref.func
}

// FunctionIndex is an index of a function in a module's bytes.
type FunctionIndex struct {
	At, Size int // of the LEB128 number
	Index    uint32
}

// Bodies are those of the functions in wasm, the bytes f was parsed from, in the order of the code. Unlike Constants it
// fails at an instruction that it does not know: a reader who changes indices must have seen all.
func (f *File) Bodies(wasm []byte) ([]Body, error) {
	s, n := f.entries(wasm, sectionCode, 2, "function bodies")
	all := make([]Body, 0, n)
	for i := 0; i < n && s.err == nil; i++ {
		code := s.sub(s.u32("the size of a function body"), "a function body")
		body := Body{At: code.at, Size: code.left()}
		for range code.count(2, "local declarations") {
			code.u32("a number of locals")
			code.valType()
		}
		for code.err == nil && code.left() > 0 {
			at := code.at
			switch in := code.instruction(); in.op {
			case 0x10, 0x12, 0xd2: // call, return_call, ref.func
				index := reader{bytes: wasm, at: at + 1, end: code.at, section: code.section}
				body.Calls = append(body.Calls, FunctionIndex{At: at + 1, Size: code.at - at - 1, Index: index.u32("an index")})
			}
		}
		if s.err == nil {
			s.err = code.err
		}
		all = append(all, body)
	}
	if s.err != nil {
		return nil, s.err
	}
	return all, nil
}
