package host

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParseProfile(t *testing.T) {
	for _, p := range Profiles() {
		if got, err := ParseProfile(p.String()); got != p || err != nil {
			t.Errorf("ParseProfile(%q) = %v, %v", p, got, err)
		}
	}
	if got, err := ParseProfile("1.36"); got != Envoy136 || err != nil {
		t.Errorf(`ParseProfile("1.36") = %v, %v`, got, err)
	}
	if _, err := ParseProfile("envoy-1.3"); err == nil || !strings.Contains(err.Error(), "envoy-1.40, envoy-1.39") {
		t.Errorf(`ParseProfile("envoy-1.3"): %v`, err)
	}
	var zero Profile
	if zero != DefaultProfile || zero.String() != "envoy-1.40" {
		t.Errorf("the zero value is %v", zero)
	}
	if Profile(200).String() != "envoy-1.40" {
		t.Errorf("a number that is no profile is %v", Profile(200))
	}
}

func TestWASISets(t *testing.T) {
	a := strings.Fields("args_get args_sizes_get clock_time_get environ_get environ_sizes_get fd_close fd_fdstat_get " +
		"fd_prestat_dir_name fd_prestat_get fd_read fd_seek fd_write path_open proc_exit random_get")
	b := strings.Fields("fd_fdstat_set_flags poll_oneoff sched_yield")
	c := strings.Fields("clock_res_get fd_advise fd_allocate fd_datasync fd_fdstat_set_rights fd_filestat_get " +
		"fd_filestat_set_size fd_filestat_set_times fd_pread fd_pwrite fd_readdir fd_renumber fd_sync fd_tell " +
		"path_create_directory path_filestat_get path_filestat_set_times path_link path_readlink path_remove_directory " +
		"path_rename path_symlink path_unlink_file sock_accept sock_recv sock_send sock_shutdown")
	tests := []struct {
		name     string
		profiles []Profile
		want     []string
	}{
		{"A", []Profile{Envoy131, Envoy132}, a},
		{"B", []Profile{Envoy133, Envoy134, Envoy135, Envoy136, Envoy137}, slices.Concat(a, b)},
		{"C", []Profile{Envoy139, Envoy140}, slices.Concat(a, b, c)},
	}
	tested := 0
	for _, test := range tests {
		slices.Sort(test.want)
		for _, p := range test.profiles {
			tested++
			var got []string
			for _, f := range wasiFunctions(p) {
				got = append(got, f.name)
			}
			slices.Sort(got)
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("set %s, %v:\n%s", test.name, p, diff)
			}
		}
	}
	if tested != len(Profiles()) {
		t.Errorf("%d of %d profiles tested", tested, len(Profiles()))
	}
	if n := len(wasiTable()); n != 46 {
		t.Errorf("the table has %d functions, preview 1 has 46", n)
	}
}

func TestWASIPhases(t *testing.T) {
	const running, starting, allocating = whenRunning, whenRunning | whenStarting, whenRunning | whenStarting | whenAllocating
	tests := []struct {
		function string
		b, c     phaseSet
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
		for p, want := range map[Profile]phaseSet{Envoy136: test.b, Envoy140: test.c} {
			if got := wasiPhases(p, test.function); got != want {
				t.Errorf("%s in %v: phases %03b, want %03b", test.function, p, got, want)
			}
		}
	}
	if got := wasiPhases(Envoy131, "fd_fdstat_get"); got != running {
		t.Errorf("fd_fdstat_get in %v: phases %03b, want %03b", Envoy131, got, running)
	}
	atStart := 0
	for _, f := range wasiFunctions(Envoy140) {
		if f.phases&whenStarting != 0 {
			atStart++
		}
	}
	if atStart != 45-6 {
		t.Errorf("start functions may call %d of 45 functions, want all but six", atStart)
	}
}

// wasiPhases is 0 for a function that does not link.
func wasiPhases(p Profile, name string) phaseSet {
	for _, f := range wasiFunctions(p) {
		if f.name == name {
			return f.phases
		}
	}
	return 0
}
