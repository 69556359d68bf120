package bench

import (
	"context"
	"fmt"
	"os"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"

	"github.com/header-auth/header-auth/bench/evidence"
	"github.com/header-auth/header-auth/conformance/suite"
	"github.com/header-auth/header-auth/conformance/table"
	"github.com/header-auth/header-auth/host"
)

// warmUp is how many requests a VM serves before its memory is counted.
const warmUp = 1000

// resident reads the memory of this process, which must do nothing else, at each number of warm VMs (ascending).
// Before that the host's own garbage is returned to the system: compiling a module leaves more of it than a VM takes.
// goesOn is called before each VM.
func resident(ctx context.Context, wasm []byte, o host.Options, c *table.Case, vms []int,
	goesOn func()) (found evidence.Resident, err error) {
	if !slices.IsSorted(vms) || len(vms) == 0 || vms[0] < 1 {
		return found, fmt.Errorf("resident memory of %v VMs: expected ascending numbers from 1", vms)
	}
	m, err := host.Compile(ctx, wasm, o)
	if err != nil {
		return found, err
	}
	defer m.Close(ctx)
	var loops []*suite.Loop
	defer func() {
		for _, l := range loops {
			goesOn()
			l.Close(ctx)
		}
	}()
	for _, n := range vms {
		for len(loops) < n {
			goesOn()
			l, err := suite.NewLoop(ctx, m, c, suite.ObserveOptions{})
			if err != nil {
				return found, err
			}
			loops = append(loops, l)
			if err := l.Run(warmUp); err != nil {
				return found, err
			}
		}
		if ctx.Err() != nil {
			return found, ctx.Err()
		}
		debug.FreeOSMemory()
		bytes, err := anonymousMemory()
		if err != nil {
			return found, err
		}
		found.VMs, found.Bytes = append(found.VMs, n), append(found.Bytes, bytes)
	}
	return found, nil
}

// anonymousMemory is the process's memory that no file backs, in bytes: Anonymous of /proc/self/smaps_rollup
// (proc_pid_smaps(5)). Where that file cannot be read it is RssAnon of /proc/self/status, which older kernels
// count less exactly, or VmRSS.
func anonymousMemory() (int64, error) {
	for _, place := range []struct{ file, key string }{
		{"/proc/self/smaps_rollup", "Anonymous"}, {"/proc/self/status", "RssAnon"}, {"/proc/self/status", "VmRSS"},
	} {
		text, err := os.ReadFile(place.file)
		if err != nil {
			continue
		}
		if bytes, ok := kilobytes(string(text), place.key); ok {
			return bytes, nil
		}
	}
	return 0, fmt.Errorf("read resident memory: found neither /proc/self/smaps_rollup nor status, expected Linux")
}

// kilobytes finds "key: 123 kB", and gives bytes.
func kilobytes(text, key string) (int64, bool) {
	for line := range strings.Lines(text) {
		rest, ok := strings.CutPrefix(line, key+":")
		if !ok {
			continue
		}
		number, ok := strings.CutSuffix(strings.TrimSpace(rest), " kB")
		n, err := strconv.ParseInt(strings.TrimSpace(number), 10, 64)
		return n << 10, ok && err == nil
	}
	return 0, false
}
