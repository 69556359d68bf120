package wasi

import (
	"github.com/header-auth/header-auth/host/abi"
	"github.com/header-auth/header-auth/host/profile"
)

const (
	setA  = profile.SetA
	setB  = profile.SetB
	setC  = profile.SetC
	never = profile.Never
)

// table lists all 46 functions of preview 1: by the set that brought them, then by name. The types are those of
// Envoy, which are those of preview 1 but for path_link and path_symlink.
func table() []Function {
	fd, pointer := num("fd"), address("pointer")
	iovs, path := []abi.Param{address("iovs"), num("iovs_len")}, text("path")
	return []Function{
		// Set A.
		define("args_get", success, setA, address("argv"), address("argv_buf")),
		define("args_sizes_get", argsSizesGet, setA, out32("argc"), out32("argv_buf_size")),
		allocating(setA, define("clock_time_get", clockTimeGet, setA, num("id"), long("precision"), out64("time"))),
		define("environ_get", environGet, setA, address("environ"), address("environ_buf")),
		define("environ_sizes_get", environSizesGet, setA, out32("count"), out32("buf_size")),
		define("fd_close", success, never, fd),
		define("fd_fdstat_get", fdstatGet, setB, fd, address("stat")),
		define("fd_prestat_dir_name", nosys, setA, fd, pointer, num("len")),
		define("fd_prestat_get", badf, setA, fd, pointer),
		define("fd_read", nosys, never, fd, iovs[0], iovs[1], out32("nread")),
		define("fd_seek", success, never, fd, long("offset"), num("whence"), out64("newoffset")),
		allocating(setA, define("fd_write", fdWrite, setA, fd, iovs[0], iovs[1], out32("nwritten"))),
		define("path_open", noent, never, fd, num("dirflags"), path, num("oflags"), long("rights_base"),
			long("rights_inheriting"), num("fdflags"), out32("opened_fd")),
		noResult(define("proc_exit", procExit, never, num("code"))),
		define("random_get", randomGet, setA, address("buf"), num("len")),

		// Set B.
		since(setB, define("fd_fdstat_set_flags", nosys, setB, fd, num("flags"))),
		allocating(setC, since(setB, define("poll_oneoff", pollOneoff, setC, address("in"), address("out"),
			num("nsubscriptions"), out32("nevents")))),
		since(setB, define("sched_yield", success, never)),

		// Set C.
		since(setC, define("clock_res_get", clockResGet, setC, num("id"), out64("resolution"))),
		since(setC, define("fd_advise", success, setC, fd, long("offset"), long("len"), num("advice"))),
		since(setC, define("fd_allocate", stdioOnly, setC, fd, long("offset"), long("len"))),
		since(setC, define("fd_datasync", stdioOnly, setC, fd)),
		since(setC, define("fd_fdstat_set_rights", stdioOnly, setC, fd, long("base"), long("inheriting"))),
		since(setC, define("fd_filestat_get", badf, setC, fd, pointer)),
		since(setC, define("fd_filestat_set_size", stdioOnly, setC, fd, long("size"))),
		since(setC, define("fd_filestat_set_times", stdioOnly, setC, fd, long("atim"), long("mtim"), num("flags"))),
		since(setC, define("fd_pread", nosys, setC, fd, iovs[0], iovs[1], long("offset"), out32("nread"))),
		since(setC, define("fd_pwrite", fdPwrite, setC, fd, iovs[0], iovs[1], long("offset"), out32("nwritten"))),
		since(setC, define("fd_readdir", fdReaddir, setC, fd, address("buf"), num("len"), long("cookie"),
			out32("bufused"))),
		since(setC, define("fd_renumber", fdRenumber, setC, fd, num("to"))),
		since(setC, define("fd_sync", stdioOnly, setC, fd)),
		since(setC, define("fd_tell", fdTell, setC, fd, out64("offset"))),
		since(setC, define("path_create_directory", notsup, setC, fd, path)),
		since(setC, define("path_filestat_get", notsup, setC, fd, num("flags"), path, pointer)),
		since(setC, define("path_filestat_set_times", notsup, setC, fd, num("flags"), path, long("atim"),
			long("mtim"), num("fstflags"))),
		// Preview 1 has old_fd, old_flags, old_path, new_fd, new_path: Envoy forgot the flags.
		since(setC, define("path_link", notsup, setC, fd, path, num("new_fd"), text("new_path"))),
		since(setC, define("path_readlink", pathReadlink, setC, fd, path, address("buf"), num("len"), out32("bufused"))),
		since(setC, define("path_remove_directory", notsup, setC, fd, path)),
		since(setC, define("path_rename", notsup, setC, fd, path, num("new_fd"), text("new_path"))),
		// Preview 1 has old_path, fd, new_path: Envoy forgot the descriptor.
		since(setC, define("path_symlink", notsup, setC, path, text("new_path"))),
		since(setC, define("path_unlink_file", notsup, setC, fd, path)),
		since(setC, define("sock_accept", sockAccept, setC, fd, num("flags"), out64("accepted_fd"))),
		since(setC, define("sock_recv", sockRecv, setC, fd, iovs[0], iovs[1], num("flags"), out32("nread"),
			out32("roflags"))),
		since(setC, define("sock_send", sockSend, setC, fd, iovs[0], iovs[1], num("flags"), out32("nwritten"))),
		since(setC, define("sock_shutdown", notsup, setC, fd, num("how"))),

		// No set.
		since(never, define("proc_raise", nosys, never, num("signal"))),
	}
}

// define describes a function of set A that start functions may call from the given set on, and allocators never.
func define(name string, call func(System, []uint64) Errno, atStart profile.WASISet, params ...abi.Param) Function {
	f := abi.Function{Name: name, Params: params, Result: abi.ResultErrno, Phases: abi.WhenRunning}
	return Function{Function: f, Links: setA, AtStart: atStart, InAllocator: never, Call: call}
}

func since(set profile.WASISet, f Function) Function {
	f.Links = set
	return f
}

func allocating(set profile.WASISet, f Function) Function {
	f.InAllocator = set
	return f
}

func noResult(f Function) Function {
	f.Result = abi.ResultNone
	return f
}

func num(name string) abi.Param     { return abi.Param{Name: name, Kind: abi.KindI32} }
func long(name string) abi.Param    { return abi.Param{Name: name, Kind: abi.KindI64} }
func address(name string) abi.Param { return abi.Param{Name: name, Kind: abi.KindPointer} }
func text(name string) abi.Param    { return abi.Param{Name: name, Kind: abi.KindBytes} }
func out32(name string) abi.Param   { return abi.Param{Name: name, Kind: abi.KindOut32} }
func out64(name string) abi.Param   { return abi.Param{Name: name, Kind: abi.KindOut64} }
