package rewrite

// reader reads what package wasmfile has found to be well-formed.
type reader struct {
	wasm []byte
	at   int
}

// number is an unsigned one in LEB128.
func (r *reader) number() (n uint64) {
	for shift := 0; ; shift += 7 {
		b := r.take(1)[0]
		n |= uint64(b&0x7f) << shift
		if b < 0x80 {
			return n
		}
	}
}

func (r *reader) take(n int) []byte {
	r.at += n
	return r.wasm[r.at-n : r.at]
}

func (r *reader) rest() []byte { return r.wasm[r.at:] }

// expression reads a constant one: i32.const N or global.get N, then end.
func (r *reader) expression() {
	for r.take(1)[0] != 0x0b {
		r.number()
	}
}

// number writes an unsigned number in LEB128.
func number(n uint64) []byte {
	var out []byte
	for n >= 0x80 {
		out = append(out, byte(n)|0x80)
		n >>= 7
	}
	return append(out, byte(n))
}

func text(s string) []byte { return append(number(uint64(len(s))), s...) }
