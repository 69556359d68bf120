package wasmfile

// A Constant is an integer that code pushes: i32.const or i64.const.
type Constant struct {
	Value  uint64 // of 32 bits, too: sign-extended
	Bits   int    // 32 or 64
	Loaded bool   // the instruction before is a load from memory: the two are probably compared
	Offset uint64 // that of the load
}

// Constants are the integers in each defined function of wasm, the bytes f was parsed from, in the order of the code.
// It stops reading a function at the first instruction that it does not know. The error is a *SyntaxError about the
// section; wazero checks the code inside a function.
func (f *File) Constants(wasm []byte) ([][]Constant, error) {
	s, n := f.entries(wasm, sectionCode, 2, "function bodies")
	all := make([][]Constant, 0, n)
	for i := 0; i < n && s.err == nil; i++ {
		body := s.sub(s.u32("the size of a function body"), "a function body")
		for range body.count(2, "local declarations") {
			body.u32("a number of locals")
			body.valType()
		}
		var found []Constant
		var before instruction
		for body.err == nil && body.left() > 0 {
			in := body.instruction()
			if in.bits > 0 && body.err == nil {
				c := Constant{Value: in.number, Bits: in.bits, Loaded: before.loads()}
				if c.Loaded {
					c.Offset = before.number
				}
				found = append(found, c)
			}
			before = in
		}
		all = append(all, found)
	}
	if s.err != nil {
		return nil, s.err
	}
	return all, nil
}

const opEnd = 0x0b

// instruction is what is kept of one.
type instruction struct {
	op     byte   // the first of its bytes
	bits   int    // of a constant; 0: it is none
	number uint64 // the constant, or the offset of a load or store
}

func (in instruction) loads() bool { return in.op >= 0x28 && in.op <= 0x35 }

// instruction reads one instruction with what belongs to it (core specification 5.4). It fails at one that it does not
// know.
func (r *reader) instruction() instruction {
	at := r.at
	in := instruction{op: r.byte("an instruction")}
	switch op := in.op; {
	case op == 0x41:
		in.number, in.bits = uint64(r.sint(32)), 32
	case op == 0x42:
		in.number, in.bits = uint64(r.sint(64)), 64
	case op == 0x02 || op == 0x03 || op == 0x04 || op == 0x06: // block, loop, if, try
		r.sint(33)
	case op <= 0x01 || op == 0x05 || op >= 0x0a && op <= opEnd || op == 0x0f || op == 0x19 || op == 0x1a || op == 0x1b:
	case op == 0x0e: // br_table
		for range r.count(1, "labels") + 1 {
			r.u32("a label")
		}
	case op == 0x11 || op == 0x13: // call_indirect
		r.u32("a type index")
		r.u32("a table index")
	case op >= 0x07 && op <= 0x09 || op == 0x0c || op == 0x0d || op == 0x10 || op == 0x12 || op == 0x14 || op == 0x15 ||
		op == 0x18 ||
		op >= 0x20 && op <= 0x26 || op == 0x3f || op == 0x40 || op == 0xd2 || op == 0xd5 || op == 0xd6:
		r.u32("an index")
	case op == 0x1c: // select with types
		r.valTypes("results")
	case op == 0x1f: // try_table
		r.sint(33)
		for range r.count(2, "catch clauses") {
			if kind := r.byte("a catch clause"); kind < 2 {
				r.u32("a tag index")
			}
			r.u32("a label")
		}
	case op >= 0x28 && op <= 0x3e:
		in.number = r.memoryArgument()
	case op == 0x43:
		r.sub(4, "a number")
	case op == 0x44:
		r.sub(8, "a number")
	case op >= 0x45 && op <= 0xc4 || op == 0xd1 || op == 0xd3 || op == 0xd4:
	case op == 0xd0:
		r.sint(33)
	case op == 0xfc:
		r.bulk(r.u32("an instruction"))
	case op == 0xfd:
		r.vector(r.u32("an instruction"))
	case op == 0xfe:
		if r.u32("an instruction") == 3 {
			r.byte("a fence's zero")
		} else {
			r.memoryArgument()
		}
	default:
		r.failAt(at, "expected an instruction, found 0x%02x", op)
	}
	return in
}

// bulk reads what belongs to an instruction behind 0xfc: conversions, copies, tables.
func (r *reader) bulk(op uint32) {
	indices := 0
	switch {
	case op == 8 || op == 10 || op == 12 || op == 14:
		indices = 2
	case op == 9 || op == 11 || op == 13 || op >= 15 && op <= 17:
		indices = 1
	case op > 17:
		r.failAt(r.at, "expected an instruction, found 0xfc %d", op)
	}
	for range indices {
		r.u32("an index")
	}
}

// vector reads what belongs to an instruction behind 0xfd.
func (r *reader) vector(op uint32) {
	switch {
	case op <= 11 || op == 92 || op == 93:
		r.memoryArgument()
	case op == 12 || op == 13:
		r.sub(16, "a vector")
	case op >= 21 && op <= 34:
		r.byte("a lane")
	case op >= 84 && op <= 91:
		r.memoryArgument()
		r.byte("a lane")
	}
}

// memoryArgument gives the offset.
func (r *reader) memoryArgument() uint64 {
	if align := r.u32("an alignment"); align&0x40 != 0 {
		r.u32("a memory index")
	}
	return r.uint(64, "an offset")
}

// sint reads a signed LEB128 number. Further bits are not checked: wazero refuses what is no number.
func (r *reader) sint(bits int) int64 {
	var v int64
	for shift := 0; shift < bits; shift += 7 {
		b := r.byte("a number")
		v |= int64(b&0x7f) << shift
		if b < 0x80 {
			if shift+7 < 64 && b&0x40 != 0 {
				v |= -1 << (shift + 7)
			}
			break
		}
	}
	return v
}
