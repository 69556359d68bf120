package wasi

import "io"

// argsSizesGet is args_sizes_get(argc, argv_buf_size): a plugin has no arguments, 0 goes to both (u32). Fault when one
// of them is outside memory.
func argsSizesGet(s System, stack []uint64) Errno {
	if !s.WriteU32(uint32(stack[0]), 0) || !s.WriteU32(uint32(stack[1]), 0) {
		return Fault
	}
	return Success
}

// environSizesGet is environ_sizes_get(count, buf_size): the number of variables and the bytes that environ_get writes
// for them, both u32. Fault when one of them is outside memory.
func environSizesGet(s System, stack []uint64) Errno {
	size := 0
	environment := s.Environment()
	for _, v := range environment {
		size += len(v) + len("\x00")
	}
	if !s.WriteU32(uint32(stack[0]), uint32(len(environment))) || !s.WriteU32(uint32(stack[1]), uint32(size)) {
		return Fault
	}
	return Success
}

// environGet is environ_get(environ, environ_buf): NAME=VALUE and a NUL of each variable go to environ_buf, one behind
// the other, and the address of each to environ. Fault when a byte of it is outside memory; what came before stays.
func environGet(s System, stack []uint64) Errno {
	table, at := uint32(stack[0]), uint32(stack[1])
	for _, v := range s.Environment() {
		n := uint32(len(v) + 1)
		text, ok := s.WritableView(at, n)
		if !ok || !s.WriteU32(table, at) {
			return Fault
		}
		text[copy(text, v)] = 0
		table, at = table+4, at+n
	}
	return Success
}

// maxRandom is the most bytes Envoy gives at once (proxy-wasm-cpp-host, include/proxy-wasm/limits.h).
const maxRandom = 65536

// randomGet is random_get(buf, len): len random bytes go to buf. Inval for more than 65536 bytes, Fault when buf is
// outside memory; no bytes are Success wherever buf is. Inval also when the source of random bytes fails, which in
// Envoy it does not.
func randomGet(s System, stack []uint64) Errno {
	pointer, n := uint32(stack[0]), uint32(stack[1])
	switch {
	case n > maxRandom:
		return Inval
	case n == 0:
		return Success
	}
	b, ok := s.WritableView(pointer, n)
	if !ok {
		return Fault
	}
	if _, err := io.ReadFull(s.Random(), b); err != nil {
		return Inval
	}
	return Success
}

// procExit is proc_exit(code), which has no result: it comes back to the guest, which goes on behind it. Start
// functions must not call it.
func procExit(System, []uint64) Errno { return Success }
