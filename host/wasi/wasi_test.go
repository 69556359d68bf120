package wasi

import (
	"bytes"
	"encoding/binary"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/header-auth/header-auth/host/abi"
	"github.com/header-auth/header-auth/host/profile"
)

// bench calls functions directly, on one page of memory. It is their System.
type bench struct {
	*testing.T
	memory [outside]byte
	random io.Reader
	lines  []string
}

const (
	outside  = 65536 // the first address that is not in memory
	straddle = 65534 // an address where neither 4 nor 8 bytes fit
)

func newBench(t *testing.T) *bench { return &bench{T: t, random: strings.NewReader("random bytes")} }

func (b *bench) Read(ptr, n uint32) ([]byte, bool) {
	if uint64(ptr)+uint64(n) > outside {
		return nil, false
	}
	return b.memory[ptr:][:n], true
}

func (b *bench) WritableView(ptr, n uint32) ([]byte, bool) { return b.Read(ptr, n) }

func (b *bench) WriteU32(ptr, v uint32) bool {
	view, ok := b.Read(ptr, 4)
	if ok {
		binary.LittleEndian.PutUint32(view, v)
	}
	return ok
}

func (b *bench) WriteU64(ptr uint32, v uint64) bool {
	view, ok := b.Read(ptr, 8)
	if ok {
		binary.LittleEndian.PutUint64(view, v)
	}
	return ok
}

func (b *bench) Log(l abi.LogLevel, text []byte) {
	b.lines = append(b.lines, l.String()+" "+string(text))
}
func (b *bench) Wrote([]byte)             {}
func (b *bench) WallClock() uint64        { return 1_000_001_000 }
func (b *bench) Monotonic() time.Duration { return 0 }
func (b *bench) Random() io.Reader        { return b.random }
func (b *bench) Environment() []string    { return []string{"A=1", "HOME="} }

// call runs a function as the profile has it.
func (b *bench) call(p profile.Profile, name string, args ...uint64) Errno {
	b.Helper()
	for _, f := range Functions(p) {
		if f.Name == name {
			if n := len(f.Type().Params); len(args) != n {
				b.Fatalf("%s takes %d parameters, called with %d", name, n, len(args))
			}
			return f.Call(b, args)
		}
	}
	b.Fatalf("%v has no %s", p, name)
	return 0
}

func (b *bench) put(at uint32, text string) { copy(b.memory[at:], text) }

func (b *bench) get(at, n uint32) []byte { return b.memory[at:][:n] }

// iovecs writes pairs of address and length at 1000.
func (b *bench) iovecs(words ...uint32) {
	for i, w := range words {
		b.WriteU32(uint32(1000+4*i), w)
	}
}

