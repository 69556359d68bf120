package wasmfile

import (
	"slices"
)

const headerSize = 8

const (
	sectionCustom = iota
	sectionType
	sectionImport
	sectionFunction
	sectionTable
	sectionMemory
	sectionGlobal
	sectionExport
	sectionStart
	sectionElement
	sectionCode
	sectionData
	sectionDataCount
	sectionTag
)

var sectionNames = [...]string{"custom", "type", "import", "function", "table", "memory", "global", "export", "start",
	"element", "code", "data", "data count", "tag"}

// sectionOrder is the order in which sections may come; ids are not in that order (core specification 5.5.16).
var sectionOrder = []byte{sectionType, sectionImport, sectionFunction, sectionTable, sectionMemory, sectionTag,
	sectionGlobal, sectionExport, sectionStart, sectionElement, sectionDataCount, sectionCode, sectionData}

// Parse reads a module. It fails with a *NotModuleError when the bytes are something else altogether, such as text or
// a component, and with a *SyntaxError at the first place where the format is broken.
func Parse(wasm []byte) (*File, error) {
	if err := checkHeader(wasm); err != nil {
		return nil, err
	}
	p := parser{
		reader: reader{bytes: wasm, at: headerSize, end: len(wasm)},
		file:   &File{Size: len(wasm)},
	}
	for p.err == nil && p.left() > 0 {
		p.parseSection()
	}
	p.checkWhole()
	if p.err != nil {
		return nil, p.err
	}
	return p.file, nil
}

type parser struct {
	reader
	file      *File
	rank      int // of the last section that is not custom, in sectionOrder
	bodies    int // entries of the code section
	data      int // entries of the data section
	dataCount int // one more than the data count section promises; 0 without it
}

func (p *parser) parseSection() {
	start := p.at
	id := p.byte("a section id")
	if int(id) >= len(sectionNames) {
		p.failAt(start, "expected a section id of at most %d, found %d", len(sectionNames)-1, id)
		return
	}
	name := sectionNames[id]
	s := p.sub(p.u32("the size of the "+name+" section"), "the "+name+" section")
	if p.err != nil {
		return
	}
	s.section = name
	if id == sectionCustom {
		name = s.name("the name of a custom section")
		s.section = name
		p.parseCustom(name, &s)
	} else {
		rank := slices.Index(sectionOrder, id) + 1
		if rank <= p.rank {
			p.failAt(start, "the %s section comes twice or after one it must precede", name)
			return
		}
		p.rank = rank
		p.parseKnown(id, &s)
		s.finish("the section")
	}
	if s.err != nil {
		p.err = s.err
		return
	}
	p.file.Sections = append(p.file.Sections, Section{ID: id, Name: name, Offset: start, Size: p.at - start})
}

func (p *parser) parseKnown(id byte, s *reader) {
	switch id {
	case sectionType:
		p.parseTypes(s)
	case sectionImport:
		p.parseImports(s)
	case sectionFunction:
		p.parseFunctions(s)
	case sectionTable:
		p.file.Tables = s.count(3, "tables")
		p.file.tables += p.file.Tables
		s.at = s.end
	case sectionMemory:
		p.parseMemories(s)
	case sectionTag:
		p.parseTags(s)
	case sectionGlobal:
		p.file.Globals = s.count(3, "globals")
		p.file.globals += p.file.Globals
		s.at = s.end
	case sectionExport:
		p.parseExports(s)
	case sectionStart:
		p.parseStart(s)
	case sectionDataCount:
		p.dataCount = int(s.u32("the number of data segments")) + 1
	case sectionCode:
		p.parseCode(s)
	case sectionData:
		p.data = s.count(2, "data segments")
		s.at = s.end
	case sectionElement:
		s.count(2, "element segments")
		s.at = s.end
	}
}

// checkWhole compares sections that must agree with each other.
func (p *parser) checkWhole() {
	p.section = ""
	if p.err == nil && p.bodies != p.file.Functions {
		p.failAt(p.at, "expected as many function bodies as functions, found %d and %d", p.bodies, p.file.Functions)
	}
	if p.err == nil && p.dataCount > 0 && p.dataCount-1 != p.data {
		p.failAt(p.at, "expected %d data segments, as the data count section says, found %d", p.dataCount-1, p.data)
	}
}
