package wasi

import (
	"encoding/binary"

	"github.com/header-auth/header-auth/host/abi"
)

// The file descriptors that mean something: they become lines of the log.
const (
	stdout = 1
	stderr = 2
)

func isStdio(fd uint64) bool { return uint32(fd) == stdout || uint32(fd) == stderr }

// maxLogText bounds the text of one log line. Envoy has no bound; iovecs that overlap can ask for any amount.
const maxLogText = 1 << 20

// fdWrite is fd_write(fd, iovs, iovs_len, nwritten): all buffers become one line of the log, of level info for stdout
// and error for stderr. One newline at the end is left out; a line is not split, and nothing is logged for no bytes.
// It writes the number of all bytes to nwritten (u32). Badf for another descriptor; Fault when an iovec, a buffer or
// nwritten is outside memory, the last of these after the line was logged. Decided in exports.cc, writevImpl.
func fdWrite(s System, stack []uint64) Errno {
	return writeLog(s, uint32(stack[0]), uint32(stack[1]), uint32(stack[2]), uint32(stack[3]))
}

// fdPwrite is fd_pwrite(fd, iovs, iovs_len, offset, nwritten): fdWrite, without a look at the offset.
func fdPwrite(s System, stack []uint64) Errno {
	return writeLog(s, uint32(stack[0]), uint32(stack[1]), uint32(stack[2]), uint32(stack[4]))
}

func writeLog(s System, fd, iovs, n, written uint32) Errno {
	level := abi.LogInfo
	switch fd {
	case stdout:
	case stderr:
		level = abi.LogError
	default:
		return Badf
	}
	text, total, ok := gather(s, iovs, n)
	if !ok {
		return Fault
	}
	if total > 0 {
		s.Wrote(text)
		if last := len(text) - 1; uint32(len(text)) == total && text[last] == '\n' {
			text = text[:last]
		}
		s.Log(level, text)
	}
	if !s.WriteU32(written, total) {
		return Fault
	}
	return Success
}

// gather reads n iovecs, pairs of address and length. A single one is not copied.
func gather(s System, iovs, n uint32) (text []byte, total uint32, ok bool) {
	const size = 8
	for i := range uint64(n) {
		at := uint64(iovs) + i*size
		if at > 1<<32-size {
			return nil, 0, false
		}
		iovec, ok := s.Read(uint32(at), size)
		if !ok {
			return nil, 0, false
		}
		pointer, length := binary.LittleEndian.Uint32(iovec), binary.LittleEndian.Uint32(iovec[4:])
		if length == 0 {
			continue
		}
		part, ok := s.Read(pointer, length)
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
