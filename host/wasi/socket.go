package wasi

// sockAccept is sock_accept(fd, flags, accepted_fd): Notsup. Envoy writes 0 to accepted_fd, in 8 bytes where preview 1
// has 4. Fault when they are outside memory.
func sockAccept(s System, stack []uint64) Errno {
	if !s.WriteU64(uint32(stack[2]), 0) {
		return Fault
	}
	return Notsup
}

// sockRecv is sock_recv(fd, iovs, iovs_len, flags, nread, roflags): Notsup, with 0 in nread (u32) and roflags (u16).
// Fault when one of them is outside memory.
func sockRecv(s System, stack []uint64) Errno {
	if !s.WriteU32(uint32(stack[4]), 0) {
		return Fault
	}
	flags, ok := s.WritableView(uint32(stack[5]), 2)
	if !ok {
		return Fault
	}
	clear(flags)
	return Notsup
}

// sockSend is sock_send(fd, iovs, iovs_len, flags, nwritten): Notsup, with 0 in nwritten (u32). Fault when it is
// outside memory.
func sockSend(s System, stack []uint64) Errno {
	if !s.WriteU32(uint32(stack[4]), 0) {
		return Fault
	}
	return Notsup
}
