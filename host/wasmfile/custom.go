package wasmfile

import "strings"

const functionNames = 1 // the subsection of the name section

func (p *parser) parseCustom(name string, s *reader) {
	if s.err != nil {
		return
	}
	switch name {
	case "name":
		p.parseNames(*s)
	case "producers":
		p.parseProducers(*s)
	}
}

// parseNames reads function names (core specification, appendix "Name Section"). A fault in them is noted, not
// returned: the module works without them, but Envoy reads them for its backtraces and refuses the module.
func (p *parser) parseNames(s reader) {
	for s.err == nil && s.left() > 0 {
		id := s.byte("a subsection of names")
		sub := s.sub(s.u32("the size of a subsection of names"), "names")
		if id != functionNames || s.err != nil {
			continue
		}
		n := sub.count(2, "function names")
		for i := 0; i < n && sub.err == nil; i++ {
			sub.u32("a function index")
			text := sub.sub(sub.u32("the length of a function name"), "a function name")
			if text.err == nil && strings.HasSuffix(string(text.bytes[text.at:text.end]), ".command_export") {
				p.file.CommandExports++
			}
		}
		sub.finish("the function names")
		s.err = sub.err
	}
	if s.err != nil {
		p.file.NamesFault = s.err.Error()
		return
	}
	p.file.HasNames = true
}

// parseProducers reads which tools made the module; a malformed section is ignored.
func (p *parser) parseProducers(s reader) {
	var producers []Producer
	for range s.count(2, "producer fields") {
		field := s.name("a producer field")
		for range s.count(2, "producers") {
			producers = append(producers, Producer{Field: field, Name: s.name("a producer"), Version: s.name("a version")})
		}
	}
	if s.err == nil {
		p.file.Producers = append(p.file.Producers, producers...)
	}
}