func TestResults(t *testing.T) {
	const e140, e136 = profile.Envoy140, profile.Envoy136
	const garbage = 0xdead_0000_0001 // the upper half of an i32's word means nothing
	tests := []struct {
		name     string
		profile  profile.Profile
		function string
		args     []uint64
		want     Errno
		memory   string // at 100
	}{
		{"args_sizes_get", e140, "args_sizes_get", []uint64{100, 104}, 0, "\x00\x00\x00\x00\x00\x00\x00\x00"},
		{"args_sizes_get, bad pointer", e140, "args_sizes_get", []uint64{100, straddle}, 21, "\x00\x00\x00\x00"},
		{"args_get", e140, "args_get", []uint64{outside, outside}, 0, ""},
		{"environ_sizes_get", e140, "environ_sizes_get", []uint64{100, 104}, 0, "\x02\x00\x00\x00\x0a\x00\x00\x00"},
		{"environ_sizes_get, bad pointer", e140, "environ_sizes_get", []uint64{outside, 104}, 21, ""},
		{"environ_get", e140, "environ_get", []uint64{100, 108}, 0, "\x6c\x00\x00\x00\x70\x00\x00\x00A=1\x00HOME=\x00"},
		{"environ_get, bad table", e140, "environ_get", []uint64{straddle, 108}, 21, ""},
		{"environ_get, bad buffer", e140, "environ_get", []uint64{100, straddle}, 21, ""},
		{"clock_time_get, wall", e140, "clock_time_get", []uint64{0, 1, 100}, 0, "\xe8\xcd\x9a\x3b\x00\x00\x00\x00"},
		{"clock_time_get, monotonic", e140, "clock_time_get", []uint64{1, 1, 100}, 0, "\x00\xa0\xb8\x30\x46\x03\x00\x00"},
		{"clock_time_get, process", e140, "clock_time_get", []uint64{2, 1, 100}, 58, "----"},
		{"clock_time_get, bad pointer", e140, "clock_time_get", []uint64{0, 1, straddle}, 21, ""},
		{"clock_res_get", e140, "clock_res_get", []uint64{1, 100}, 0, "\x01\x00\x00\x00\x00\x00\x00\x00"},
		{"clock_res_get, process", e140, "clock_res_get", []uint64{3, 100}, 58, "----"},
		{"clock_res_get, bad pointer", e140, "clock_res_get", []uint64{0, outside}, 21, ""},
		{"random_get", e140, "random_get", []uint64{100, 6}, 0, "random--"},
		{"random_get, none", e140, "random_get", []uint64{outside + 1, 0}, 0, ""},
		{"random_get, too many", e140, "random_get", []uint64{0, 65537}, 28, ""},
		{"random_get, bad pointer", e140, "random_get", []uint64{straddle, 8}, 21, ""},
		{"random_get, source runs dry", e140, "random_get", []uint64{200, 100}, 28, ""},
		{"fd_fdstat_get, stdout", e140, "fd_fdstat_get", []uint64{1, 100}, 0, strings.Repeat("\x00", 8) + "\x40" +
			strings.Repeat("\x00", 15) + "--"},
		{"fd_fdstat_get, upper half set", e140, "fd_fdstat_get", []uint64{garbage, 100}, 0, "\x00"},
		{"fd_fdstat_get, file", e140, "fd_fdstat_get", []uint64{3, 100}, 8, "----"},
		{"fd_fdstat_get, bad pointer", e140, "fd_fdstat_get", []uint64{2, outside - 23}, 0, ""},
		{"fd_fdstat_set_flags", e136, "fd_fdstat_set_flags", []uint64{1, 0}, 52, ""},
		{"fd_close", e140, "fd_close", []uint64{99}, 0, ""},
		{"fd_seek", e140, "fd_seek", []uint64{99, 0, 0, outside}, 0, ""},
		{"fd_read", e140, "fd_read", []uint64{0, 0, 0, 100}, 52, "----"},
		{"fd_prestat_get", e140, "fd_prestat_get", []uint64{3, 100}, 8, "----"},
		{"fd_prestat_dir_name", e140, "fd_prestat_dir_name", []uint64{3, 100, 4}, 52, "----"},
		{"path_open", e140, "path_open", []uint64{3, 0, 0, 1, 0, 0, 0, 0, 100}, 44, "----"},
		{"sched_yield", e140, "sched_yield", nil, 0, ""},
		{"poll_oneoff, 1.36", e136, "poll_oneoff", []uint64{0, 0, 1, 100}, 52, "----"},
		{"poll_oneoff, 1.40", e140, "poll_oneoff", []uint64{0, 0, 1, 100}, 0, "\x00\x00\x00\x00--"},
		{"poll_oneoff, bad pointer", e140, "poll_oneoff", []uint64{0, 0, 1, straddle}, 21, ""},
		{"fd_advise", e140, "fd_advise", []uint64{9, 0, 0, 0}, 0, ""},
		{"fd_allocate, stdout", e140, "fd_allocate", []uint64{1, 0, 0}, 0, ""},
		{"fd_allocate, file", e140, "fd_allocate", []uint64{3, 0, 0}, 8, ""},
		{"fd_sync, stdin", e140, "fd_sync", []uint64{0}, 8, ""},
		{"fd_filestat_get", e140, "fd_filestat_get", []uint64{1, 100}, 8, "----"},
		{"fd_pread", e140, "fd_pread", []uint64{0, 0, 0, 0, 100}, 52, "----"},
		{"fd_readdir", e140, "fd_readdir", []uint64{3, 0, 0, 0, 100}, 20, "\x00\x00\x00\x00--"},
		{"fd_readdir, bad pointer", e140, "fd_readdir", []uint64{3, 0, 0, 0, outside}, 21, ""},
		{"fd_renumber", e140, "fd_renumber", []uint64{1, 2}, 58, ""},
		{"fd_renumber, file", e140, "fd_renumber", []uint64{1, 3}, 8, ""},
		{"fd_tell", e140, "fd_tell", []uint64{1, 100}, 0, "\x00\x00\x00\x00\x00\x00\x00\x00--"},
		{"fd_tell, file", e140, "fd_tell", []uint64{3, 100}, 8, "----"},
		{"fd_tell, bad pointer", e140, "fd_tell", []uint64{1, straddle}, 21, ""},
		{"path_filestat_get", e140, "path_filestat_get", []uint64{3, 0, 0, 1, 100}, 58, "----"},
		{"path_link", e140, "path_link", []uint64{3, 0, 1, 3, 0, 1}, 58, ""},
		{"path_readlink", e140, "path_readlink", []uint64{3, 0, 1, 0, 0, 100}, 58, "\x00\x00\x00\x00--"},
		{"path_readlink, bad pointer", e140, "path_readlink", []uint64{3, 0, 1, 0, 0, straddle}, 21, ""},
		{"path_symlink", e140, "path_symlink", []uint64{0, 1, 0, 1}, 58, ""},
		{"sock_accept", e140, "sock_accept", []uint64{3, 0, 100}, 58, "\x00\x00\x00\x00\x00\x00\x00\x00--"},
		{"sock_accept, bad pointer", e140, "sock_accept", []uint64{3, 0, straddle}, 21, ""},
		{"sock_recv", e140, "sock_recv", []uint64{3, 0, 0, 0, 100, 104}, 58, "\x00\x00\x00\x00\x00\x00--"},
		{"sock_recv, bad pointer", e140, "sock_recv", []uint64{3, 0, 0, 0, 100, outside}, 21, ""},
		{"sock_send", e140, "sock_send", []uint64{3, 0, 0, 0, 100}, 58, "\x00\x00\x00\x00--"},
		{"sock_shutdown", e140, "sock_shutdown", []uint64{3, 0}, 58, ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			b := newBench(t)
			b.put(100, strings.Repeat("-", 64))
			if got := b.call(test.profile, test.function, test.args...); got != test.want {
				t.Errorf("got %d, want %d", got, test.want)
			}
			if got := b.get(100, uint32(len(test.memory))); string(got) != test.memory {
				t.Errorf("memory % x, want % x", got, test.memory)
			}
			if len(b.lines) != 0 {
				t.Errorf("logged %q", b.lines)
			}
		})
	}
}

