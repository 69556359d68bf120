package host

// The file descriptors that mean something: they become lines of the log.
const (
	stdout = 1
	stderr = 2
)

// maxLogText bounds the text of one log line. Envoy has no bound; iovecs that overlap can ask for any amount.
const maxLogText = 1 << 20

// wasiFdWrite joins all buffers into one line of the log: level info for stdout, error for stderr. One trailing newline
// goes; nothing is buffered or split. What it reports as written is always everything.
func wasiFdWrite(vm *VM, stack []uint64) uint32 {
	return writeLog(vm, uint32(stack[0]), uint32(stack[1]), uint32(stack[2]), uint32(stack[3]))
}

// wasiFdPwrite is fd_write, the offset set aside.
func wasiFdPwrite(vm *VM, stack []uint64) uint32 {
	return writeLog(vm, uint32(stack[0]), uint32(stack[1]), uint32(stack[2]), uint32(stack[4]))
}

func writeLog(vm *VM, fd, iovs, n, written uint32) errno {
	level := LogInfo
	switch fd {
	case stdout:
	case stderr:
		level = LogError
	default:
		return errnoBadf
	}
	text, total, ok := gather(vm, iovs, n)
	if !ok {
		return errnoFault
	}
	if total > 0 {
		if last := len(text) - 1; uint32(len(text)) == total && text[last] == '\n' {
			text = text[:last]
		}
		vm.logLine(level, text)
	}
	if !vm.writeU32(written, total) {
		return errnoFault
	}
	return errnoSuccess
}

// gather reads n iovecs, pairs of address and length. A single one is not copied.
func gather(vm *VM, iovs, n uint32) (text []byte, total uint32, ok bool) {
	const size = 8
	for i := range uint64(n) {
		at := uint64(iovs) + i*size
		if at > 1<<32-size {
			return nil, 0, false
		}
		iovec, ok := vm.read(uint32(at), size)
		if !ok {
			return nil, 0, false
		}
		pointer, length := le32(iovec), le32(iovec[4:])
		if length == 0 {
			continue
		}
		part, ok := vm.read(pointer, length)
		if !ok {
			return nil, 0, false
		}
		total += length
		part = part[:min(len(part), maxLogText-len(text))]
		if text == nil {
			text = part[:len(part):len(part)]
		} else {
			text = append(text, part...)
		}
	}
	return text, total, true
}

// wasiFdstatGet describes stdout and stderr as something of unknown type that can be written.
func wasiFdstatGet(vm *VM, stack []uint64) uint32 {
	if !isStdio(stack[0]) {
		return errnoBadf
	}
	const size, rights, rightWrite = 24, 8, 64 // fdstat, offset of fs_rights_base, right fd_write
	stat, ok := vm.room(uint32(stack[1]), size)
	if !ok {
		return errnoFault
	}
	clear(stat)
	stat[rights] = rightWrite
	return errnoSuccess
}

// wasiStdio is a function that does nothing and only knows stdout and stderr.
func wasiStdio(_ *VM, stack []uint64) uint32 {
	if !isStdio(stack[0]) {
		return errnoBadf
	}
	return errnoSuccess
}

func wasiFdTell(vm *VM, stack []uint64) uint32 {
	if !isStdio(stack[0]) {
		return errnoBadf
	}
	if !vm.writeU64(uint32(stack[1]), 0) {
		return errnoFault
	}
	return errnoSuccess
}

func wasiFdRenumber(_ *VM, stack []uint64) uint32 {
	if !isStdio(stack[0]) || !isStdio(stack[1]) {
		return errnoBadf
	}
	return errnoNotsup
}

// wasiFdReaddir gives no entries, and an error number that is not the one for "not a directory": 20 is what Envoy says.
func wasiFdReaddir(vm *VM, stack []uint64) uint32 {
	if !vm.writeU32(uint32(stack[4]), 0) {
		return errnoFault
	}
	return errnoExist
}

func wasiSockAccept(vm *VM, stack []uint64) uint32 { return refuseSocket(vm, stack[2]) }
func wasiSockRecv(vm *VM, stack []uint64) uint32   { return refuseSocket(vm, stack[4], stack[5]) }
func wasiSockSend(vm *VM, stack []uint64) uint32   { return refuseSocket(vm, stack[4]) }

func refuseSocket(vm *VM, outs ...uint64) errno {
	for _, out := range outs {
		if !vm.writeU32(uint32(out), 0) {
			return errnoFault
		}
	}
	return errnoNotsup
}

func isStdio(fd uint64) bool { return uint32(fd) == stdout || uint32(fd) == stderr }
