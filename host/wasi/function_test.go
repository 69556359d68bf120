package wasi

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/header-auth/header-auth/host/abi"
	"github.com/header-auth/header-auth/host/profile"
)

func TestSets(t *testing.T) {
	a := strings.Fields("args_get args_sizes_get clock_time_get environ_get environ_sizes_get fd_close fd_fdstat_get " +
		"fd_prestat_dir_name fd_prestat_get fd_read fd_seek fd_write path_open proc_exit random_get")
	b := strings.Fields("fd_fdstat_set_flags poll_oneoff sched_yield")
	c := strings.Fields("clock_res_get fd_advise fd_allocate fd_datasync fd_fdstat_set_rights fd_filestat_get " +
		"fd_filestat_set_size fd_filestat_set_times fd_pread fd_pwrite fd_readdir fd_renumber fd_sync fd_tell " +
		"path_create_directory path_filestat_get path_filestat_set_times path_link path_readlink path_remove_directory " +
		"path_rename path_symlink path_unlink_file sock_accept sock_recv sock_send sock_shutdown")
	tests := []struct {
		name     string
		profiles []profile.Profile
		want     []string
	}{
		{"A", []profile.Profile{profile.Envoy131, profile.Envoy132}, a},
		{"B", []profile.Profile{profile.Envoy133, profile.Envoy134, profile.Envoy135, profile.Envoy136, profile.Envoy137},
			slices.Concat(a, b)},
		{"C", []profile.Profile{profile.Envoy139, profile.Envoy140}, slices.Concat(a, b, c)},
	}
	tested := 0
	for _, test := range tests {
		slices.Sort(test.want)
		for _, p := range test.profiles {
			tested++
			var got []string
			for _, f := range Functions(p) {
				got = append(got, f.Name)
			}
			slices.Sort(got)
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("set %s, %v:\n%s", test.name, p, diff)
			}
		}
	}
	if tested != len(profile.All()) {
		t.Errorf("%d of %d profiles tested", tested, len(profile.All()))
	}
	if n := len(table()); n != 46 {
		t.Errorf("the table has %d functions, preview 1 has 46", n)
	}
}

func TestPhases(t *testing.T) {
	const running, starting, allocating = abi.WhenRunning, abi.WhenRunning | abi.WhenStarting,
		abi.WhenRunning | abi.WhenStarting | abi.WhenAllocating
	tests := []struct {
		function string
		b, c     abi.Phases
	}{
		{"fd_write", allocating, allocating},
		{"clock_time_get", allocating, allocating},
		{"poll_oneoff", running, allocating},
		{"random_get", starting, starting},
		{"environ_get", starting, starting},
		{"fd_prestat_get", starting, starting},
		{"fd_fdstat_get", starting, starting},
		{"fd_fdstat_set_flags", starting, starting},
		{"sched_yield", running, running},
		{"proc_exit", running, running},
		{"fd_read", running, running},
		{"fd_seek", running, running},
		{"fd_close", running, running},
		{"path_open", running, running},
		{"fd_filestat_get", 0, starting},
		{"sock_send", 0, starting},
	}
	for _, test := range tests {
		for p, want := range map[profile.Profile]abi.Phases{profile.Envoy136: test.b, profile.Envoy140: test.c} {
			if got := phases(p, test.function); got != want {
				t.Errorf("%s in %v: phases %03b, want %03b", test.function, p, got, want)
			}
		}
	}
	if got := phases(profile.Envoy131, "fd_fdstat_get"); got != running {
		t.Errorf("fd_fdstat_get in %v: phases %03b, want %03b", profile.Envoy131, got, running)
	}
	atStart := 0
	for _, f := range Functions(profile.Envoy140) {
		if f.Phases&abi.WhenStarting != 0 {
			atStart++
		}
	}
	if atStart != 45-6 {
		t.Errorf("start functions may call %d of 45 functions, want all but six", atStart)
	}
}

// phases is 0 for a function that does not link.
func phases(p profile.Profile, name string) abi.Phases {
	for _, f := range Functions(p) {
		if f.Name == name {
			return f.Phases
		}
	}
	return 0
}
