package wasmfile

import (
	"cmp"
	"slices"
)

// A Segment is one entry of the data section.
type Segment struct {
	Placed bool   // copied to a constant address when the module starts; else code may copy it
	At     uint64 // the address
	Bytes  []byte // of the file, not a copy
}

// Data reads the data section of wasm, the bytes f was parsed from. Segments are in the order of the file. The error is
// a *SyntaxError.
func (f *File) Data(wasm []byte) ([]Segment, error) {
	s, n := f.entries(wasm, sectionData, 2, "data segments")
	all := make([]Segment, 0, n)
	for i := 0; i < n && s.err == nil; i++ {
		segment := Segment{}
		at := s.at
		switch flags := s.u32("a data segment's flags"); flags {
		case 0:
			segment.At, segment.Placed = s.address()
		case 1: // passive
		case 2:
			s.u32("a memory index")
			segment.At, segment.Placed = s.address()
		default:
			s.failAt(at, "expected a data segment's flags, 0 to 2, found %d", flags)
		}
		content := s.sub(s.u32("the size of a data segment"), "a data segment")
		if s.err == nil {
			segment.Bytes = wasm[content.at:content.end]
			all = append(all, segment)
		}
	}
	s.finish("the section")
	if s.err != nil {
		return nil, s.err
	}
	return all, nil
}

// Image is the memory that the module starts with, as far as segments with constant addresses fill it, in the order of
// the addresses. Segments that are at most 64 bytes apart are one, with zeros between: linkers leave zeros out.
func Image(segments []Segment) []Segment {
	const gap = 64
	placed := slices.DeleteFunc(slices.Clone(segments), func(s Segment) bool { return !s.Placed || len(s.Bytes) == 0 })
	slices.SortStableFunc(placed, func(a, b Segment) int { return cmp.Compare(a.At, b.At) })
	var all []Segment
	for _, s := range placed {
		if len(all) > 0 {
			last := &all[len(all)-1]
			if end := last.At + uint64(len(last.Bytes)); s.At >= end && s.At-end <= gap {
				last.Bytes = append(append(last.Bytes, make([]byte, s.At-end)...), s.Bytes...)
				continue
			}
		}
		all = append(all, Segment{Placed: true, At: s.At, Bytes: slices.Clone(s.Bytes)})
	}
	return all
}

// address reads an expression that gives an address, and says whether it is a constant.
func (r *reader) address() (at uint64, constant bool) {
	for first := true; r.err == nil; first = false {
		in := r.instruction()
		if in.op == opEnd {
			return at, constant
		}
		constant = first && in.bits > 0 // one of several instructions is part of a sum
		at = in.number
		if in.bits == 32 {
			at = uint64(uint32(at))
		}
	}
	return 0, false
}

// entries begins to read a section again, and gives the number of its entries.
func (f *File) entries(wasm []byte, id byte, size int, what string) (*reader, int) {
	for _, s := range f.Sections {
		if s.ID == id {
			r := &reader{bytes: wasm, at: s.Offset + 1, end: s.Offset + s.Size, section: s.Name}
			r.u32("the size of the section")
			return r, r.count(size, what)
		}
	}
	return &reader{}, 0
}
