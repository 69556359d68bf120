package wasi

// fdstatGet is fd_fdstat_get(fd, stat): it describes stdout and stderr as something of unknown type that can be
// written, in the 24 bytes of a fdstat at stat. Badf for another descriptor. An address outside memory is no error:
// nothing is written then.
func fdstatGet(s System, stack []uint64) Errno {
	if !isStdio(stack[0]) {
		return Badf
	}
	const size, rights, rightWrite = 24, 8, 64 // fdstat, offset of fs_rights_base, right fd_write
	if stat, ok := s.WritableView(uint32(stack[1]), size); ok {
		clear(stat)
		stat[rights] = rightWrite
	}
	return Success
}

// stdioOnly is a function of one descriptor that does nothing: Success for stdout and stderr, Badf for others.
func stdioOnly(_ System, stack []uint64) Errno {
	if !isStdio(stack[0]) {
		return Badf
	}
	return Success
}

// fdTell is fd_tell(fd, offset): 0 is written to offset (u64) for stdout and stderr. Badf for another descriptor, Fault
// for an address outside memory.
func fdTell(s System, stack []uint64) Errno {
	if !isStdio(stack[0]) {
		return Badf
	}
	if !s.WriteU64(uint32(stack[1]), 0) {
		return Fault
	}
	return Success
}

// fdRenumber is fd_renumber(fd, to): Notsup for stdout and stderr, Badf when one of them is another descriptor.
func fdRenumber(_ System, stack []uint64) Errno {
	if !isStdio(stack[0]) || !isStdio(stack[1]) {
		return Badf
	}
	return Notsup
}

// fdReaddir is fd_readdir(fd, buf, len, cookie, bufused): no entries, 0 is written to bufused (u32), and the answer is
// Exist: Envoy's code calls its 20 "not a directory". Fault when bufused is outside memory.
func fdReaddir(s System, stack []uint64) Errno {
	if !s.WriteU32(uint32(stack[4]), 0) {
		return Fault
	}
	return Exist
}

// pathReadlink is path_readlink(fd, path, buf, len, bufused): 0 is written to bufused (u32), and the answer is Notsup.
// Fault when bufused is outside memory.
func pathReadlink(s System, stack []uint64) Errno {
	if !s.WriteU32(uint32(stack[5]), 0) {
		return Fault
	}
	return Notsup
}