func TestWrite(t *testing.T) {
	tests := []struct {
		name    string
		fd      uint64
		iovs    []uint32 // at 1000; "ab\n" lies at 100, "c\nd\n\n" at 110
		n       uint64
		written uint64
		want    Errno
		lines   []string
		total   uint32 // at 2000
	}{
		{"stdout", 1, []uint32{100, 2}, 1, 2000, 0, []string{"info ab"}, 2},
		{"stderr", 2, []uint32{100, 2}, 1, 2000, 0, []string{"error ab"}, 2},
		{"a newline goes", 1, []uint32{100, 3}, 1, 2000, 0, []string{"info ab"}, 3},
		{"one newline goes, inner ones stay", 1, []uint32{110, 5}, 1, 2000, 0, []string{"info c\nd\n"}, 5},
		{"only a newline", 1, []uint32{102, 1}, 1, 2000, 0, []string{"info "}, 1},
		{"joined", 1, []uint32{100, 3, 110, 1, 100, 1}, 3, 2000, 0, []string{"info ab\nca"}, 5},
		{"nothing", 1, nil, 0, 2000, 0, nil, 0},
		{"empty part outside memory", 1, []uint32{outside + 9, 0}, 1, 2000, 0, nil, 0},
		{"stdin", 0, []uint32{100, 2}, 1, 2000, 8, nil, unwritten},
		{"file", 3, []uint32{100, 2}, 1, 2000, 8, nil, unwritten},
		{"bad part", 1, []uint32{100, 2, straddle, 4}, 2, 2000, 21, nil, unwritten},
		{"more iovecs than memory", 1, nil, 0xffffffff, 2000, 21, nil, unwritten},
		{"bad count pointer, after logging", 1, []uint32{100, 2}, 1, straddle, 21, []string{"info ab"}, unwritten},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			b := newBench(t)
			b.put(100, "ab\n")
			b.put(110, "c\nd\n\n")
			b.iovecs(test.iovs...)
			b.WriteU32(2000, unwritten)
			if got := b.call(profile.Envoy140, "fd_write", test.fd, 1000, test.n, test.written); got != test.want {
				t.Errorf("got %d, want %d", got, test.want)
			}
			if diff := cmp.Diff(test.lines, b.lines); diff != "" {
				t.Error(diff)
			}
			if got := binary.LittleEndian.Uint32(b.get(2000, 4)); got != test.total {
				t.Errorf("written %d, want %d", got, test.total)
			}
		})
	}
	t.Run("fd_pwrite", func(t *testing.T) {
		b := newBench(t)
		b.put(100, "ab")
		b.iovecs(100, 2)
		if got := b.call(profile.Envoy140, "fd_pwrite", 2, 1000, 1, 77, 2000); got != 0 || len(b.lines) != 1 ||
			b.lines[0] != "error ab" {
			t.Errorf("got %d, logged %q", got, b.lines)
		}
	})
}

