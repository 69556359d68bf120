package load

import (
	"encoding/binary"
	"fmt"

	"github.com/header-auth/header-auth/host/wasmfile"
)

// MaxTableElements is V8's limit of a table; here it is that of all tables of a module together. wazero has no limit: a
// guest could grow a table until the process is out of memory.
const MaxTableElements = 10_000_000

const tableSection = 4

// table is an entry of the section.
type table struct {
	kind        byte
	least, most uint64 // elements
}

// BoundTables gives the module's tables a limit where they have none or a higher one: each an equal part of what is
// left of MaxTableElements. Sections other than that of
// tables stay as they are.
func BoundTables(wasm []byte, file *wasmfile.File) ([]byte, error) {
	for _, s := range file.Sections {
		if s.ID != tableSection {
			continue
		}
		r := varints{rest: wasm[s.Offset+1 : s.Offset+s.Size]}
		r.next() // size
		count := r.next()
		var tables []table
		sum := uint64(0)
		for range count {
			t := table{kind: r.byte()}
			flags := r.byte()
			t.least, t.most = r.next(), MaxTableElements
			if flags&1 != 0 {
				t.most = min(t.most, r.next())
			}
			if r.bad || flags > 1 {
				return wasm, nil // wazero says what is wrong
			}
			if sum += min(t.least, MaxTableElements+1); sum > MaxTableElements {
				return nil, &Error{Faults: []Fault{{
					What: fmt.Sprintf("the tables have more than %d elements: V8 allows so many in each, and this host in all together",
						MaxTableElements),
				}}}
			}
			tables = append(tables, t)
		}
		body := binary.AppendUvarint(nil, count)
		for _, t := range tables {
			t.most = max(t.least, min(t.most, t.least+(MaxTableElements-sum)/count))
			body = append(body, t.kind, 1)
			body = binary.AppendUvarint(binary.AppendUvarint(body, t.least), t.most)
		}
		out := append(append([]byte(nil), wasm[:s.Offset]...), tableSection)
		out = append(binary.AppendUvarint(out, uint64(len(body))), body...)
		return append(out, wasm[s.Offset+s.Size:]...), nil
	}
	return wasm, nil
}

// varints reads unsigned LEB128 numbers; those of encoding/binary have the same form.
type varints struct {
	rest []byte
	bad  bool
}

func (v *varints) next() uint64 {
	n, size := binary.Uvarint(v.rest)
	if size <= 0 {
		v.bad = true
		return 0
	}
	v.rest = v.rest[size:]
	return n
}

func (v *varints) byte() byte {
	if len(v.rest) == 0 {
		v.bad = true
		return 0
	}
	b := v.rest[0]
	v.rest = v.rest[1:]
	return b
}
