package wasmfile

const functionForm = 0x60

func (p *parser) parseTypes(s *reader) {
	n := s.count(3, "types")
	p.file.Types = make([]FuncType, 0, n)
	for i := 0; i < n && s.err == nil; i++ {
		at := s.at
		if form := s.byte("a type"); form != functionForm {
			s.failAt(at, "expected a function type (0x60), found 0x%02x: types of the garbage collection proposal are "+
				"not supported", form)
			return
		}
		p.file.Types = append(p.file.Types, FuncType{
			Params:  s.valTypes("parameters"),
			Results: s.valTypes("results"),
		})
	}
}

// maxValues is V8's limit on the parameters of a function, and on its results.
const maxValues = 1000

func (r *reader) valTypes(what string) []ValType {
	at := r.at
	n := r.count(1, what)
	if n > maxValues {
		r.failAt(at, "expected at most %d %s of a function, as V8 does, found %d", maxValues, what, n)
	}
	if n == 0 || r.err != nil {
		return nil
	}
	types := make([]ValType, n)
	for i := range types {
		types[i] = r.valType()
	}
	return types
}

func (r *reader) valType() ValType {
	at := r.at
	t := ValType(r.byte("a value type"))
	switch {
	case t == Ref || t == RefNull:
		r.uint(33, "a heap type")
	case t.String() == "unknown":
		r.failAt(at, "expected a value type, found 0x%02x", byte(t))
	}
	return t
}

func (p *parser) typeIndex(s *reader) uint32 {
	at := s.at
	i := s.u32("a type index")
	if s.err == nil && uint64(i) >= uint64(len(p.file.Types)) {
		s.failAt(at, "expected a type index below %d, found %d", len(p.file.Types), i)
	}
	if s.err != nil {
		return 0
	}
	return i
}

func (p *parser) parseImports(s *reader) {
	n := s.count(4, "imports")
	p.file.Imports = make([]Import, 0, n)
	for i := 0; i < n; i++ {
		imp := Import{Module: s.name("an import's module"), Name: s.name("an import's name")}
		at := s.at
		imp.Kind = Kind(s.byte("an import's kind"))
		switch imp.Kind {
		case KindFunction:
			index := p.typeIndex(s)
			if s.err != nil {
				return
			}
			imp.Type = p.file.Types[index]
			p.file.functions = append(p.file.functions, index)
		case KindTable:
			s.valType()
			imp.Limits = s.limits(at)
			p.file.tables++
		case KindMemory:
			imp.Limits = s.limits(at)
			p.file.memories++
		case KindGlobal:
			s.valType()
			s.mutability()
			p.file.globals++
		case KindTag:
			p.parseTag(s)
		default:
			s.failAt(at, "expected the kind of an import, 0 to 4, found %d", imp.Kind)
		}
		if s.err != nil {
			return
		}
		p.file.Imports = append(p.file.Imports, imp)
	}
}

func (r *reader) mutability() {
	at := r.at
	if m := r.byte("a global's mutability"); m > 1 {
		r.failAt(at, "expected a global's mutability, 0 or 1, found %d", m)
	}
}

// Flags of limits: the threads proposal gave bit 1, memory64 bit 2.
const (
	limitsMax    = 1 << 0
	limitsShared = 1 << 1
	limits64     = 1 << 2
)

func (r *reader) limits(at int) Limits {
	flags := r.byte("limits")
	if flags > limitsMax|limitsShared|limits64 {
		r.failAt(at, "expected limits with flags of at most 7, found %d", flags)
	}
	l := Limits{HasMax: flags&limitsMax != 0, Shared: flags&limitsShared != 0, Is64: flags&limits64 != 0}
	bits := 32
	if l.Is64 {
		bits = 64
	}
	l.Min = r.uint(bits, "a minimum")
	if l.HasMax {
		l.Max = r.uint(bits, "a maximum")
		if r.err == nil && l.Max < l.Min {
			r.failAt(at, "expected limits with a maximum of at least %d, found %d", l.Min, l.Max)
		}
	}
	return l
}

func (p *parser) parseFunctions(s *reader) {
	n := s.count(1, "functions")
	p.file.Functions = n
	for i := 0; i < n && s.err == nil; i++ {
		p.file.functions = append(p.file.functions, p.typeIndex(s))
	}
}

func (p *parser) parseMemories(s *reader) {
	n := s.count(2, "memories")
	for i := 0; i < n && s.err == nil; i++ {
		p.file.Memories = append(p.file.Memories, s.limits(s.at))
		p.file.memories++
	}
}

func (p *parser) parseTags(s *reader) {
	n := s.count(2, "tags")
	p.file.Tags = n
	for i := 0; i < n && s.err == nil; i++ {
		p.parseTag(s)
	}
}

func (p *parser) parseTag(s *reader) {
	at := s.at
	if a := s.byte("a tag's attribute"); a != 0 {
		s.failAt(at, "expected a tag's attribute 0, found %d", a)
	}
	p.typeIndex(s)
	p.file.tags++
}

func (p *parser) parseExports(s *reader) {
	n := s.count(3, "exports")
	p.file.Exports = make([]Export, 0, n)
	seen := make(map[string]int, n)
	p.file.exportAt = seen
	for i := 0; i < n; i++ {
		at := s.at
		e := Export{Name: s.name("an export's name")}
		if _, twice := seen[e.Name]; twice && s.err == nil {
			s.failAt(at, "expected export names to differ, found %q twice", e.Name)
		}
		seen[e.Name] = i
		at = s.at
		e.Kind = Kind(s.byte("an export's kind"))
		index := s.u32("an export's index")
		if s.err == nil && e.Kind > KindTag {
			s.failAt(at, "expected the kind of an export, 0 to 4, found %d", e.Kind)
		}
		if s.err == nil && uint64(index) >= uint64(p.size(e.Kind)) {
			s.failAt(at, "expected the export %q to be one of %d of its kind (%s), found index %d",
				e.Name, p.size(e.Kind), e.Kind, index)
		}
		if s.err != nil {
			return
		}
		if e.Kind == KindFunction {
			e.Type = p.file.Types[p.file.functions[index]]
		}
		p.file.Exports = append(p.file.Exports, e)
	}
}

// size is how many things of a kind there are, imported or defined.
func (p *parser) size(k Kind) int {
	switch k {
	case KindFunction:
		return len(p.file.functions)
	case KindTable:
		return p.file.tables
	case KindMemory:
		return p.file.memories
	case KindGlobal:
		return p.file.globals
	}
	return p.file.tags
}

func (p *parser) parseStart(s *reader) {
	at := s.at
	i := s.u32("the start function's index")
	if s.err != nil {
		return
	}
	if uint64(i) >= uint64(len(p.file.functions)) {
		s.failAt(at, "expected the start function to be one of %d, found index %d", len(p.file.functions), i)
		return
	}
	t := p.file.Types[p.file.functions[i]]
	if len(t.Params)+len(t.Results) != 0 {
		s.failAt(at, "expected the start function to have type void -> void, found %s", t)
		return
	}
	imported := len(p.file.functions) - p.file.Functions
	p.file.Start = &Function{Index: i, Type: t, Imported: int(i) < imported}
}

func (p *parser) parseCode(s *reader) {
	p.bodies = s.count(2, "function bodies")
	for i := 0; i < p.bodies && s.err == nil; i++ {
		s.sub(s.u32("the size of a function body"), "a function body")
	}
}