const unwritten = 0xeeeeeeee

// A guest can name the same bytes in any number of iovecs: what it asks for must not become the host's memory.
func TestWriteIsBounded(t *testing.T) {
	b := newBench(t)
	const n = 8000
	for i := range uint32(n) {
		b.WriteU32(8*i, 0)
		b.WriteU32(8*i+4, 65000)
	}
	if got := b.call(profile.Envoy140, "fd_write", 1, 0, n, 65000); got != 0 {
		t.Errorf("got %d, want 0", got)
	}
	if len(b.lines) != 1 || len(b.lines[0]) > maxLogText+len("info ") {
		t.Errorf("%d lines, the first of %d bytes", len(b.lines), len(b.lines[0]))
	}
	if got := binary.LittleEndian.Uint32(b.get(65000, 4)); got != n*65000 {
		t.Errorf("written %d, want %d", got, n*65000)
	}
}

// No arguments may make a function panic.
func TestAnyArguments(t *testing.T) {
	edges := []uint64{0, 1, 2, straddle, outside, 1 << 31, 1<<32 - 1, 1<<64 - 1}
	for _, f := range Functions(profile.Envoy140) {
		b := newBench(t)
		for _, first := range edges {
			for _, rest := range edges {
				args := words(len(f.Type().Params), rest)
				if len(args) > 0 {
					args[0] = first
				}
				f.Call(b, args)
			}
		}
	}
}

func words(n int, word uint64) []uint64 {
	args := make([]uint64, n)
	for i := range args {
		args[i] = word
	}
	return args
}

// Writing a line in one piece is on the path of every log line of Go and Rust programs.
func TestWriteOfOnePartIsNotCopied(t *testing.T) {
	b := newBench(t)
	b.put(100, "ab\n")
	b.iovecs(100, 2)
	text, total, ok := gather(b, 1000, 1)
	if !ok || total != 2 || !bytes.Equal(text, []byte("ab")) {
		t.Fatalf("got %q, %d, %v", text, total, ok)
	}
	if view := b.get(100, 2); &view[0] != &text[0] {
		t.Error("the text is a copy")
	}
}
