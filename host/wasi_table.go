package host

// wasiTable lists all 46 functions of preview 1: by the set that brought them, then by name. The types are those of
// Envoy, which are those of preview 1 but for path_link and path_symlink.
func wasiTable() []wasiFunction {
	fd, pointer := num("fd"), address("pointer")
	iovs, path := []param{{"iovs", kindPointer}, {"iovs_len", kindI32}}, param{"path", kindBytes}
	return []wasiFunction{
		// Set A.
		wasi("args_get", wasiSuccess, setA, address("argv"), address("argv_buf")),
		wasi("args_sizes_get", wasiArgsSizesGet, setA, out32("argc"), out32("argv_buf_size")),
		allocating(setA, wasi("clock_time_get", wasiClockTimeGet, setA, num("id"), long("precision"), out64("time"))),
		wasi("environ_get", wasiEnvironGet, setA, address("environ"), address("environ_buf")),
		wasi("environ_sizes_get", wasiEnvironSizesGet, setA, out32("count"), out32("buf_size")),
		wasi("fd_close", wasiSuccess, never, fd),
		wasi("fd_fdstat_get", wasiFdstatGet, setB, fd, address("stat")),
		wasi("fd_prestat_dir_name", wasiNosys, setA, fd, pointer, num("len")),
		wasi("fd_prestat_get", wasiBadf, setA, fd, pointer),
		wasi("fd_read", wasiNosys, never, fd, iovs[0], iovs[1], out32("nread")),
		wasi("fd_seek", wasiSuccess, never, fd, long("offset"), num("whence"), out64("newoffset")),
		allocating(setA, wasi("fd_write", wasiFdWrite, setA, fd, iovs[0], iovs[1], out32("nwritten"))),
		wasi("path_open", wasiNoent, never, fd, num("dirflags"), path, num("oflags"), long("rights_base"),
			long("rights_inheriting"), num("fdflags"), out32("opened_fd")),
		noResult(wasi("proc_exit", wasiProcExit, never, num("code"))),
		wasi("random_get", wasiRandomGet, setA, address("buf"), num("len")),

		// Set B.
		since(setB, wasi("fd_fdstat_set_flags", wasiNosys, setB, fd, num("flags"))),
		allocating(setC, since(setB, wasi("poll_oneoff", wasiPollOneoff, setC, address("in"), address("out"),
			num("nsubscriptions"), out32("nevents")))),
		since(setB, wasi("sched_yield", wasiSuccess, never)),

		// Set C.
		since(setC, wasi("clock_res_get", wasiClockResGet, setC, num("id"), out64("resolution"))),
		since(setC, wasi("fd_advise", wasiSuccess, setC, fd, long("offset"), long("len"), num("advice"))),
		since(setC, wasi("fd_allocate", wasiStdio, setC, fd, long("offset"), long("len"))),
		since(setC, wasi("fd_datasync", wasiStdio, setC, fd)),
		since(setC, wasi("fd_fdstat_set_rights", wasiStdio, setC, fd, long("base"), long("inheriting"))),
		since(setC, wasi("fd_filestat_get", wasiBadf, setC, fd, pointer)),
		since(setC, wasi("fd_filestat_set_size", wasiStdio, setC, fd, long("size"))),
		since(setC, wasi("fd_filestat_set_times", wasiStdio, setC, fd, long("atim"), long("mtim"), num("flags"))),
		since(setC, wasi("fd_pread", wasiNosys, setC, fd, iovs[0], iovs[1], long("offset"), out32("nread"))),
		since(setC, wasi("fd_pwrite", wasiFdPwrite, setC, fd, iovs[0], iovs[1], long("offset"), out32("nwritten"))),
		since(setC, wasi("fd_readdir", wasiFdReaddir, setC, fd, address("buf"), num("len"), long("cookie"),
			out32("bufused"))),
		since(setC, wasi("fd_renumber", wasiFdRenumber, setC, fd, num("to"))),
		since(setC, wasi("fd_sync", wasiStdio, setC, fd)),
		since(setC, wasi("fd_tell", wasiFdTell, setC, fd, out64("offset"))),
		since(setC, wasi("path_create_directory", wasiNotsup, setC, fd, path)),
		since(setC, wasi("path_filestat_get", wasiNotsup, setC, fd, num("flags"), path, pointer)),
		since(setC, wasi("path_filestat_set_times", wasiNotsup, setC, fd, num("flags"), path, long("atim"),
			long("mtim"), num("fstflags"))),
		// Preview 1 has old_fd, old_flags, old_path, new_fd, new_path: Envoy forgot the flags.
		since(setC, wasi("path_link", wasiNotsup, setC, fd, path, num("new_fd"), param{"new_path", kindBytes})),
		since(setC, wasi("path_readlink", wasiNotsup, setC, fd, path, address("buf"), num("len"), out32("bufused"))),
		since(setC, wasi("path_remove_directory", wasiNotsup, setC, fd, path)),
		since(setC, wasi("path_rename", wasiNotsup, setC, fd, path, num("new_fd"), param{"new_path", kindBytes})),
		// Preview 1 has old_path, fd, new_path: Envoy forgot the descriptor.
		since(setC, wasi("path_symlink", wasiNotsup, setC, path, param{"new_path", kindBytes})),
		since(setC, wasi("path_unlink_file", wasiNotsup, setC, fd, path)),
		since(setC, wasi("sock_accept", wasiSockAccept, setC, fd, num("flags"), out32("accepted_fd"))),
		since(setC, wasi("sock_recv", wasiSockRecv, setC, fd, iovs[0], iovs[1], num("flags"), out32("nread"),
			out32("roflags"))),
		since(setC, wasi("sock_send", wasiSockSend, setC, fd, iovs[0], iovs[1], num("flags"), out32("nwritten"))),
		since(setC, wasi("sock_shutdown", wasiNotsup, setC, fd, num("how"))),

		// No set.
		since(never, wasi("proc_raise", wasiNosys, never, num("signal"))),
	}
}

// wasi is a function of set A that start functions may call from the given set on, and allocators never.
func wasi(name string, call func(*VM, []uint64) uint32, atStart wasiSet, params ...param) wasiFunction {
	f := function{name: name, params: params, result: resultErrno, call: call}
	return wasiFunction{function: f, links: setA, atStart: atStart, inAllocate: never}
}

func since(set wasiSet, w wasiFunction) wasiFunction {
	w.links = set
	return w
}

func allocating(set wasiSet, w wasiFunction) wasiFunction {
	w.inAllocate = set
	return w
}

func noResult(w wasiFunction) wasiFunction {
	w.result = resultNone
	return w
}

func num(name string) param     { return param{name, kindI32} }
func long(name string) param    { return param{name, kindI64} }
func address(name string) param { return param{name, kindPointer} }
func out32(name string) param   { return param{name, kindOut32} }
func out64(name string) param   { return param{name, kindOut64} }
