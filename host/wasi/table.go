package wasi

import (
	"github.com/header-auth/header-auth/host/abi"
	"github.com/header-auth/header-auth/host/profile"
)

// table lists all 46 functions of preview 1: by the set that brought them, then by name. The types are those of
// Envoy, which are those of preview 1 but for path_link and path_symlink.
func table() []Function {
	fd, pointer := num("fd"), address("pointer")
	iovs, path := []abi.Param{address("iovs"), num("iovs_len")}, text("path")
	return []Function{
		// Set A.
		define("args_get", success, profile.SetA, address("argv"), address("argv_buf")),
		define("args_sizes_get", argsSizesGet, profile.SetA, out32("argc"), out32("argv_buf_size")),
		allocating(profile.SetA, define("clock_time_get", clockTimeGet, profile.SetA, num("id"), long("precision"), out64("time"))),
		define("environ_get", environGet, profile.SetA, address("environ"), address("environ_buf")),
		define("environ_sizes_get", environSizesGet, profile.SetA, out32("count"), out32("buf_size")),
		define("fd_close", success, profile.Never, fd),
		define("fd_fdstat_get", fdstatGet, profile.SetB, fd, address("stat")),
		define("fd_prestat_dir_name", nosys, profile.SetA, fd, pointer, num("len")),
		define("fd_prestat_get", badf, profile.SetA, fd, pointer),
		define("fd_read", nosys, profile.Never, fd, iovs[0], iovs[1], out32("nread")),
		define("fd_seek", success, profile.Never, fd, long("offset"), num("whence"), out64("newoffset")),
		allocating(profile.SetA, define("fd_write", fdWrite, profile.SetA, fd, iovs[0], iovs[1], out32("nwritten"))),
		define("path_open", noent, profile.Never, fd, num("dirflags"), path, num("oflags"), long("rights_base"),
			long("rights_inheriting"), num("fdflags"), out32("opened_fd")),
		noResult(define("proc_exit", procExit, profile.Never, num("code"))),
		define("random_get", randomGet, profile.SetA, address("buf"), num("len")),

		// Set B.
		since(profile.SetB, define("fd_fdstat_set_flags", nosys, profile.SetB, fd, num("flags"))),
		allocating(profile.SetC, since(profile.SetB, define("poll_oneoff", pollOneoff, profile.SetC, address("in"), address("out"),
			num("nsubscriptions"), out32("nevents")))),
		since(profile.SetB, define("sched_yield", success, profile.Never)),

		// Set C.
		since(profile.SetC, define("clock_res_get", clockResGet, profile.SetC, num("id"), out64("resolution"))),
		since(profile.SetC, define("fd_advise", success, profile.SetC, fd, long("offset"), long("len"), num("advice"))),
		since(profile.SetC, define("fd_allocate", stdioOnly, profile.SetC, fd, long("offset"), long("len"))),
		since(profile.SetC, define("fd_datasync", stdioOnly, profile.SetC, fd)),
		since(profile.SetC, define("fd_fdstat_set_rights", stdioOnly, profile.SetC, fd, long("base"), long("inheriting"))),
		since(profile.SetC, define("fd_filestat_get", badf, profile.SetC, fd, pointer)),
		since(profile.SetC, define("fd_filestat_set_size", stdioOnly, profile.SetC, fd, long("size"))),
		since(profile.SetC, define("fd_filestat_set_times", stdioOnly, profile.SetC, fd, long("atim"), long("mtim"), num("flags"))),
		since(profile.SetC, define("fd_pread", nosys, profile.SetC, fd, iovs[0], iovs[1], long("offset"), out32("nread"))),
		since(profile.SetC, define("fd_pwrite", fdPwrite, profile.SetC, fd, iovs[0], iovs[1], long("offset"), out32("nwritten"))),
		since(profile.SetC, define("fd_readdir", fdReaddir, profile.SetC, fd, address("buf"), num("len"), long("cookie"),
			out32("bufused"))),
		since(profile.SetC, define("fd_renumber", fdRenumber, profile.SetC, fd, num("to"))),
		since(profile.SetC, define("fd_sync", stdioOnly, profile.SetC, fd)),
		since(profile.SetC, define("fd_tell", fdTell, profile.SetC, fd, out64("offset"))),
		since(profile.SetC, define("path_create_directory", notsup, profile.SetC, fd, path)),
		since(profile.SetC, define("path_filestat_get", notsup, profile.SetC, fd, num("flags"), path, pointer)),
		since(profile.SetC, define("path_filestat_set_times", notsup, profile.SetC, fd, num("flags"), path, long("atim"),
			long("mtim"), num("fstflags"))),
		// Preview 1 has old_fd, old_flags, old_path, new_fd, new_path: Envoy forgot the flags.
		since(profile.SetC, define("path_link", notsup, profile.SetC, fd, path, num("new_fd"), text("new_path"))),
		since(profile.SetC, define("path_readlink", pathReadlink, profile.SetC, fd, path, address("buf"), num("len"), out32("bufused"))),
		since(profile.SetC, define("path_remove_directory", notsup, profile.SetC, fd, path)),
		since(profile.SetC, define("path_rename", notsup, profile.SetC, fd, path, num("new_fd"), text("new_path"))),
		// Preview 1 has old_path, fd, new_path: Envoy forgot the descriptor.
		since(profile.SetC, define("path_symlink", notsup, profile.SetC, path, text("new_path"))),
		since(profile.SetC, define("path_unlink_file", notsup, profile.SetC, fd, path)),
		since(profile.SetC, define("sock_accept", sockAccept, profile.SetC, fd, num("flags"), out64("accepted_fd"))),
		since(profile.SetC, define("sock_recv", sockRecv, profile.SetC, fd, iovs[0], iovs[1], num("flags"), out32("nread"),
			out32("roflags"))),
		since(profile.SetC, define("sock_send", sockSend, profile.SetC, fd, iovs[0], iovs[1], num("flags"), out32("nwritten"))),
		since(profile.SetC, define("sock_shutdown", notsup, profile.SetC, fd, num("how"))),

		// No set.
		since(profile.Never, define("proc_raise", nosys, profile.Never, num("signal"))),
	}
}

// define describes a function of set A that start functions may call from the given set on, and allocators never.
func define(name string, call func(System, []uint64) Errno, atStart profile.WASISet, params ...abi.Param) Function {
	f := abi.Function{Name: name, Params: params, Result: abi.ResultErrno, Phases: abi.WhenRunning}
	return Function{Function: f, Links: profile.SetA, AtStart: atStart, InAllocator: profile.Never, Call: call}
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
